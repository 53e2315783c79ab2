package import JSON

/// The parameters of `sessionChanged`.
package struct SessionChangedParams: Sendable, Hashable {
  /// What changed.
  package enum Change: String, Sendable, Hashable, CaseIterable { case message, provider, renamed, deleted }

  /// The session's id.
  package var session: String
  package var change: Change

  /// A change.
  package init(session: String, change: Change) {
    self.session = session
    self.change = change
  }
  /// `{"session": …, "change": …}`.
  package var json: JSONValue { ["session": .string(session), "change": .string(change.rawValue)] }
}

/// How much a log message matters.
package enum LogLevel: String, Sendable, Hashable, CaseIterable { case error, warning, info, debug }

/// The parameters of `logMessage`.
package struct LogMessageParams: Sendable, Hashable {
  package var level: LogLevel
  /// The part of the program that speaks: `engine`, `http`.
  package var logger: String
  /// One line for a person. Never holds a secret.
  package var message: String

  /// A message.
  package init(level: LogLevel, logger: String, message: String) {
    self.level = level
    self.logger = logger
    self.message = message
  }
  /// `{"level": …, "logger": …, "message": …}`.
  package var json: JSONValue {
    ["level": .string(level.rawValue), "logger": .string(logger), "message": .string(message)]
  }
}
