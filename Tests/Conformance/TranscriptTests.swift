internal import JSON
internal import Platform
internal import TestSupport
internal import Testing

/// Replays `protocol/transcripts`, whose form `protocol/README.md` defines.
@Suite("The transcripts of the protocol", .timeLimit(.minutes(1)))
struct TranscriptTests {
  private static let folder =
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    + "/protocol/transcripts"

  static let names = ((try? FileSystem.list(folder)) ?? []).filter { $0.hasSuffix(".jsonl") }.sorted()

  @Test("there are some")
  func exist() { #expect(!Self.names.isEmpty) }

  @Test("the program says what the transcript says", arguments: names)
  func replay(name: String) async throws {
    let bytes = try #require(try FileSystem.read("\(Self.folder)/\(name)"))
    let steps = try bytes.split(separator: 0x0A).map { try JSONValue(parsing: $0) }
    let framing = steps.contains { $0["framing"] == "headers" } ? Framing.headers : .lines
    let patchbay = try PatchbayProcess(home: try TemporaryFolder(), framing: framing)
    var replay = Replay(patchbay)
    for (index, step) in steps.enumerated() { try await replay.take(step, line: index + 1) }
    patchbay.closeInput()
    _ = try await patchbay.waitForExit()
    expectNoProblems(patchbay)
  }
}

/// Where a replay stands: how many messages have been matched, and what the names in the patterns stand for.
private struct Replay {
  private let patchbay: PatchbayProcess
  private var position = 0
  private var pattern = Pattern()
  private var skipped: JSONValue?

  init(_ patchbay: PatchbayProcess) { self.patchbay = patchbay }

  mutating func take(_ step: JSONValue, line: Int) async throws {
    if let message = step["to"] {
      await patchbay.send(pattern.filled(message), isSound: false)
    } else if let text = step["raw"]?.string {
      await patchbay.sendRaw(text + "\n")
    } else if let wanted = step["from"] {
      try await expect(wanted, line: line)
    } else if let unwanted = step["skip"] {
      skipped = unwanted
    } else if step["eof"] == true {
      patchbay.closeInput()
    } else if let status = step["exit"]?.int {
      let exit = try await patchbay.waitForExit()
      #expect(exit == .status(Int32(status)), "line \(line)")
      #expect(patchbay.messages.count == position, "line \(line): there is more than expected")
    } else if step["note"] == nil, step["framing"] == nil {
      Issue.record("line \(line) is no step: \(step.text)")
    }
  }

  private mutating func expect(_ wanted: JSONValue, line: Int) async throws {
    while true {
      let message = try await patchbay.receive(from: position, "what line \(line) of the transcript says") { _ in true }
      position += 1
      if pattern.matches(wanted, message) {
        skipped = nil
        return
      }
      guard let skipped, pattern.matches(skipped, message) else {
        throw ChildFailure("line \(line) says \(wanted.text), but there came \(message.text)")
      }
    }
  }
}

/// Matches values against the patterns of transcripts.
private struct Pattern {
  private var names: [String: JSONValue] = [:]

  /// The message with each `<$name>` replaced by what it stands for.
  func filled(_ value: JSONValue) -> JSONValue {
    switch value {
    case .string(let text): names[text] ?? value
    case .array(let elements): .array(elements.map(filled))
    case .object(let members): .object(JSONObject(members.map { ($0.key, filled($0.value)) }))
    default: value
    }
  }

  /// Whether `value` matches; names that it gives a meaning keep that meaning only then.
  mutating func matches(_ pattern: JSONValue, _ value: JSONValue) -> Bool {
    var attempt = self
    guard attempt.match(pattern, value, isMessage: true) else { return false }
    self = attempt
    return true
  }

  private mutating func match(_ pattern: JSONValue, _ value: JSONValue, isMessage: Bool = false) -> Bool {
    switch (pattern, value) {
    case ("<any>", _): return true
    case ("<string>", .string), ("<number>", .number): return true
    case (.string(let text), .string) where text.hasPrefix("<$"):
      if let known = names[text] { return known == value }
      names[text] = value
      return true
    case (.array(let patterns), .array(let values)):
      guard patterns.count == values.count else { return false }
      return isMessage
        ? matchUnordered(patterns, values) : zip(patterns, values).allSatisfy { match($0, $1) }
    case (.object(let patterns), .object(let values)): return match(patterns, values)
    default: return pattern == value
    }
  }

  private mutating func match(_ patterns: JSONObject, _ values: JSONObject) -> Bool {
    let isOpen = patterns["<more>"] == true
    let wanted = patterns.filter { $0.key != "<more>" }
    guard isOpen || wanted.count == values.count else { return false }
    for (key, pattern) in wanted {
      guard let value = values[key], match(pattern, value) else { return false }
    }
    return true
  }

  /// The responses to a batch come in any order.
  private mutating func matchUnordered(_ patterns: [JSONValue], _ values: [JSONValue]) -> Bool {
    var left = values
    for pattern in patterns {
      var found: Int?
      for (index, value) in left.enumerated() where found == nil && matches(pattern, value) { found = index }
      guard let found else { return false }
      left.remove(at: found)
    }
    return true
  }
}
