import Completion
import Dialects
import Testing

/// What a piece of an answer costs must not grow with the number of calls before it. The times are printed for a person
/// to compare; nothing is asserted of them.
@Suite("Answers with very many calls", .timeLimit(.minutes(2)))
struct ManyCallsTests {
  private static let counts = [2_000, 8_000]

  /// The calls that end, and how often something was told, of a stream of `lines`.
  private func decode(_ dialect: any Dialect, _ lines: [String], _ count: Int) throws -> (ends: Int, starts: Int) {
    var decoder = dialect.streamDecoder(for: CompletionRequest(messages: []), at: .test())
    var events: [StreamEvent] = []
    let body = Array(lines.joined(separator: "\n\n").utf8) + Array("\n\n".utf8)
    let time = try ContinuousClock().measure {
      try decoder.decode(body[...], into: &events)
      try decoder.finish(into: &events)
    }
    print("\(dialect.api): \(count) calls took \(time / count) each")
    var ends = 0
    var starts = 0
    for event in events {
      if case .toolCallEnd = event { ends += 1 }
      if case .toolCallStart = event { starts += 1 }
    }
    return (ends, starts)
  }

  private static func chunk(_ delta: String, finish: String = "null") -> String {
    #"data: {"id":"a","choices":[{"index":0,"delta":{"tool_calls":[\#(delta)]},"finish_reason":\#(finish)}]}"#
  }

  @Test("chat completions: each call in two pieces, the second ones after all first ones", arguments: counts)
  func completions(_ count: Int) throws {
    var lines = (0..<count).map { call in
      Self.chunk(#"{"index":\#(call),"id":"c\#(call)","function":{"name":"f","arguments":"{\"x\":"}}"#)
    }
    lines += (0..<count).map { Self.chunk(#"{"index":\#($0),"function":{"arguments":"1}"}}"#) }
    lines += [Self.chunk("", finish: "\"tool_calls\""), "data: [DONE]"]
    #expect(try decode(OpenAICompletions(), lines, count) == (count, count))
  }

  @Test("chat completions: ids without indexes, and one index for all", arguments: counts)
  func oddCompletions(_ count: Int) throws {
    let end = [Self.chunk("", finish: "\"tool_calls\""), "data: [DONE]"]
    let named = (0..<count).flatMap { call in
      ["{", "}"].map { Self.chunk(#"{"id":"c\#(call)","function":{"name":"f","arguments":"\#($0)"}}"#) }
    }
    #expect(try decode(OpenAICompletions(), named + end, count) == (count, count))
    let same = (0..<count).map { _ in Self.chunk(#"{"index":0,"function":{"name":"f","arguments":"{}"}}"#) }
    #expect(try decode(OpenAICompletions(), same + end, count) == (count, count))
  }

  @Test("Responses: items by index and by id, named once more at the end", arguments: counts)
  func responses(_ count: Int) throws {
    for hasIndex in [true, false] {
      let index = { (call: Int) in hasIndex ? #","output_index":\#(call)"# : "" }
      func item(_ call: Int) -> String {
        #"{"type":"function_call","id":"fc\#(call)","call_id":"c\#(call)","name":"f","arguments":"{}"}"#
      }
      var lines = (0..<count).map { call in
        #"data: {"type":"response.output_item.added"\#(index(call)),"item":{"type":"function_call","id":"fc\#(call)","#
          + #""call_id":"c\#(call)","name":"f","arguments":""}}"#
      }
      lines += (0..<count).map { call in
        #"data: {"type":"response.function_call_arguments.delta"\#(index(call)),"item_id":"fc\#(call)","delta":"{}"}"#
      }
      lines += (0..<count).map {
        #"data: {"type":"response.output_item.done"\#(index($0)),"item":\#(item($0))}"#
      }
      lines.append(
        #"data: {"type":"response.completed","response":{"status":"completed","output":["#
          + (0..<count).map(item).joined(separator: ",") + "]}}")
      #expect(try decode(OpenAIResponses(), lines, count) == (count, count))
    }
  }

  @Test("a call whose name comes late holds back those behind it, and keeps its place")
  func lateName() throws {
    let answer = OpenAICompletions().decode(
      [
        [
          Self.chunk(#"{"index":0,"id":"a","function":{"arguments":""}}"#),
          Self.chunk(#"{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}"#),
          Self.chunk(#"{"index":0,"function":{"name":"f","arguments":"{}"}}"#),
          Self.chunk("", finish: "\"tool_calls\""), "data: [DONE]",
        ].joined(separator: "\n\n") + "\n\n"
      ].map { ArraySlice($0.utf8) })
    #expect(answer.error == nil)
    #expect(answer.calls.map(\.id) == ["a", "b"])
    #expect(answer.calls.map(\.name) == ["f", "g"])
  }
}
