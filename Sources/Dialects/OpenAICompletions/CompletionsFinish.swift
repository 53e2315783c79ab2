internal import Completion

/// What a `finish_reason` means, with the words of the servers that have their own.
struct CompletionsFinish {
  /// Why the model stopped; `nil` for a word that nobody documents.
  let stop: StopReason?
  /// The error that the word stands for, whatever came before it.
  let error: ErrorKind?
  /// The error that it stands for when no output came before it.
  let errorWhenEmpty: ErrorKind?

  private init(_ stop: StopReason?, error: ErrorKind? = nil, whenEmpty: ErrorKind? = nil) {
    self.stop = stop
    self.error = error
    errorWhenEmpty = error ?? whenEmpty
  }

  init(_ raw: String) {
    self =
      switch raw.lowercased() {
      case "", "stop", "end", "eos", "eos_token", "end_turn", "completed", "complete": Self(.end)
      case "stop_sequence": Self(.stopSequence)
      case "length", "model_length", "max_tokens", "max_output_tokens": Self(.length)
      case "tool_calls", "tool_call", "function_call", "tool_use": Self(.toolUse)
      case "content_filter", "sensitive", "safety": Self(.contentFilter, whenEmpty: .contentFiltered)
      case "refusal": Self(.refusal)
      case "model_context_window_exceeded": Self(.length, whenEmpty: .contextOverflow)
      case "insufficient_system_resource": Self(nil, error: .overloaded)
      case "error", "network_error", "abort": Self(nil, error: .upstreamError)
      default: Self(nil)
      }
  }

  /// The error of an answer that ended with `raw`, which means `kind`.
  static func failure(_ kind: ErrorKind, _ raw: String) -> ProviderError {
    let message =
      switch kind {
      case .contentFiltered: "the provider's content filter stopped the answer before it began"
      case .contextOverflow: "the input is longer than the model takes"
      case .overloaded: "the provider ran out of resources while answering"
      default: "the provider ended the answer with an error (\(raw))"
      }
    var error = ProviderError(kind, message)
    error.upstreamCode = raw
    return error
  }
}
