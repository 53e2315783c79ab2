import Completion
import Dialects
import JSON
import Testing
import Upstream

@testable import Engine

/// What ends a streamed answer, whichever family brings it: each oddity has one outcome.
@Suite("The end of an answer")
struct EndOfAnswerTests {
  /// How an answer was read.
  private struct Reading {
    var builder = AnswerBuilder()
    var deltas: [StreamDelta] = []
    var error: ProviderError?

    var message: Message {
      var builder = builder
      return builder.message(origin: Origin(provider: "p", api: "a", model: "m"))
    }
  }

  private func read(_ family: any AnswerFamily, _ bytes: [UInt8]) throws -> Reading {
    let dialect = try #require(Dialects.named(family.api))
    var request = CompletionRequest(messages: [Message(.user, "Hi")], options: CompletionOptions())
    request.options.tools = [Tool(name: ModelAnswer.tool, inputSchema: ["type": "object"])]
    let endpoint = Endpoint(
      provider: "p", baseURL: "https://p.example", quirks: JSONObject(), model: ModelInfo(id: ModelAnswer.model))
    var decoder = dialect.streamDecoder(for: request, at: endpoint)
    var reading = Reading()
    var events: [StreamEvent] = []
    do throws(ProviderError) {
      try decoder.decode(bytes[...], into: &events)
      try decoder.finish(into: &events)
    } catch {
      reading.error = error
    }
    _ = reading.builder.take(events, into: &reading.deltas)
    guard reading.error == nil else { return reading }
    do throws(ProviderError) { try reading.builder.conclude() } catch { reading.error = error }
    return reading
  }

  private func pieces(_ family: any AnswerFamily, _ answer: ModelAnswer = ModelAnswer()) -> [AnswerPiece] {
    family.pieces(of: answer)
  }

  private func bytes(_ pieces: some Sequence<AnswerPiece>) -> [UInt8] { pieces.flatMap(\.bytes) }

  /// The families whose servers end an answer with the body alone: what comes behind a finish reason belongs to it.
  private static let endless = ["google-generative-ai", "google-vertex"]
  /// The families that carry arguments as a value, which cannot be cut off.
  private static let wholeArguments = ["google-generative-ai", "google-vertex", "ollama-chat"]

  static let families = AnswerFamilies.all.map(\.api)

