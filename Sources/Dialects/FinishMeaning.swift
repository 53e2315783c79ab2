internal import Completion

/// What a provider's word for the end of an answer means. Each family has a table of its words.
struct FinishMeaning {
  /// Why the model stopped; `nil` for a word that stands for an error, or that nobody documents.
  let stop: StopReason?
  /// The error that the word stands for, whatever came before it.
  let error: ErrorKind?
  /// The error that it stands for when no output came before it.
  let errorWhenEmpty: ErrorKind?

  private init(_ stop: StopReason?, error: ErrorKind?, whenEmpty: ErrorKind?) {
    self.stop = stop
    self.error = error
    errorWhenEmpty = error ?? whenEmpty
  }

  /// A sound end; where nothing came before it, the error `whenEmpty`.
  static func stop(_ reason: StopReason, whenEmpty: ErrorKind? = nil) -> Self {
    Self(reason, error: nil, whenEmpty: whenEmpty)
  }

  /// An error, whatever came before it.
  static func error(_ kind: ErrorKind) -> Self { Self(nil, error: kind, whenEmpty: nil) }

  /// A word that nobody documents.
  static let unknown = Self(nil, error: nil, whenEmpty: nil)

  static let filtered = stop(.contentFilter, whenEmpty: .contentFiltered)
  static let overflow = stop(.length, whenEmpty: .contextOverflow)

  /// The error of an answer that ended with `raw`, which means `kind`.
  static func failure(_ kind: ErrorKind, _ raw: String) -> ProviderError {
    let message =
      switch kind {
      case .contentFiltered: "the provider's content filter stopped the answer before it began"
      case .contextOverflow: "the input is longer than the model takes"
      case .overloaded: "the provider ran out of resources while answering"
      case .upstreamInvalid: "the model's output made no sense to the provider (\(raw))"
      default: "the provider ended the answer with an error (\(raw))"
      }
    var error = ProviderError(kind, message)
    error.upstreamCode = raw
    return error
  }
}

extension FinishMeaning {
  /// Chat completions, with the words of the servers that have their own; in lower case.
  static func completions(_ raw: String) -> Self { completions[raw.lowercased()] ?? unknown }

  private static let completions: [String: Self] = [
    "": .stop(.end), "stop": .stop(.end), "end": .stop(.end), "eos": .stop(.end), "eos_token": .stop(.end),
    "end_turn": .stop(.end), "completed": .stop(.end), "complete": .stop(.end),
    "stop_sequence": .stop(.stopSequence),
    "length": .stop(.length), "model_length": .stop(.length), "max_tokens": .stop(.length),
    "max_output_tokens": .stop(.length), "model_context_window_exceeded": overflow,
    "tool_calls": .stop(.toolUse), "tool_call": .stop(.toolUse), "function_call": .stop(.toolUse),
    "tool_use": .stop(.toolUse),
    "content_filter": filtered, "sensitive": filtered, "safety": filtered, "refusal": .stop(.refusal),
    "insufficient_system_resource": .error(.overloaded), "error": .error(.upstreamError),
    "network_error": .error(.upstreamError), "abort": .error(.upstreamError),
  ]

  /// Anthropic's Messages.
  static func messages(_ raw: String) -> Self { messages[raw] ?? unknown }

  private static let messages: [String: Self] = [
    "end_turn": .stop(.end), "pause_turn": .stop(.end), "tool_use": .stop(.toolUse), "max_tokens": .stop(.length),
    "model_context_window_exceeded": overflow, "stop_sequence": .stop(.stopSequence), "refusal": .stop(.refusal),
    "sensitive": filtered,
  ]

  /// Amazon's Converse.
  static func converse(_ raw: String) -> Self { converse[raw] ?? unknown }

  private static let converse: [String: Self] = [
    "end_turn": .stop(.end), "tool_use": .stop(.toolUse), "max_tokens": .stop(.length),
    "model_context_window_exceeded": overflow, "stop_sequence": .stop(.stopSequence), "refusal": .stop(.refusal),
    "guardrail_intervened": filtered, "content_filtered": filtered,
    "malformed_model_output": .error(.upstreamInvalid), "malformed_tool_use": .error(.upstreamInvalid),
  ]

  /// Gemini.
  static func gemini(_ raw: String) -> Self { gemini[raw] ?? unknown }

  private static let gemini: [String: Self] = [
    "STOP": .stop(.end), "MAX_TOKENS": .stop(.length),
    "SAFETY": filtered, "RECITATION": filtered, "BLOCKLIST": filtered, "PROHIBITED_CONTENT": filtered,
    "SPII": filtered, "MODEL_ARMOR": filtered, "IMAGE_SAFETY": filtered, "IMAGE_PROHIBITED_CONTENT": filtered,
    "IMAGE_RECITATION": filtered,
    "MALFORMED_FUNCTION_CALL": .error(.upstreamInvalid), "MALFORMED_RESPONSE": .error(.upstreamInvalid),
    "UNEXPECTED_TOOL_CALL": .error(.upstreamInvalid), "TOO_MANY_TOOL_CALLS": .error(.upstreamInvalid),
    "LANGUAGE": .error(.upstreamError), "OTHER": .error(.upstreamError), "IMAGE_OTHER": .error(.upstreamError),
    "MISSING_THOUGHT_SIGNATURE": .error(.upstreamError), "NO_IMAGE": .error(.upstreamError),
  ]
}
