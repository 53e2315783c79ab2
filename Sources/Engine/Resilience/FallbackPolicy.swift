internal import Completion

/// Whether another model may answer where one has failed. Nothing may have been said by then.
enum FallbackPolicy {
  /// Whether `next` may be asked what failed with `error` at `failed`.
  static func mayFollow(_ error: ProviderError, at failed: ModelInfo, with next: ModelInfo) -> Bool {
    guard error.kind == .contextOverflow else { return isOfThisModel(error) }
    // A model whose size nobody knows may be as small.
    guard let tooSmall = failed.contextWindow, let size = next.contextWindow else { return false }
    return size > tooSmall
  }

  /// Whether `error` may be different elsewhere.
  private static func isOfThisModel(_ error: ProviderError) -> Bool {
    switch error.kind {
    case .authRequired, .authRejected, .rateLimited, .overloaded, .quotaExceeded, .modelNotFound, .providerNotFound,
      .network, .upstreamInvalid:
      true
    case .timeout: error.phase != .total
    case .upstreamError: RetryPolicy.isPassing(error) || error.status == 404
    default: false
    }
  }
}
