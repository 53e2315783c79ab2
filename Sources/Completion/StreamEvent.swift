package import JSON

/// Why a model stopped.
package enum StopReason: String, Sendable, Hashable, CaseIterable {
  case end, length, toolUse, contentFilter, stopSequence, refusal, cancelled
}

/// Tokens of one completion. `input` counts uncached tokens only; `output` includes `reasoning`.
package struct Usage: Sendable, Hashable {
  /// The most that is believed of a count, whoever names it: so no sum of counts overflows.
  static let most = 1 << 50

  package var input = 0
  package var output = 0
  package var cacheRead = 0
  package var cacheWrite = 0
  /// The part of `cacheWrite` that is kept for an hour, which costs more than what is kept for minutes.
  package var cacheWriteLong = 0
  package var reasoning = 0
  /// Whether the provider gave no counts and these are our own guess.
  package var estimated = false

  /// Nothing used.
  package init() {}
  /// Counts; one outside 0…2^50 becomes the nearest of these.
  package init(
    input: Int, output: Int, cacheRead: Int = 0, cacheWrite: Int = 0, reasoning: Int = 0, cacheWriteLong: Int = 0
  ) {
    func sound(_ count: Int) -> Int { min(max(0, count), Self.most) }
    self.input = sound(input)
    self.output = sound(output)
    self.cacheRead = sound(cacheRead)
    self.cacheWrite = sound(cacheWrite)
    self.cacheWriteLong = min(sound(cacheWriteLong), self.cacheWrite)
    self.reasoning = sound(reasoning)
  }

  /// `input`, `output`, `cacheRead` and `cacheWrite` together.
  package var total: Int { input + output + cacheRead + cacheWrite }

  /// The counts of two completions together.
  package static func + (left: Usage, right: Usage) -> Usage {
    var sum = Usage(
      input: left.input + right.input, output: left.output + right.output,
      cacheRead: left.cacheRead + right.cacheRead, cacheWrite: left.cacheWrite + right.cacheWrite,
      reasoning: left.reasoning + right.reasoning, cacheWriteLong: left.cacheWriteLong + right.cacheWriteLong)
    sum.estimated = left.estimated || right.estimated
    return sum
  }
}

/// What a dialect's decoder makes of the provider's bytes, the same for streamed and whole answers.
package enum StreamEvent: Sendable, Hashable {
  /// The provider's id for the answer, and the model it says it used.
  case started(id: String?, model: String?)
  case text(String)
  case reasoning(String)
  /// The thought being written is complete, and what comes next is another part of the answer. Where none is being
  /// written, this is a part of its own without text: a withheld thought, or what the provider wants back beside the
  /// part behind it (see `Reasoning.opaque`).
  case reasoningEnd(signature: String? = nil, opaque: JSONValue? = nil, redacted: Bool = false)
  /// A seal over the reasoning so far.
  case reasoningSignature(String)
  /// The provider's own reasoning items, complete, replacing what was given before.
  case reasoningOpaque(JSONValue)
  /// A tool call begins. `index` counts the calls of this answer from 0 without gaps.
  case toolCallStart(index: Int, id: String, name: String)
  /// A piece of a call's argument text.
  case toolArguments(index: Int, text: String)
  /// A call is complete.
  case toolCallEnd(index: Int)
  /// The provider is at work, and says no more than that: it searches, or thinks without showing it.
  case progress
  /// The counts so far; the last one stands.
  case usage(Usage)
  /// The price the provider itself reports, in USD.
  case providerCost(Double)
  /// The tier the provider used.
  case serviceTier(String)
  /// What a program that answers by itself is doing meanwhile: "Bash: git status".
  case activity(String)
  /// Something was odd and was mended; goes into the result's `warnings`.
  case warning(String)
  /// Why the model stopped, and the provider's own word for it. Exactly one in each sound answer.
  case stop(StopReason, raw: String)
}

extension StreamEvent {
  /// Whether it brings or ends a part of the answer.
  package var isContent: Bool {
    switch self {
    case .text, .reasoning, .reasoningEnd, .reasoningSignature, .reasoningOpaque, .toolCallStart, .toolArguments,
      .toolCallEnd:
      true
    case .started, .progress, .usage, .providerCost, .serviceTier, .activity, .warning, .stop: false
    }
  }
}
