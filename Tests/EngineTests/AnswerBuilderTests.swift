import Completion
import JSON
import Testing

@testable import Engine

@Suite("Building an answer")
struct AnswerBuilderTests {
  static let origin = Origin(provider: "p", api: "a", model: "m")

  private func build(_ events: [StreamEvent]) -> (message: Message, deltas: [StreamDelta], builder: AnswerBuilder) {
    var builder = AnswerBuilder()
    var deltas: [StreamDelta] = []
    _ = builder.take(events, into: &deltas)
    let message = builder.message(origin: Self.origin)
    return (message, deltas, builder)
  }

  @Test("Text, reasoning and calls keep the order they came in")
  func interleaved() {
    let answer = build([
      .reasoning("let "), .reasoning("me see"), .text("I "), .text("look."),
      .toolCallStart(index: 0, id: "c0", name: "look"), .toolCallStart(index: 1, id: "c1", name: "see"),
      .toolArguments(index: 1, text: #"{"b":"#), .toolArguments(index: 0, text: #"{"a":1}"#),
      .toolArguments(index: 1, text: "2}"), .toolCallEnd(index: 0), .toolCallEnd(index: 1),
      .reasoning("done"), .text("Bye."),
    ])
    #expect(
      answer.message.content == [
        .reasoning(Reasoning(text: "let me see")), .text("I look."),
        .toolCall(ToolCall(id: "c0", name: "look", arguments: ["a": 1])),
        .toolCall(ToolCall(id: "c1", name: "see", arguments: ["b": 2])),
        .reasoning(Reasoning(text: "done")), .text("Bye."),
      ])
    #expect(answer.message.role == .assistant)
    #expect(answer.message.origin == Self.origin)
    #expect(answer.deltas.contains(.toolCallEnd(index: 1, arguments: ["b": 2])))
  }

  @Test("The joined deltas are the message, in whatever pieces and at whatever moment it is looked at")
  func joined() {
    var builder = AnswerBuilder()
    var deltas: [StreamDelta] = []
    let events: [StreamEvent] = [
      .started(id: "x", model: "y"), .text(""), .text("a"), .reasoning("b"), .reasoning(""), .text("c\u{301}"),
      .toolCallStart(index: 0, id: "i", name: "n"), .toolArguments(index: 0, text: ""),
      .toolArguments(index: 0, text: "{"), .text("😀"), .toolArguments(index: 0, text: "}"), .toolCallEnd(index: 0),
      .text("d"), .stop(.end, raw: "stop"),
    ]
    for event in events {
      _ = builder.take([event], into: &deltas)
      var copy = builder
      let message = copy.message(origin: Self.origin)
      var (text, reasoning) = ("", "")
      for delta in deltas {
        if case .text(let piece) = delta { text += piece }
        if case .reasoning(let piece) = delta { reasoning += piece }
      }
      #expect(message.text == text)
      #expect(message.reasoning == reasoning)
    }
    #expect(!deltas.contains(.text("")))
    #expect(!deltas.contains(.reasoning("")))
    #expect(!deltas.contains(.toolArguments(index: 0, text: "")))
  }

  @Test("Only what can be read or done counts as content")
  func content() {
    var builder = AnswerBuilder()
    var deltas: [StreamDelta] = []
    let facts: [StreamEvent] = [
      .started(id: "i", model: "m"), .text(""), .reasoning(""), .usage(Usage(input: 1, output: 0)),
      .serviceTier("flex"), .warning("w"),
    ]
    for event in facts { #expect(builder.take([event], into: &deltas) == .nothing, "\(event)") }
    for event in [StreamEvent.progress, .reasoningSignature("s"), .reasoningEnd(redacted: true)] {
      #expect(builder.take([event], into: &deltas) == .progress, "\(event)")
    }
    for event in [StreamEvent.text("a"), .reasoning("b"), .toolCallStart(index: 0, id: "i", name: "n")] {
      #expect(builder.take([event], into: &deltas) == .content, "\(event)")
    }
    #expect(builder.take([.progress, .text("c"), .usage(Usage(input: 2, output: 2))], into: &deltas) == .content)
    #expect(builder.contentSize == 3)
  }

  @Test("A seal goes to the thought being written, else to the last one, else stands alone")
  func seals() {
    let writing = build([.reasoning("a"), .reasoningSignature("s"), .text("b")])
    #expect(writing.message.content == [.reasoning(Reasoning(text: "a", signature: "s")), .text("b")])
    let late = build([.reasoning("a"), .text("b"), .reasoningOpaque(["x"]), .text("c")])
    #expect(late.message.content == [.reasoning(Reasoning(text: "a", opaque: ["x"])), .text("bc")])
    let alone = build([.text("b"), .reasoningOpaque(["x"]), .text("c")])
    #expect(alone.message.content == [.text("b"), .reasoning(Reasoning(text: "", opaque: ["x"])), .text("c")])
    let again = build([.reasoning("a"), .reasoningOpaque(["x"]), .reasoningOpaque(["x", "y"])])
    #expect(again.message.content == [.reasoning(Reasoning(text: "a", opaque: ["x", "y"]))])
  }

  @Test("Sealed thoughts in a row stay apart, and each keeps its own seal")
  func sealedInARow() {
    let answer = build([
      .reasoning("one"), .reasoningEnd(signature: "s1", opaque: nil, redacted: false),
      .reasoning("two"), .reasoning("!"), .reasoningEnd(signature: "s2", opaque: ["x"], redacted: false),
      .reasoningEnd(signature: nil, opaque: "sealed", redacted: true),
      .reasoningEnd(signature: nil, opaque: nil, redacted: false), .text("done"),
    ])
    #expect(
      answer.message.content == [
        .reasoning(Reasoning(text: "one", signature: "s1")),
        .reasoning(Reasoning(text: "two!", signature: "s2", opaque: ["x"])),
        .reasoning(Reasoning(text: "", redacted: true, opaque: "sealed")), .text("done"),
      ])
    #expect(answer.deltas == [.reasoning("one"), .reasoning("two"), .reasoning("!"), .text("done")])
  }

