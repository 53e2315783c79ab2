internal import Platform

/// SIGINT and SIGTERM as calls on a thread of their own, where anything may be done.
enum Signals {
  /// Keeps both from ending the process by themselves, and a closed pipe from ending it at all. Must come before the
  /// first thread is started: threads inherit it.
  static func prepare() {
    signal(SIGPIPE, SIG_IGN)
    var set = termination
    pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  /// Calls `body` for each SIGINT or SIGTERM.
  static func onTermination(_ body: @escaping @Sendable (Int32) -> Void) {
    startThread("signals") {
      var set = termination
      while true {
        var number: Int32 = 0
        if sigwait(&set, &number) == 0 { body(number) }
      }
    }
  }

  private static var termination: sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, SIGINT)
    sigaddset(&set, SIGTERM)
    return set
  }
}
