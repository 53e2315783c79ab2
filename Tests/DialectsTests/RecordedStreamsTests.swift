import Completion
import Dialects
import JSON
import TestSupport
import Testing

@Suite("Recorded streams")
struct RecordedStreamsTests {
  static let hasRecordings = SharedMaterial.recordings != nil

  struct Case: Sendable, CustomTestStringConvertible {
    var dialect: any Dialect
    var stream: RecordedStream
    var testDescription: String { "\(dialect.api)/\(stream.name)" }
  }

  /// Those of every family that speaks.
  static func cases() throws -> [Case] {
    try Dialects.all.flatMap { dialect in
      try SharedMaterial.streams(dialect.api).map { Case(dialect: dialect, stream: $0) }
    }
  }

  static let counts = [
    "anthropic-messages": 40,
    "bedrock-converse-stream": 10,
    "google-generative-ai": 34,
    "ollama-chat": 6,
    "openai-completions": 132,
    "openai-responses": 52,
  ]
  /// Families whose recorded `input` does not include what came from the cache.
  static let uncachedInput: Set = ["anthropic-messages", "bedrock-converse-stream"]

  /// Tools that a provider runs itself: the reader lists their calls, but a client must not see them.
  static let providersOwnTools: Set = ["nova_code_interpreter"]

  @Test("the recordings are all there", .enabled(if: hasRecordings, "no recordings beside the checkout"))
  func areAllThere() throws {
    for (api, count) in Self.counts { #expect(try SharedMaterial.streams(api).count == count) }
    #expect(try Self.cases().count == Self.counts.values.reduce(0, +))
  }

  @Test(
    "gives what an independent reader found, however the bytes arrive",
    .enabled(if: hasRecordings, "no recordings beside the checkout"),
    arguments: try cases(), Arrival.allCases)
  func decodes(_ test: Case, _ arrival: Arrival) {
    let expected = test.stream.expected
    let answer = test.dialect.decode(arrival.pieces(of: test.stream.response))
    #expect(answer.text == expected["text"]?.string)
    #expect(answer.reasoning == expected["reasoning"]?.string)
    let calls = (expected["toolCalls"]?.array ?? []).filter {
      !Self.providersOwnTools.contains($0["name"]?.string ?? "")
    }
    #expect(answer.calls.map(\.name) == calls.compactMap { $0["name"]?.string })
    // Gemini mostly gives its calls no ids; then ours must at least differ.
    #expect(answer.calls.count == calls.count && Set(answer.calls.map(\.id)).count == calls.count)
    for (call, recorded) in zip(answer.calls, calls) { #expect(recorded["id"]?.string ?? call.id == call.id) }
    #expect(answer.calls.map { Self.parsed($0.arguments) } == calls.map { Self.parsed($0["arguments"]?.string ?? "") })
    if let error = expected["error"], !error.isNull {
      #expect(answer.error?.message == error["message"]?.string)
      #expect(answer.error?.status == error["status_code"]?.int ?? error["code"]?.int)
      return
    }
    #expect(answer.error == nil)
    #expect((answer.rawStop ?? "") == (expected["stop"]?.string ?? ""))
    // There the input mostly includes what came from the cache; here it does not.
    let usage = answer.usage ?? Usage()
    let input =
      Self.uncachedInput.contains(test.dialect.api) ? usage.input : usage.input + usage.cacheRead + usage.cacheWrite
    if test.dialect.api == "google-generative-ai" {
      // There the output does not include the reasoning, nor the input what the provider's own tools read.
      #expect(usage.total == expected["usage"]?["total"]?.int)
      #expect(usage.output - usage.reasoning == expected["usage"]?["output"]?.int)
      #expect(input >= expected["usage"]?["input"]?.int ?? 0)
      return
    }
    #expect(input == expected["usage"]?["input"]?.int)
    #expect(usage.output == expected["usage"]?["output"]?.int)
  }

  private static func parsed(_ text: String) -> JSONValue { (try? JSONValue(parsing: text)) ?? .string(text) }
}
