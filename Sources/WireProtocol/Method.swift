package import Completion
internal import JSON

/// The methods a client may call, by their names on the wire.
package enum Method: String, Sendable, Hashable, CaseIterable {
  case initialize, initialized, shutdown, exit
  case cancelRequest = "$/cancelRequest"
  case setTrace = "$/setTrace"
  case ping
  case listProviders, listModels
  case complete, cancel
  case completeInline, embed, countTokens
  case createSession, listSessions, getSession, renameSession, setBudget, deleteSession, switchProvider
  case login, loginInput, logout, loginStatus
  case getConfig, reloadConfig
  case getUsage, getLimits, getRequestLog

  /// Whether it is a notification: it gets no response.
  package var isNotification: Bool {
    switch self {
    case .initialized, .exit, .cancelRequest, .setTrace: true
    default: false
    }
  }
}

/// The notifications the server sends, by their names on the wire.
package enum ServerNotification: String, Sendable, Hashable, CaseIterable {
  case streamDelta, logMessage, loginPrompt, limitsChanged
}

/// The requests the server sends, by their names on the wire.
package enum ServerRequest: String, Sendable, Hashable, CaseIterable {
  case prompt
}

/// Which versions of the protocol this engine speaks.
package enum ProtocolVersion {
  /// The error for a client that asked for a version this engine does not speak; `data.supported` lists those it does.
  package static func unsupported(_ asked: Int) -> ProviderError {
    let known = supported.map(String.init).joined(separator: ", ")
    var error = ProviderError(
      .invalidParams, "protocolVersion: \(asked) is not spoken by this engine, only \(known)", path: "protocolVersion")
    error.details["supported"] = .array(supported.map(JSONValue.int))
    return error
  }

  /// All of them, newest first.
  package static let supported = [1]
  /// The one that is spoken when the client names none.
  package static let current = 1
}
