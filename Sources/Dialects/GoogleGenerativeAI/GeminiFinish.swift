internal import Completion

/// What a `finishReason` means.
struct GeminiFinish {
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
      switch raw {
      case "STOP": Self(.end)
      case "MAX_TOKENS": Self(.length)
      case "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR", "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION":
        Self(.contentFilter, whenEmpty: .contentFiltered)
      case "MALFORMED_FUNCTION_CALL", "MALFORMED_RESPONSE", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS":
        Self(nil, error: .upstreamInvalid)
      case "LANGUAGE", "OTHER", "MISSING_THOUGHT_SIGNATURE", "IMAGE_OTHER", "NO_IMAGE": Self(nil, error: .upstreamError)
      default: Self(nil)
      }
  }
}
