internal import CPlatform

/// Starts a detached thread that runs `body`. For work that blocks: reading a pipe, waiting for a child, the libcurl
/// loop. Nothing that blocks may run on Swift's own pool, which has one thread a core.
package func startThread(_ name: StaticString, _ body: @escaping @Sendable () -> Void) {
  var attributes = pthread_attr_t()
  pthread_attr_init(&attributes)
  pthread_attr_setdetachstate(&attributes, numericCast(PTHREAD_CREATE_DETACHED))
  // A JSON text may nest 512 deep, which takes more than 1 MiB where nothing is optimised. Unused pages cost nothing.
  pthread_attr_setstacksize(&attributes, 4 << 20)
  let context = Unmanaged.passRetained(ThreadBody(name: name, run: body)).toOpaque()
  #if canImport(Darwin)
  var thread: pthread_t?
  #else
  var thread = pthread_t()
  #endif
  let status = pthread_create(
    &thread, &attributes,
    { raw in
      #if canImport(Darwin)
      let body = Unmanaged<ThreadBody>.fromOpaque(raw).takeRetainedValue()
      #else
      guard let raw else { return nil }
      let body = Unmanaged<ThreadBody>.fromOpaque(raw).takeRetainedValue()
      #endif
      body.name.withUTF8Buffer { name in
        name.withMemoryRebound(to: CChar.self) { cplatform_name_thread($0.baseAddress) }
      }
      body.run()
      return nil
    }, context)
  pthread_attr_destroy(&attributes)
  precondition(status == 0, "pthread_create failed: \(status)")
}

private final class ThreadBody: Sendable {
  let name: StaticString
  let run: @Sendable () -> Void

  init(name: StaticString, run: @escaping @Sendable () -> Void) {
    self.name = name
    self.run = run
  }
}
