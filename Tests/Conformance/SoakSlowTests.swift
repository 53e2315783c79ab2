internal import JSON
internal import TestSupport
internal import Testing
internal import Upstream

/// The program that keeps patchbay busy and measures it. It is not written in Swift because the tests are not optimised:
/// they would be slower than what they measure.
private let driver =
  #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(separator: "/")
  + "/Scripts/soak.py"

@Suite(
  "An hour of use in a minute", .serialized, .enabled(if: tellsMemory, "the system does not tell a process's memory"),
  .timeLimit(.minutes(10)))
struct SoakSlowTests {
  @Test("100,000 completions by echo and 20,000 over HTTP in one process leave its memory as it was")
  func soak() async throws {
    let body = CompletionsAnswers().bytes(of: ModelAnswer(texts: ["Hello", " there", "!"]))
    let upstream = try Upstream { _, exchange in
      try exchange.respond(headers: [("content-type", "text/event-stream")], body: body)
    }
    let home = try TemporaryFolder()
    try home.write(config: [
      "providers": ["acme": ["api": "openai-completions", "baseURL": .string(upstream.url), "model": "test-model"]]
    ])
    let kinds: [(count: Int, params: JSONValue)] = [
      (100_000, echo("one two three")), (20_000, ["provider": "acme", "input": "Hi"]),
    ]
    let arguments = kinds.flatMap { ["\($0.count)", $0.params.text] }
    let soak = try ChildProcess(
      "/usr/bin/env", ["python3", driver, PatchbayProcess.binary(), "32"] + arguments,
      environment: PatchbayProcess.environment(home: home))
    let exit = try await soak.waitForExit(seconds: 540)
    #expect(exit == .status(0), "\(soak.summary)")
    let report = try JSONValue(parsing: soak.output)
    #expect(report["status"] == 0)
    #expect(report["surplus"] == 0, "it went on after the last answer")
    for (kind, result) in zip(kinds, report["kinds"]?.array ?? []) { check(result, kind.count, kind.params) }
    #expect(report["kinds"]?.array?.count == kinds.count)
    #expect(upstream.requests.count == 20_000)
  }

  private func check(_ result: JSONValue, _ count: Int, _ params: JSONValue) {
    let name = params["provider"]?.string ?? ""
    let memory = (result["memory"]?.array ?? []).compactMap(\.int)
    let latencies = (result["p99Ms"]?.array ?? []).compactMap(\.double)
    #expect(result["count"]?.int == count && result["failed"] == 0)
    guard memory.count == 10, latencies.count == 10 else {
      Issue.record("no ten parts: \(result.text)")
      return
    }
    // The first half warms up: threads come and go until each has its pools of memory.
    #expect(memory[9] < memory[4] * 110 / 100 + 2 << 20, "\(name): \(memory)")
    let seconds = result["seconds"]?.double ?? 0
    let ratio = Double(Int(latencies[9] / latencies[0] * 100)) / 100
    print(
      "figure: soak, \(count) completions by \(name) in \(seconds) s: \(memory[4] >> 10) KB resident after half of "
        + "them, \(memory[9] >> 10) KB after all; p99 \(latencies[0]) ms in the first tenth, \(latencies[9]) ms in the "
        + "last, ratio \(ratio)")
  }
}