  @Test("A seal without a thought stands where it came, before text and calls, and a seal of nothing is nothing")
  func sealsBetween() {
    let answer = build([
      .reasoningEnd(signature: nil, opaque: ["next": "text"], redacted: false), .text("a"),
      .reasoningEnd(signature: nil, opaque: nil, redacted: false), .text("b"),
      .reasoningEnd(signature: nil, opaque: ["next": "call"], redacted: false),
      .toolCallStart(index: 0, id: "i", name: "n"), .toolCallEnd(index: 0),
      .reasoningEnd(signature: "late", opaque: nil, redacted: false),
    ])
    #expect(
      answer.message.content == [
        .reasoning(Reasoning(text: "", opaque: ["next": "text"])), .text("ab"),
        .reasoning(Reasoning(text: "", opaque: ["next": "call"])),
        .toolCall(ToolCall(id: "i", name: "n", arguments: [:])), .reasoning(Reasoning(text: "", signature: "late")),
      ])
    #expect(answer.deltas.compactMap { if case .text(let text) = $0 { text } else { nil } } == ["a", "b"])
  }

  @Test(
    "A thought that ends keeps what was sealed into it before",
    arguments: [
      (StreamEvent.reasoningSignature("s"), Reasoning(text: "a", signature: "s", redacted: true)),
      (.reasoningOpaque(["o"]), Reasoning(text: "a", redacted: true, opaque: ["o"])),
    ])
  func endAfterSeal(_ seal: StreamEvent, _ expected: Reasoning) {
    let answer = build([
      .reasoning("a"), seal, .reasoningEnd(signature: nil, opaque: nil, redacted: true), .reasoning("b"),
    ])
    #expect(answer.message.content == [.reasoning(expected), .reasoning(Reasoning(text: "b"))])
    #expect(answer.message.reasoning == "ab")
  }

  @Test(
    "Arguments that are no object make an invalid call, with a warning and without arguments",
    arguments: [#"{"a": 1"#, "[1]", "1", #""text""#, "{} {}"])
  func invalidArguments(_ text: String) throws {
    let answer = build([
      .toolCallStart(index: 0, id: "i", name: "n"), .toolArguments(index: 0, text: text), .toolCallEnd(index: 0),
    ])
    let call = try #require(answer.message.toolCalls.first)
    #expect(call == .invalid(id: "i", name: "n", argumentsText: text))
    #expect(answer.deltas.last == .toolCallEnd(index: 0, arguments: [:], invalid: true))
    #expect(answer.builder.warnings.count == 1)
    #expect(answer.builder.warnings[0].contains("i (n)"))
  }

  @Test("A call that never ended is invalid when it was cut off, and sound when it was not")
  func cutOff() {
    let cut = build([.toolCallStart(index: 0, id: "i", name: "n"), .toolArguments(index: 0, text: #"{"path":"/et"#)])
    #expect(cut.message.toolCalls.first?.invalid == true)
    #expect(cut.message.toolCalls.first?.argumentsText == #"{"path":"/et"#)
    let whole = build([.toolCallStart(index: 0, id: "i", name: "n"), .toolArguments(index: 0, text: #"{"a":1}"#)])
    #expect(whole.message.toolCalls == [ToolCall(id: "i", name: "n", arguments: ["a": 1])])
    let bare = build([.toolCallStart(index: 0, id: "i", name: "n"), .toolCallEnd(index: 0)])
    #expect(bare.message.toolCalls == [ToolCall(id: "i", name: "n", arguments: [:])])
    #expect(bare.deltas.last == .toolCallEnd(index: 0, arguments: [:]))
  }

  @Test("A call ends once, and pieces of calls that never began are left out")
  func strays() {
    let answer = build([
      .toolArguments(index: 3, text: "x"), .toolCallEnd(index: 3), .toolCallStart(index: 0, id: "i", name: "n"),
      .toolCallEnd(index: 0), .toolCallEnd(index: 0),
    ])
    #expect(answer.deltas == [.toolCall(index: 0, id: "i", name: "n"), .toolCallEnd(index: 0, arguments: [:])])
  }

  @Test("Facts: the last one stands, and counts are told only when they change")
  func facts() {
    let answer = build([
      .started(id: "first", model: nil), .started(id: nil, model: "model"), .usage(Usage(input: 1, output: 1)),
      .usage(Usage(input: 1, output: 1)), .usage(Usage(input: 1, output: 2)), .providerCost(0.5),
      .serviceTier("priority"), .warning("odd"), .stop(.length, raw: "length"),
    ])
    #expect(answer.builder.upstreamId == "first")
    #expect(answer.builder.upstreamModel == "model")
    #expect(answer.builder.usage == Usage(input: 1, output: 2))
    #expect(answer.builder.providerCost == 0.5)
    #expect(answer.builder.serviceTier == "priority")
    #expect(answer.builder.warnings == ["odd"])
    #expect(answer.builder.stop == .length)
    #expect(answer.deltas == [.usage(Usage(input: 1, output: 1)), .usage(Usage(input: 1, output: 2))])
    #expect(answer.message.content.isEmpty)
    #expect(answer.builder.isEmpty)
  }
}
