import Completion
import Dialects
import JSON
import Testing

@Suite("History")
struct HistoryTests {
  static let reader = Origin(provider: "p", api: "a", model: "m")
  static let other = Origin(provider: "p", api: "a", model: "other")

  func history(
    _ messages: [Message], _ change: (inout History.Rules) -> Void = { _ in }
  ) throws -> History {
    var rules = History.Rules(reader: Self.reader)
    change(&rules)
    return try History(messages, for: rules)
  }
  func assistant(_ parts: Part..., origin: Origin? = nil) -> Message {
    Message(role: .assistant, content: parts, origin: origin)
  }
  func tool(_ parts: Part...) -> Message { Message(role: .tool, content: parts) }
  /// Roles and what the messages hold, short enough to read.
  func outline(_ history: History) -> [String] {
    history.messages.map { message in
      let parts = message.content.map { part in
        switch part {
        case .text(let text): text
        case .image: "<image>"
        case .file: "<file>"
        case .reasoning(let reasoning): "(\(reasoning.text))"
        case .toolCall(let call): "\(call.name)#\(call.id)"
        case .toolResult(let result):
          "#\(result.toolCallId)\(result.isError ? "!" : "")=\(Message(role: .tool, content: result.content).text)"
        }
      }
      return "\(message.role.rawValue): \(parts.joined(separator: " "))"
    }
  }

  @Test("a sound conversation stays as it is")
  func unchanged() throws {
    let messages = [
      Message(.system, "s"), Message(.user, "u"),
      assistant(.reasoning(Reasoning(text: "r", signature: "s")), .text("t"), .call("c", "f"), origin: Self.reader),
      tool(.result("c", "ok")), assistant(.text("done")), Message(.user, "more"),
    ]
    let result = try history(messages)
    #expect(result.messages == messages)
    #expect(result.dropped == [])
  }

