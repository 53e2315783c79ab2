internal import CPlatform

/// Blocks until process `pid` is gone; returns at once when there is none. Needs not be a child.
package func waitForExit(of pid: pid_t) {
  #if canImport(Darwin)
  let queue = kqueue()
  defer { close(queue) }
  var change = kevent(
    ident: UInt(pid), filter: Int16(EVFILT_PROC), flags: UInt16(EV_ADD | EV_ONESHOT), fflags: NOTE_EXIT, data: 0,
    udata: nil)
  var event = kevent()
  _ = retryingInterrupts { Int(kevent(queue, &change, 1, &event, 1, nil)) }
  #else
  let descriptor = cplatform_pidfd_open(pid)
  guard descriptor >= 0 else {
    // A kernel older than 5.3: look now and then, there is no other way.
    while kill(pid, 0) == 0 || errno == EPERM { sleep(1) }
    return
  }
  defer { close(descriptor) }
  var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
  _ = retryingInterrupts { Int(poll(&watched, 1, -1)) }
  #endif
}