  private func family(_ api: String) throws -> any AnswerFamily { try #require(AnswerFamilies.named(api)) }

  @Test("There is a row for every family")
  func complete() { #expect(Set(Self.families) == Set(Dialects.all.map(\.api))) }

  @Test("A sound answer has nothing odd about it", arguments: families)
  func sound(_ api: String) throws {
    let family = try family(api)
    let reading = try read(family, family.bytes(of: ModelAnswer()))
    #expect(reading.error == nil && reading.builder.warnings.isEmpty, "\(reading)")
    #expect(reading.builder.stop == .toolUse)
    #expect(reading.message.text == "Hello there!")
    #expect(reading.message.toolCalls.map(\.arguments) == [["city": "Paris"]])
  }

  @Test("No end: upstreamInvalid, which passes", arguments: families)
  func noEnd(_ api: String) throws {
    let family = try family(api)
    let reading = try read(family, bytes(pieces(family).filter { $0.kind != .ending }))
    #expect(reading.error?.kind == .upstreamInvalid)
    #expect(reading.error.map(RetryPolicy.isPassing) == true)
  }

  @Test("A body that is cut anywhere before its end: upstreamInvalid, which passes", arguments: families)
  func cut(_ api: String) throws {
    let family = try family(api)
    let whole = bytes(pieces(family))
    let sound = bytes(pieces(family).prefix { $0.kind != .ending })
    for end in [1, sound.count / 3, sound.count / 2, sound.count - 3, sound.count + 5] {
      let reading = try read(family, Array(whole[..<end]))
      #expect(reading.error?.kind == .upstreamInvalid, "cut at \(end)")
      #expect(reading.error.map(RetryPolicy.isPassing) == true)
    }
    #expect(try read(family, []).error?.kind == .upstreamInvalid)
  }

  @Test("An end and nothing before it: upstreamInvalid", arguments: families)
  func empty(_ api: String) throws {
    let family = try family(api)
    let reading = try read(family, family.bytes(of: ModelAnswer(texts: [])))
    #expect(reading.error?.kind == .upstreamInvalid, "\(reading)")
  }

  @Test("Arguments that are cut off: an invalid call, and a warning", arguments: families)
  func arguments(_ api: String) throws {
    guard !Self.wholeArguments.contains(api) else { return }
    let family = try family(api)
    var answer = ModelAnswer()
    answer.arguments = [#"{"city":"#, #""Par"#]
    let reading = try read(family, family.bytes(of: answer))
    #expect(reading.error == nil)
    let call = try #require(reading.message.toolCalls.first)
    #expect(call.invalid && call.argumentsText == #"{"city":"Par"#)
    #expect(reading.builder.warnings.count == 1)
    #expect(reading.deltas.contains(.toolCallEnd(index: 0, arguments: [:], invalid: true)))
  }

  @Test("Events of a kind that nobody knows say nothing", arguments: families)
  func unknown(_ api: String) throws {
    let family = try family(api)
    let all = pieces(family).flatMap { family.unknownEvent + $0.bytes }
    let reading = try read(family, all)
    #expect(reading.error == nil && reading.builder.warnings.isEmpty, "\(reading)")
    #expect(reading.message.text == "Hello there!")
  }

  @Test("Two ends: the first counts, and a warning", arguments: families)
  func twice(_ api: String) throws {
    let family = try family(api)
    var longer = ModelAnswer()
    longer.finish = nil
    let end = pieces(family, longer).filter { $0.kind == .ending }
    let reading = try read(family, bytes(pieces(family)) + bytes(end))
    #expect(reading.error == nil)
    #expect(reading.builder.stop == .toolUse)
    #expect(reading.message.text == "Hello there!")
    if !Self.endless.contains(api) { #expect(reading.builder.warnings.count == 1, "\(reading.builder.warnings)") }
  }

  @Test(
    "Content behind the end: left out, with a warning; behind a mere finish reason: kept, with a warning",
    arguments: families)
  func surplus(_ api: String) throws {
    let family = try family(api)
    let text = pieces(family, ModelAnswer(texts: ["more"])).filter { $0.kind == .text }
    let reading = try read(family, bytes(pieces(family)) + bytes(text))
    #expect(reading.error == nil)
    #expect(reading.message.text == (Self.endless.contains(api) ? "Hello there!more" : "Hello there!"))
    #expect(reading.builder.warnings.count == 1, "\(reading.builder.warnings)")
  }

  @Test("No counts: none are made up here", arguments: families)
  func usage(_ api: String) throws {
    let family = try family(api)
    var answer = ModelAnswer()
    answer.usage = nil
    let reading = try read(family, family.bytes(of: answer))
    #expect(reading.error == nil && reading.builder.warnings.isEmpty)
    #expect(reading.builder.usage == nil)
  }

  @Test("A finish reason that nobody knows: the end, and a warning that names it", arguments: families)
  func finish(_ api: String) throws {
    let family = try family(api)
    var answer = ModelAnswer(texts: ["Hello"])
    answer.finish = "boredom"
    let reading = try read(family, family.bytes(of: answer))
    #expect(reading.error == nil)
    #expect(reading.builder.stop == .end)
    #expect(
      reading.builder.warnings.count == 1 && reading.builder.warnings.first?.contains("boredom") == true,
      "\(reading.builder.warnings)")
  }

  @Test("An error in its place: that error, whatever came before", arguments: families)
  func failure(_ api: String) throws {
    let family = try family(api)
    let start = pieces(family).prefix { $0.kind != .ending }
    let reading = try read(family, bytes(start) + family.failure)
    // Where the server has no word for it, it is an error like any other that may pass.
    #expect(reading.error?.kind == (api == "ollama-chat" ? .upstreamError : .overloaded))
    #expect(reading.error.map(RetryPolicy.isPassing) == true)
    #expect(reading.message.text == "Hello there!")
  }
}
