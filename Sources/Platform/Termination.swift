internal import CPlatform

/// Calls `body`, on a thread of its own where anything may be done, for each SIGINT and SIGTERM; they no longer end the
/// process by themselves. Once a process.
package func onTermination(_ body: @escaping @Sendable (_ signal: Int32) -> Void) {
  let descriptor = cplatform_catch_termination()
  guard descriptor >= 0 else { return }
  startThread("signals") {
    var number: UInt8 = 0
    while retryingInterrupts({ read(descriptor, &number, 1) }) == 1 { body(Int32(number)) }
  }
}
