internal import CPlatform

/// Wakes whoever waits for descriptors when the machine has slept or its clock was set. Where the system cannot tell,
/// nobody is woken.
package struct ClockWatch: Sendable {
  /// Can be read when that has happened; -1 where the system cannot tell.
  package let descriptor: Int32

  /// A watch; `close` must follow.
  package init() { descriptor = cplatform_watch_clock() }

  /// Waits for the next time.
  package func rearm() { cplatform_take_clock_change(descriptor) }

  /// Ends the watch.
  package func close() { if descriptor >= 0 { _ = Platform.close(descriptor) } }
}
