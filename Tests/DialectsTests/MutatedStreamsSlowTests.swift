import Completion
import Dialects
import JSON
import TestSupport
import Testing

/// Recorded streams with bytes flipped, dropped, doubled or cut off: 100,000 of them, the same ones in every run.
@Suite("Mutated streams", .timeLimit(.minutes(10)))
struct MutatedStreamsSlowTests {
  static let runs = 100_000
  static let hasRecordings = SharedMaterial.recordings != nil

  /// What only the end of a sound stream holds, as its family writes it. A body without it was cut.
  static let endings: [String: [String]] = [
    "openai-completions": ["\"finish_reason\":\"", "\"finish_reason\": \"", "[DONE]"],
    "mistral": ["\"finish_reason\":\"", "\"finish_reason\": \"", "[DONE]"],
    "ollama-chat": ["\"done\":true"],
    "anthropic-messages": ["message_stop"],
    "openai-responses": ["response.completed", "response.incomplete", "response.done"],
    "google-generative-ai": ["finishReason"],
    "bedrock-converse-stream": ["messageStop"],
  ]

  /// A recording, and how often it is to be mutated: short ones more often, so that each costs about the same.
  struct Case: Sendable, CustomTestStringConvertible {
    var test: RecordedStreamsTests.Case
    var runs: Int
    var testDescription: String { "\(test.testDescription), \(runs) times" }
  }

  static func cases() throws -> [Case] {
    let tests = try RecordedStreamsTests.cases().filter { !$0.stream.response.isEmpty }
    let share = Double(runs) / tests.reduce(0) { $0 + 1 / Double($1.stream.response.count) }
    return tests.map { Case(test: $0, runs: max(20, Int((share / Double($0.stream.response.count)).rounded(.up)))) }
  }

  @Test("they are as many as they should be", .enabled(if: hasRecordings, "no recordings beside the checkout"))
  func areEnough() throws {
    #expect(try Self.cases().reduce(0) { $0 + $1.runs } >= Self.runs)
  }

  @Test(
    "never crash or hang a decoder, and what was cut never ends well",
    .enabled(if: hasRecordings, "no recordings beside the checkout"), arguments: try cases())
  func mutations(_ test: Case) throws {
    let (dialect, original) = (test.test.dialect, test.test.stream.response)
    let endings = try #require(Self.endings[dialect.api]).map { Array($0.utf8) }
    var mutator = Mutator(seed: UInt64(original.count))
    for run in 0..<test.runs {
      let bytes = mutator.mutation(of: original)
      let answer = Answer(dialect, mutator.pieces(of: bytes))
      if answer.hasEnded, !endings.contains(where: { bytes.contains($0) }) {
        Issue.record("run \(run): \(bytes.count) bytes without an ending ended well")
      }
      #expect(answer.stops <= 1, "run \(run)")
    }
  }

  /// What is left of an answer when only its end matters.
  struct Answer {
    var stops = 0
    var hasEnded = false

    init(_ dialect: any Dialect, _ pieces: [ArraySlice<UInt8>]) {
      var decoder = dialect.streamDecoder(for: CompletionRequest(messages: []), at: .test())
      var events: [StreamEvent] = []
      do throws(ProviderError) {
        for piece in pieces { try decoder.decode(piece, into: &events) }
        try decoder.finish(into: &events)
        hasEnded = true
      } catch {
        hasEnded = false
      }
      for case .stop in events { stops += 1 }
    }
  }
}

/// Makes broken streams of sound ones.
private struct Mutator {
  private var generator: SeededGenerator
  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  mutating func mutation(of original: [UInt8]) -> [UInt8] {
    var bytes = original
    for _ in 0..<Int.random(in: 1...3, using: &generator) where !bytes.isEmpty {
      let start = Int.random(in: 0..<bytes.count, using: &generator)
      let end = min(bytes.count, start + Int.random(in: 1...64, using: &generator))
      switch Int.random(in: 0..<5, using: &generator) {
      case 0: bytes[start] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 1: bytes[start] = UInt8.random(in: 0...255, using: &generator)
      case 2: bytes.removeSubrange(start..<end)
      case 3: bytes.insert(contentsOf: Array(bytes[start..<end]), at: end)
      default: bytes.removeSubrange(start...)
      }
    }
    return bytes
  }

  /// Two or three pieces, or the whole.
  mutating func pieces(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    let cuts = (0..<Int.random(in: 0...2, using: &generator)).map { _ in
      Int.random(in: 0...bytes.count, using: &generator)
    }
    let bounds = [0] + cuts.sorted() + [bytes.count]
    return zip(bounds, bounds.dropFirst()).map { bytes[$0..<$1] }
  }
}
