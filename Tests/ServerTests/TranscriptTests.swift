import JSON
import TestSupport
import Testing
import WireProtocol

/// The transcripts themselves: that each says what its format allows. Replaying them needs the program.
@Suite("Transcripts")
struct TranscriptTests {
  static let names = ["hello", "headers", "cancel", "sessions", "errors", "batch", "login"]

  private func steps(_ name: String) throws -> [JSONObject] {
    let bytes = try OpenRPCDocument.protocolFile("transcripts/\(name).jsonl")
    return try bytes.split(separator: UInt8(ascii: "\n")).map { line in
      try #require(JSONValue(parsing: line).object)
    }
  }

  /// The messages of a step, a batch taken apart.
  private func messages(_ step: JSONObject, _ key: String) -> [JSONValue] {
    step[key].map { $0.array ?? [$0] } ?? []
  }

  @Test("Every line is one step of a known kind, and the last one is the exit", arguments: names)
  func shape(name: String) throws {
    let steps = try steps(name)
    for (index, step) in steps.enumerated() {
      #expect(step.count == 1)
      let key = try #require(step.keys.first { _ in true })
      switch (key, step[key]) {
      case ("note", .string), ("raw", .string), ("to", .object), ("to", .array), ("from", .object), ("from", .array):
        break
      case ("framing", "headers"): #expect(index == 0 || steps[index - 1]["note"] != nil)
      case ("skip", .object): #expect(steps[index + 1]["from"] != nil)
      case ("eof", true), ("exit", 0): break
      default: Issue.record("line \(index + 1) is no step: \(JSONValue.object(step).text)")
      }
    }
    #expect(steps.last?["exit"] != nil)
  }

  @Test("Every request is answered once, and every answer has a request", arguments: names)
  func answers(name: String) throws {
    var waiting: [JSONValue] = []
    for step in try steps(name) {
      waiting += messages(step, "to").compactMap { $0["method"] == nil ? nil : $0["id"] as JSONValue? }
      for message in messages(step, "from") where message["method"] == nil && message["id"] != .null {
        let index = try #require(waiting.firstIndex { $0 == message["id"] }, "\(message.text)")
        waiting.remove(at: index)
      }
    }
    #expect(waiting.isEmpty)
  }

  @Test("Requests that are answered with a result are documented, and so are codes and kinds", arguments: names)
  func documented(name: String) throws {
    let document = try OpenRPCDocument.load()
    var requests: [JSONValue: JSONValue] = [:]
    for step in try steps(name) {
      for message in messages(step, "to") { if let id = message["id"] { requests[id] = message } }
      for message in messages(step, "from") {
        if message["result"] != nil, let request = message["id"].flatMap({ requests[$0] }) {
          try document.validate(params: request["params"], of: #require(request["method"]?.string))
        }
        if let error = message["error"] {
          let kind = try #require(error["data"]?["kind"]?.string)
          #expect(document.errorCodes[kind] == error["code"]?.int, "\(message.text)")
        }
      }
    }
  }

  @Test("Wildcards are spelt as the format says, and a name is bound before it is sent", arguments: names)
  func wildcards(name: String) throws {
    var bound: Set<String> = []
    func walk(_ value: JSONValue, sends: Bool) {
      if let text = value.string, text.hasPrefix("<") {
        let isName = text.hasPrefix("<$") && text.hasSuffix(">")
        #expect(isName || (!sends && ["<any>", "<string>", "<number>"].contains(text)), "\(text)")
        if sends { #expect(bound.contains(text), "\(text)") } else if isName { bound.insert(text) }
      }
      for (key, inner) in value.object ?? JSONObject() {
        if key.hasPrefix("<") { #expect(key == "<more>" && inner == true && !sends) }
        walk(inner, sends: sends)
      }
      for inner in value.array ?? [] { walk(inner, sends: sends) }
    }
    for step in try steps(name) {
      for (key, value) in step where ["to", "from", "skip"].contains(key) { walk(value, sends: key == "to") }
    }
  }

  @Test("The page for client authors lists every error")
  func errorTable() throws {
    let page = String(decoding: try OpenRPCDocument.protocolFile("README.md"), as: UTF8.self)
    for (kind, code) in try OpenRPCDocument.load().errorCodes {
      #expect(page.contains("| \(code) | `\(kind)` |"), "\(kind)")
    }
  }
}
