/// Limits for the phases of an exchange that somebody set, in milliseconds; `nil` leaves the default.
package struct PhaseTimeouts: Sendable, Hashable {
  /// Until the connection stands.
  package var connectMs: Int?
  /// From then until the first piece of the answer.
  package var firstTokenMs: Int?
  /// Between two pieces.
  package var idleMs: Int?
  /// For everything.
  package var totalMs: Int?

  /// Nothing set.
  package init() {}
}
