package import JSON

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
