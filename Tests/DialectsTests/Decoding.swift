import Completion
import Dialects
import JSON
import Testing

/// What a client would see of an answer: the events put together.
struct DecodedAnswer: Equatable {
  struct Call: Equatable {
    var id: String
    var name: String
    var arguments = ""
    var hasEnded = false
  }

  /// What ended a thought, or stood for one.
  struct Thought: Equatable {
    var signature: String?
    var opaque: JSONValue?
    var redacted = false
  }

  var text = ""
  var reasoning = ""
  var thoughts: [Thought] = []
  var calls: [Call] = []
  var stop: StopReason?
  var rawStop: String?
  var usage: Usage?
  var cost: Double?
  var tier: String?
  var id: String?
  var model: String?
  var opaque: JSONValue?
  var warnings: [String] = []
  var error: ProviderError?

  init() {}

  /// Puts `events` together, and checks the rules that hold for every sequence of events.
  init(_ events: [StreamEvent], error: ProviderError? = nil) {
    self.error = error
    for (index, event) in events.enumerated() {
      if case .started = event { #expect(index == 0, "started is the first event") }
      if stop != nil, case .warning = event {} else { #expect(stop == nil, "only warnings follow the stop") }
      take(event)
    }
    if error == nil {
      #expect(stop != nil, "a sound answer has a stop")
      #expect(!calls.contains { !$0.hasEnded }, "every call ends")
    }
  }

  private mutating func take(_ event: StreamEvent) {
    switch event {
    case .started(let id, let model): (self.id, self.model) = (id, model)
    case .text(let piece): text += piece
    case .reasoning(let piece): reasoning += piece
    case .reasoningEnd(let signature, let opaque, let redacted):
      thoughts.append(Thought(signature: signature, opaque: opaque, redacted: redacted))
    case .reasoningSignature: break
    case .reasoningOpaque(let value): opaque = value
    case .toolCallStart(let index, let id, let name):
      #expect(index == calls.count, "calls are counted without gaps")
      calls.append(Call(id: id, name: name))
    case .toolArguments(let index, let text):
      #expect(!calls[index].hasEnded)
      calls[index].arguments += text
    case .toolCallEnd(let index): calls[index].hasEnded = true
    case .progress: break
    case .usage(let counts): usage = counts
    case .providerCost(let price): cost = price
    case .serviceTier(let tier): self.tier = tier
    case .warning(let text): warnings.append(text)
    case .activity(let text): Issue.record("a server does nothing by itself: \(text)")
    case .stop(let reason, let raw): (stop, rawStop) = (reason, raw)
    }
  }
}

extension ModelInfo {
  /// `model-1`, of which `change` knows something.
  static func with(_ change: (inout ModelInfo) -> Void) -> ModelInfo {
    var model = ModelInfo(id: "model-1")
    change(&model)
    return model
  }
}

extension Endpoint {
  /// A model of a provider under test.
  static func test(
    _ quirks: JSONObject = [:], baseURL: String = "https://host.test/v1", _ model: ModelInfo = .with { _ in }
  ) -> Endpoint {
    Endpoint(provider: "prov", baseURL: baseURL, quirks: quirks, model: model)
  }
}

extension Dialect {
  /// Streams `pieces` through a fresh decoder.
  func decode(
    _ pieces: [ArraySlice<UInt8>], options: CompletionOptions = .init(), quirks: JSONObject = [:],
    model: ModelInfo = .with { _ in }
  ) -> DecodedAnswer {
    let request = CompletionRequest(messages: [], options: options)
    var decoder = streamDecoder(for: request, at: .test(quirks, model))
    var events: [StreamEvent] = []
    do throws(ProviderError) {
      for piece in pieces { try decoder.decode(piece, into: &events) }
      try decoder.finish(into: &events)
      return DecodedAnswer(events)
    } catch {
      return DecodedAnswer(events, error: error)
    }
  }

  func decode(_ text: String, options: CompletionOptions = .init(), quirks: JSONObject = [:]) -> DecodedAnswer {
    decode([Array(text.utf8)[...]], options: options, quirks: quirks)
  }

  /// Decodes a body that came whole.
  func decodeWhole(_ body: JSONValue, options: CompletionOptions = .init(), quirks: JSONObject = [:]) -> DecodedAnswer {
    let request = CompletionRequest(messages: [], options: options, stream: false)
    do throws(ProviderError) {
      return DecodedAnswer(try decodeWhole(body.bytes, for: request, at: .test(quirks)))
    } catch {
      return DecodedAnswer([], error: error)
    }
  }
}

/// SplitMix64: the same pieces in every run.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}

/// The ways in which a body may arrive.
enum Arrival: String, CaseIterable, Sendable {
  case whole, byteByByte, randomPieces, smallRandomPieces

  func pieces(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    switch self {
    case .whole: [bytes[...]]
    case .byteByByte: bytes.indices.map { bytes[$0...$0] }
    case .randomPieces: Self.random(bytes, upTo: 1500, seed: 1)
    case .smallRandomPieces: Self.random(bytes, upTo: 40, seed: 2)
    }
  }

  private static func random(_ bytes: [UInt8], upTo limit: Int, seed: UInt64) -> [ArraySlice<UInt8>] {
    var generator = SeededGenerator(seed: seed &+ UInt64(bytes.count))
    var rest = bytes[...]
    var pieces: [ArraySlice<UInt8>] = []
    while !rest.isEmpty {
      let count = Int.random(in: 0...limit, using: &generator)
      pieces.append(rest.prefix(count))
      rest = rest.dropFirst(count)
    }
    return pieces
  }
}
