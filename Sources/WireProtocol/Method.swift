/// The methods a client may call, by their names on the wire.
package enum Method: String, Sendable, Hashable, CaseIterable {
  case initialize, initialized, shutdown, exit
  case cancelRequest = "$/cancelRequest"
  case setTrace = "$/setTrace"
  case ping
  case listProviders, listModels
  case complete, cancel
  case createSession, listSessions, getSession, renameSession, deleteSession, switchProvider
  case loginStatus, getConfig, reloadConfig

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
  case streamDelta, sessionChanged, logMessage
}

/// Which versions of the protocol this engine speaks.
package enum ProtocolVersion {
  /// All of them, newest first.
  package static let supported = [1]
  /// The one that is spoken when the client names none.
  package static let current = 1
}
