internal import JSON
internal import Platform
internal import TestSupport
internal import Testing

/// Starts the program, lets `body` talk to it, and afterwards holds it to what every connection must do: end with
/// status 0 when its input ends, and have said nothing that is no message or does not fit the protocol's description.
func withPatchbay(
  home: TemporaryFolder? = nil, config: JSONValue? = nil, framing: Framing = .lines,
  environment: [String: String] = [:], initialized: Bool = true, sourceLocation: SourceLocation = #_sourceLocation,
  _ body: (PatchbayProcess) async throws -> Void
) async throws {
  let home = try home ?? TemporaryFolder()
  if let config { try home.write(config: config) }
  let patchbay = try PatchbayProcess(home: home, framing: framing, environment: environment)
  if initialized { try await patchbay.initialize() }
  try await body(patchbay)
  patchbay.closeInput()
  let exit = try await patchbay.waitForExit()
  #expect(exit == .status(0), "at the end of its input; \(patchbay.child.summary)", sourceLocation: sourceLocation)
  expectNoProblems(patchbay, sourceLocation: sourceLocation)
}

/// Fails the test for each thing that `patchbay` said wrongly.
func expectNoProblems(_ patchbay: PatchbayProcess, sourceLocation: SourceLocation = #_sourceLocation) {
  for problem in patchbay.problems { Issue.record("\(problem)", sourceLocation: sourceLocation) }
}

extension TemporaryFolder {
  /// Makes `config` the configuration of programs that have this home.
  func write(config: JSONValue) throws { try write("config/config.json", config.prettyText) }
}

/// The parameters of a completion by the built-in provider.
func echo(_ input: String, model: String = "echo", _ more: JSONObject = [:]) -> JSONValue {
  var params: JSONObject = ["provider": "echo", "model": .string(model), "input": .string(input)]
  params.merge(more)
  return .object(params)
}

/// As many words as that: "word1 word2 …".
func words(_ count: Int) -> String { (1...count).map { "word\($0)" }.joined(separator: " ") }

/// More words than the model that takes 50 ms for each gets through while any test runs: what runs on it ends only
/// when it is cancelled.
let endless = words(10_000)

/// The text of a message, whichever of its two shapes the content has.
func text(of message: JSONValue?) -> String {
  let content = message?["content"]
  if let text = content?.string { return text }
  return (content?.array ?? []).compactMap { $0["type"] == "text" ? $0["text"]?.string : nil }.joined()
}

/// The parts of a message that have this type.
func parts(of message: JSONValue?, _ type: String) -> [JSONValue] {
  (message?["content"]?.array ?? []).filter { $0["type"] == .string(type) }
}

/// What the deltas of one type say together, from the last `reset` on.
func joined(_ deltas: [JSONValue], _ type: String = "text") -> String {
  let reset = deltas.lastIndex { $0["delta"]?["type"] == "reset" }
  return deltas[(reset ?? deltas.startIndex)...].compactMap { params in
    params["delta"]?["type"] == .string(type) ? params["delta"]?["text"]?.string : nil
  }.joined()
}

/// The deltas of a completion that `id` asked for, checked: numbered from 0 without gaps, opened and closed as they
/// must be, all of them before the response, and together the text of the result.
@discardableResult
func expectSoundDeltas(
  _ patchbay: PatchbayProcess, of id: JSONValue, result: JSONValue, sourceLocation: SourceLocation = #_sourceLocation
) -> [JSONValue] {
  let deltas = patchbay.deltas(of: result["completionId"])
  let numbers = deltas.map { $0["seq"]?.int }
  let types = deltas.map { $0["delta"]?["type"]?.string ?? "none" }
  #expect(numbers == deltas.indices.map { $0 }, "seq", sourceLocation: sourceLocation)
  #expect(types.first == "start", sourceLocation: sourceLocation)
  #expect(types.last == "end", sourceLocation: sourceLocation)
  #expect(joined(deltas) == text(of: result["message"]), sourceLocation: sourceLocation)
  let reasoning = parts(of: result["message"], "reasoning").compactMap { $0["text"]?.string }.joined()
  #expect(joined(deltas, "reasoning") == reasoning, sourceLocation: sourceLocation)
  let messages = patchbay.messages
  let response = messages.firstIndex { $0["id"] == id && $0["method"] == nil }
  let lastDelta = messages.lastIndex { $0["params"]?["completionId"] == result["completionId"] }
  #expect(lastDelta ?? -1 < response ?? -1, "a delta after the response", sourceLocation: sourceLocation)
  return deltas
}

extension PatchbayProcess {
  /// Waits for the first text of the completion that request `id` started, and gives the completion's id.
  @discardableResult
  func firstText(of id: JSONValue) async throws -> JSONValue {
    let message = try await receive("a text delta of request \(id.text)") {
      $0["id"] == id || ($0["params"]?["requestId"] == id && $0["params"]?["delta"]?["type"] == "text")
    }
    guard let params = message["params"] else { throw ChildFailure("ended without a text: \(message.text)") }
    return params["completionId"] ?? .null
  }

  /// The messages that a session's thread holds.
  func thread(_ session: String, provider: String = "echo") async throws -> [JSONValue] {
    let params: JSONValue = ["session": .string(session), "provider": .string(provider), "messages": true]
    return try await call("getSession", params)["messages"]?.array ?? []
  }
}

/// Whether the system tells how much memory a process has.
let tellsMemory = access("/proc/self/status", R_OK) == 0

/// The most memory that process `id` has had resident, in bytes; an error where the system does not tell.
func peakMemory(of id: Int32) throws -> Int { try memory("VmHWM", of: id) }

/// The memory that process `id` has resident, in bytes; an error where the system does not tell.
func residentMemory(of id: Int32) throws -> Int { try memory("VmRSS", of: id) }

private func memory(_ name: String, of id: Int32) throws -> Int {
  let status = String(decoding: try FileSystem.read("/proc/\(id)/status") ?? [], as: UTF8.self)
  let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("\(name):") }, "no /proc/\(id)/status")
  return try #require(Int(line.filter(\.isNumber))) << 10
}

/// A moment that nothing else depends on: the programs run on meanwhile.
func spin(_ duration: Duration) {
  let end = ContinuousClock.now + duration
  while ContinuousClock.now < end {}
}
