import Completion
import JSON
import Testing

@testable import Engine

@Suite("The built-in provider")
struct EchoProviderTests {
  private func steps(
    _ model: String, _ input: String = "one two three", _ change: (inout CompletionOptions) -> Void = { _ in }
  ) throws -> [EchoProvider.Step] {
    var options = CompletionOptions()
    change(&options)
    let messages = [Message(.user, input)]
    return Array(try EchoProvider.answer(model, to: messages, CompletionRequest(messages: messages, options: options)))
  }

  private func text(_ steps: [EchoProvider.Step]) -> String {
    steps.flatMap(\.events).map { if case .text(let text) = $0 { text } else { "" } }.joined()
  }

  @Test(
    "The words joined are the text",
    arguments: [
      "", "a", " ", "a b", " a  b ", "\t\na\r\n\r\nb\u{85}c ", "你好 世界", "e\u{301}\u{301} x", "👩‍👩‍👧‍👦 👍🏽",
      "a\u{2028}b\u{2029}c", "a\u{3000}b\u{A0}c", "\u{0}\u{1} \u{7F}", "\u{301}a", "a\u{200D} b", "\r\n",
      "no\u{200B}break", String(repeating: "w ", count: 500),
    ])
  func words(_ text: String) {
    let words = Array(EchoWords(text))
    #expect(EchoWords.count(in: [text]) == words.count)
    #expect(EchoWords.count(in: text.unicodeScalars.map { String($0) }) == words.count)
    #expect(words.joined().unicodeScalars.elementsEqual(text.unicodeScalars))
    #expect(!words.contains(""))
    if text.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) {
      #expect(words.allSatisfy { word in word.unicodeScalars.contains { !$0.properties.isWhitespace } })
    }
  }

  @Test("echo says the input back, a word at a time, and counts the words")
  func echo() throws {
    let steps = try steps("echo")
    #expect(
      steps.flatMap(\.events) == [
        .started(id: nil, model: "echo"), .text("one"), .text(" two"), .text(" three"),
        .usage(Usage(input: 4, output: 3)), .stop(.end, raw: "stop"),
      ])
    #expect(steps.allSatisfy { $0.pause == .zero })
  }

  @Test("slow pauses before every word, and says the same")
  func slow() throws {
    let steps = try steps("slow")
    #expect(text(steps) == "one two three")
    #expect(steps.filter { $0.pause == .milliseconds(50) }.count == 3)
  }

  @Test("maxTokens ends the answer early, and the answer says so", arguments: ["echo", "slow"])
  func maxTokens(_ model: String) throws {
    let cut = try steps(model) { $0.maxTokens = 2 }
    #expect(text(cut) == "one two")
    #expect(cut.last?.events == [.usage(Usage(input: 4, output: 2)), .stop(.length, raw: "length")])
    let whole = try steps(model) { $0.maxTokens = 3 }
    #expect(whole.last?.events.last == .stop(.end, raw: "stop"))
  }

  @Test("think reasons before it speaks", arguments: [("one", "You said 1 word."), ("a b", "You said 2 words.")])
  func think(_ input: String, _ thought: String) throws {
    let events = try steps("think", input).flatMap(\.events)
    let reasoning = events.map { if case .reasoning(let text) = $0 { text } else { "" } }.joined()
    #expect(reasoning == thought)
    #expect(text(try steps("think", input)) == input)
    let lastThought = events.lastIndex { if case .reasoning = $0 { true } else { false } }
    let firstWord = events.firstIndex { if case .text = $0 { true } else { false } }
    #expect(try #require(lastThought) < #require(firstWord))
  }

  @Test(
    "tool calls the first tool, with the input as arguments when that is an object",
    arguments: [(#"{"a": [1]}"#, #"{"a":[1]}"#), ("[1]", "{}"), ("words", "{}"), ("", "{}")])
  func tool(_ input: String, _ arguments: String) throws {
    let events = try steps("tool", input) {
      $0.tools = [Tool(name: "first", inputSchema: [:]), Tool(name: "second", inputSchema: [:])]
    }.flatMap(\.events)
    #expect(events.contains(.toolCallStart(index: 0, id: "call_1", name: "first")))
    #expect(events.contains(.toolArguments(index: 0, text: arguments)))
    #expect(events.contains(.toolCallEnd(index: 0)))
    #expect(events.last == .stop(.toolUse, raw: "tool"))
    let error = #expect(throws: ProviderError.self) { try self.steps("tool", input) }
    #expect(error?.kind == .unsupported)
    #expect(error?.path == "tools")
  }

  @Test("fail:KIND fails with that kind after half the words", arguments: ErrorKind.allCases)
  func fail(_ kind: ErrorKind) throws {
    let steps = try steps("fail:\(kind.rawValue)", "one two three four")
    #expect(text(steps) == "one two")
    #expect(steps.last?.failure?.kind == kind)
    #expect(steps.compactMap(\.failure).count == 1)
    #expect((steps.last?.failure?.phase != nil) == (kind == .timeout))
  }

  @Test("Any other model is not found", arguments: ["", "Echo", "fail", "fail:", "fail:everything"])
  func unknown(_ model: String) {
    let error = #expect(throws: ProviderError.self) { try self.steps(model) }
    #expect(error?.kind == .modelNotFound)
    #expect(error?.hint?.contains("fail:KIND") == true)
  }

  @Test("Text and tool results in several parts are said as one text")
  func severalParts() throws {
    let result = ToolResult(toolCallId: "i", content: [.text("c"), .text(""), .text(" d")])
    let silent = ToolResult(toolCallId: "j", content: [])
    let parts: [Part] = [.text("a"), .toolResult(silent), .text("b "), .toolResult(result)]
    let input = [Message(role: .user, content: parts)]
    let steps = Array(try EchoProvider.answer("echo", to: input, CompletionRequest(messages: input)))
    #expect(text(steps) == "ab \nc d")
    #expect(steps.last?.events.first == .usage(Usage(input: 4, output: 3)))
  }

  @Test("What it answers is the last that the person or a tool said")
  func lastSpoken() throws {
    let result = ToolResult(toolCallId: "i", content: [.text("42")])
    let input = [Message(.user, "question"), Message(role: .tool, content: [.toolResult(result)])]
    let steps = Array(try EchoProvider.answer("echo", to: input, CompletionRequest(messages: input)))
    #expect(text(steps) == "42")
    #expect(steps.last?.events.first == .usage(Usage(input: 4, output: 1)))
    let silent = Array(try EchoProvider.answer("echo", to: [], CompletionRequest(messages: [])))
    #expect(silent.last?.events == [.usage(Usage(input: 0, output: 0)), .stop(.end, raw: "stop")])
  }
}
