package import JSON

/// What went wrong, as a client sees it: one kind each row of protocol.md §8.
package enum ErrorKind: String, Sendable, Hashable, CaseIterable {
  case parse, invalidRequest, methodNotFound, invalidParams, `internal`
  case notInitialized, cancelled
  case authRequired, authRejected, rateLimited, overloaded, quotaExceeded, contextOverflow
  case modelNotFound, providerNotFound, sessionNotFound
  case contentFiltered, upstreamInvalid, upstreamError, timeout, network
  case busy, storage, unsupported, engineBusy, budgetExceeded, loginFailed

  /// The JSON-RPC error code.
  package var code: Int {
    switch self {
    case .parse: -32700
    case .invalidRequest: -32600
    case .methodNotFound: -32601
    case .invalidParams: -32602
    case .internal: -32603
    case .notInitialized: -32002
    case .cancelled: -32800
    case .authRequired: -32001
    case .authRejected: -32003
    case .rateLimited: -32004
    case .overloaded: -32005
    case .quotaExceeded: -32006
    case .contextOverflow: -32007
    case .modelNotFound: -32008
    case .providerNotFound: -32009
    case .sessionNotFound: -32010
    case .contentFiltered: -32011
    case .upstreamInvalid: -32012
    case .upstreamError: -32013
    case .timeout: -32014
    case .network: -32015
    case .busy: -32016
    case .storage: -32017
    case .unsupported: -32018
    case .engineBusy: -32019
    case .budgetExceeded: -32020
    case .loginFailed: -32021
    }
  }
}

/// The phase of an exchange that ran out of time.
package enum TimeoutPhase: String, Sendable, Hashable, CaseIterable { case connect, firstToken, idle, total }

/// The one error type that crosses module borders: a kind that code acts on, and the wire's own facts beside it.
package struct ProviderError: Error, Sendable, Hashable {
  /// What went wrong.
  package var kind: ErrorKind
  /// One sentence for a person. Never holds a secret.
  package var message: String
  /// The provider that was asked.
  package var provider: String?
  /// The model that was asked.
  package var model: String?
  /// The upstream's HTTP status.
  package var status: Int?
  /// The upstream's own code or type, verbatim: `context_length_exceeded`.
  package var upstreamCode: String?
  /// How long the upstream asked to wait, in milliseconds.
  package var retryAfterMs: Int?
  /// Whether the upstream itself says that the same request may be tried again; `nil` when it does not say.
  package var shouldRetry: Bool?
  /// The upstream's id for the request.
  package var upstreamRequestId: String?
  /// What the person can do about it.
  package var hint: String?
  /// For `timeout`: which phase.
  package var phase: TimeoutPhase?
  /// For `invalidParams` and `unsupported`: the field, as `tools[0].name`.
  package var path: String?
  /// The completion that failed, or that is in the way (`busy`).
  package var completionId: String?
  /// Every try of the completion that failed, in order; empty where there was but one.
  package var attempts: [Attempt] = []
  /// Further facts for a program, beside the ones above.
  package var details = JSONObject()

  /// An error of `kind`; everything else may be filled in by whoever knows it.
  package init(_ kind: ErrorKind, _ message: String, hint: String? = nil, path: String? = nil) {
    self.kind = kind
    self.message = message
    self.hint = hint
    self.path = path
  }
}
