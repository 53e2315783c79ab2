/// Those of `descriptors` that are readable or at their end, as soon as any is; none when `deadline` has passed. Blocks.
package func waitUntilReadable(_ descriptors: [Int32], until deadline: ContinuousClock.Instant? = nil) -> [Int32] {
  var entries = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
  while true {
    let count = poll(&entries, nfds_t(entries.count), deadline.map(milliseconds) ?? -1)
    if count > 0 { return entries.filter { $0.revents != 0 }.map(\.fd) }
    if count == 0, let deadline, ContinuousClock.now >= deadline { return [] }
    if count < 0 && errno != EINTR { return [] }
  }
}

/// Rounded up, or the last millisecond would be spent spinning.
private func milliseconds(until deadline: ContinuousClock.Instant) -> Int32 {
  let left = max(.zero, ContinuousClock.now.duration(to: deadline)).components
  return Int32(clamping: left.seconds * 1000 + (left.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
}
