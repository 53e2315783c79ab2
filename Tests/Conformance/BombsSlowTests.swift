internal import JSON
internal import TestSupport
internal import Testing
internal import Upstream

/// How an answer is framed.
private struct Format: Sendable {
  var name: String
  var family: any AnswerFamily
  var isStream = true
  /// One byte after the other, these say nothing.
  var idle: [UInt8]

  static let all = [
    Format(name: "events", family: CompletionsAnswers(), idle: Array(":\n".utf8)),
    Format(name: "lines", family: OllamaAnswers(), idle: Array("\n".utf8)),
    Format(name: "frames", family: ConverseAnswers(), idle: AmazonFrame.frame([], [])),
    Format(name: "whole", family: CompletionsAnswers(), isStream: false, idle: Array(" ".utf8)),
  ]

  /// The head of a response in this format.
  func head(_ more: [(String, String)] = []) -> Script.Step {
    .head([("content-type", isStream ? family.contentType : "application/json")] + more)
  }
}

/// An answer that wants more than there is.
struct Bomb: Sendable, CustomTestStringConvertible {
  let testDescription: String
  fileprivate var script: @Sendable (Format) -> Script

  static let all = [
    Bomb(testDescription: "a gigabyte in gzip") { format in
      let bomb = GzipBomb(format.lineStart, period: 1)
      let repetitions = [[UInt8]](repeating: bomb.repetition, count: 1000).flatMap(\.self)
      let head = format.head([("content-encoding", "gzip"), ("connection", "close")])
      return Script([head, .raw(bomb.head), .endless(repetitions)])
    },
    Bomb(testDescription: "a line of a gigabyte") { format in
      let letters = [UInt8](repeating: 0x61, count: 1 << 16)
      return Script([format.head([("connection", "close")]), .raw(format.lineStart), .endless(letters)])
    },
    Bomb(testDescription: "10 million chunks of a byte") { format in
      let chunks = format.idle.flatMap { Array("1\r\n".utf8) + [$0] + Array("\r\n".utf8) }
      let count = 100_000 / format.idle.count * format.idle.count
      let block = [[UInt8]](repeating: chunks, count: count / format.idle.count).flatMap(\.self)
      let blocks = [Script.Step](repeating: .raw(block), count: 10_000_000 / count)
      return Script([format.head()] + blocks + [.finish])
    },
    Bomb(
      testDescription: "endless headers",
      script: { _ in Fault.endlessHeaders.makeScript(CompletionsAnswers(), ModelAnswer()) }),
  ]
}

extension Format {
  /// The beginning of a line that may go on for ever, or of a frame that is as large as any may be.
  fileprivate var lineStart: [UInt8] {
    switch name {
    case "events": Array("data: a".utf8)
    case "frames": AmazonFrame.prelude(payload: 24 << 20, headers: 0) + [0x61]
    default: Array("[".utf8)
    }
  }
}

@Suite(
  "Answers without measure", .serialized, .enabled(if: tellsMemory, "the system does not tell a process's memory"),
  .timeLimit(.minutes(5)))
struct BombsSlowTests {
  @Test("end in a clear error, and the program stays small", arguments: Bomb.all)
  func explode(_ bomb: Bomb) async throws {
    for format in Format.all {
      let upstream = try Upstream { _, exchange in try exchange.play(bomb.script(format)) }
      let home = try TemporaryFolder()
      try home.write(config: ["providers": ["acme": .object(provider(format, upstream.url))]])
      let patchbay = try PatchbayProcess(home: home)
      try await patchbay.initialize()
      let before = try peakMemory(of: patchbay.child.id)
      let params: JSONValue = [
        "provider": "acme", "model": "test-model", "input": "Hi", "stream": .bool(format.isStream),
        "retry": ["attempts": 1],
      ]
      let error = try await patchbay.callForError("complete", params)
      let peak = try peakMemory(of: patchbay.child.id)
      #expect(error.kind == "upstreamInvalid", "\(format.name): \(error)")
      // The longest answer in one piece is 64 MiB, and a growing array doubles.
      #expect(peak < 256 << 20, "\(format.name)")
      print(
        "figure: \(bomb.testDescription), \(format.name): peak \(peak >> 20) MB resident, \(before >> 20) MB before; "
          + "\"\(error.message)\"")
      patchbay.closeInput()
      let exit = try await patchbay.waitForExit()
      #expect(exit == .status(0))
    }
  }

  private func provider(_ format: Format, _ url: String) -> JSONObject {
    var provider: JSONObject = [
      "api": .string(format.family.api), "baseURL": .string(url), "apiKey": "sk-acme", "models": ["test-model": [:]],
    ]
    provider.merge(format.family.settings)
    return provider
  }
}