  @Test("calls without a result get one, before whoever speaks next and at the end")
  func orphanedCalls() throws {
    let result = try history([
      assistant(.call("a", "f"), .call("b", "g")), tool(.result("b", "ok")), Message(.user, "u"),
      assistant(.call("c", "h")),
    ])
    #expect(
      outline(result) == [
        "assistant: f#a g#b", "tool: #b=ok", "tool: #a!=No result provided", "user: u", "assistant: h#c",
        "tool: #c!=No result provided",
      ])
    #expect(result.dropped == [])
  }

  @Test("a result that comes late moves to its call")
  func lateResults() throws {
    let late = Message(role: .user, content: [.text("meanwhile"), .result("a", "ok"), .text("and")])
    #expect(
      outline(try history([assistant(.call("a", "f")), Message(.user, "u"), late, assistant(.text("x"))])) == [
        "assistant: f#a", "tool: #a=ok", "user: u", "user: meanwhile and", "assistant: x",
      ])
  }

  @Test("a result that answers nothing is dropped, and named")
  func orphanedResults() throws {
    let result = try history([
      Message(.user, "u"), tool(.result("x", "?")), assistant(.call("a", "f")),
      tool(.result("a", "1"), .result("a", "2")),
    ])
    #expect(outline(result) == ["user: u", "assistant: f#a", "tool: #a=1"])
    #expect(result.dropped.map(\.what) == ["messages[1].content[0]", "messages[3].content[1]"])
  }

  @Test("a call with broken arguments keeps its place, and its result says why")
  func invalidCalls() throws {
    let broken = ToolCall.invalid(id: "a", name: "f", argumentsText: "{\"x\":")
    let result = try history([assistant(.toolCall(broken)), Message(.user, "u")])
    #expect(result.messages[0].toolCalls == [ToolCall(id: "a", name: "f", arguments: [:])])
    #expect(outline(result)[1] == "tool: #a!=The tool was not run, because the arguments were no JSON object: {\"x\":")
  }

  @Test("empty messages and empty texts are removed")
  func empty() throws {
    let result = try history([
      Message(.user, ""), Message(role: .assistant, content: []), assistant(.text(" \n")),
      Message(role: .user, content: [.text(""), .text("u")]), tool(),
    ])
    #expect(outline(result) == ["user: u"])
    #expect(result.dropped == [])
  }

  @Test("another model's reasoning becomes text; what only its writer can read is dropped")
  func foreignReasoning() throws {
    let parts: [Part] = [
      .reasoning(Reasoning(text: "plain")), .reasoning(Reasoning(text: "sealed", signature: "s")),
      .reasoning(Reasoning(text: "", opaque: ["x": 1])), .reasoning(Reasoning(text: "hidden", redacted: true)),
      .text("t"),
    ]
    let foreign = try history([Message(role: .assistant, content: parts, origin: Self.other)])
    #expect(outline(foreign) == ["assistant: plain sealed t"])
    #expect(
      foreign.dropped == [
        Dropped("messages[0].content[1]", "the seal of the reasoning can be read by p/other only"),
        Dropped("messages[0].content[2]", "the reasoning can be read by p/other only"),
        Dropped("messages[0].content[3]", "the reasoning can be read by p/other only"),
      ])
    let own = try history([Message(role: .assistant, content: parts, origin: Self.reader)])
    #expect(own.messages[0].content == parts)
    let unsigned = try history([Message(role: .assistant, content: parts)])
    #expect(unsigned.messages[0].content == parts)
  }

  @Test("ids that an API does not take are replaced, always by the same one, with their results")
  func ids() throws {
    let long = String(repeating: "x", count: 80)
    let messages = [
      assistant(.call("ok-1", "f"), .call(long, "g"), .call("a|b", "h")),
      tool(.result("a|b", "3"), .result(long, "2"), .result("ok-1", "1")),
    ]
    let result = try history(messages)
    let ids = result.messages[0].toolCalls.map(\.id)
    #expect(ids[0] == "ok-1")
    #expect(Set(ids).count == 3)
    for id in ids { #expect(ToolCallIDRule(lengths: 1...64).accepts(id)) }
    #expect(outline(result)[1...] == ["tool: #\(ids[2])=3", "tool: #\(ids[1])=2", "tool: #ok-1=1"])
    #expect(try history(messages).messages == result.messages)
    let mistral = ToolCallIDRule(lengths: 9...9, allowsPunctuation: false)
    #expect(mistral.accepts("abcdEF123"))
    #expect(!mistral.accepts("abcd_F123"))
    #expect(mistral.replacement(for: "call_1") != mistral.replacement(for: "call_2"))
  }

  @Test("an id that comes again, in the same message or a later one, becomes another")
  func repeatedIds() throws {
    let result = try history([
      assistant(.call("c", "f"), .call("c", "g")), tool(.result("c", "1"), .result("c", "2")),
      assistant(.call("c", "h")), tool(.result("c", "3")),
    ])
    let first = result.messages[0].toolCalls.map(\.id)
    let third = try #require(result.messages[3].toolCalls.first).id
    #expect(Set(first + [third]).count == 3)
    #expect(
      outline(result) == [
        "assistant: f#c g#\(first[1])", "tool: #c=1", "tool: #\(first[1])=2", "assistant: h#\(third)",
        "tool: #\(third)=3",
      ])
  }

  @Test("media that cannot be taken become notes, also in results; text files become text")
  func media() throws {
    let text = Part.file(Media(mediaType: "text/plain", source: .data("aGVsbG8=")), name: "a.txt")
    let messages = [
      Message(role: .user, content: [.png, .pdf, text]), assistant(.call("c", "f")),
      tool(.toolResult(ToolResult(toolCallId: "c", content: [.png, .text("t")]))),
    ]
    let blind = try history(messages)
    #expect(
      outline(blind) == [
        "user: [an image was left out: this model cannot see it] [the file a.pdf was left out: this model cannot read it] a.txt:\nhello",
        "assistant: f#c", "tool: #c=[an image was left out: this model cannot see it]t",
      ])
    #expect(
      blind.dropped.map(\.what) == [
        "messages[0].content[0]", "messages[0].content[1]", "messages[2].content[0].content[0]",
      ])
    let seeing = try history(messages) {
      $0.takesImages = true
      $0.takesFiles = true
    }
    #expect(outline(seeing)[0] == "user: <image> <file> a.txt:\nhello")
    #expect(seeing.dropped == [])
  }

  @Test("a file that nobody read is a fault of ours, and named")
  func unreadPath() {
    let message = Message(role: .user, content: [.image(Media(mediaType: "image/png", source: .path("/a.png")))])
    let error = #expect(throws: ProviderError.self) { try history([message]) }
    #expect(error?.kind == .internal)
    #expect(error?.path == "messages[0].content[0]")
  }

  @Test("parts in the wrong place are dropped, and named")
  func misplaced() throws {
    let result = try history([
      Message(role: .user, content: [.call("c", "f"), .reasoning(Reasoning(text: "r")), .text("u")]),
      assistant(.png, .result("c", "x"), .text("t")),
    ])
    #expect(outline(result) == ["user: u", "assistant: t"])
    #expect(
      result.dropped.map(\.what) == [
        "messages[0].content[0]", "messages[0].content[1]", "messages[1].content[0]", "messages[1].content[1]",
      ])
  }
}
