package import JSON
package import Platform
internal import Synchronization

/// Both ends of a stdio-like link: the server's descriptors, and the client's side as methods that block nobody's pool
/// thread. Closes what is open when it is released.
package final class RPCPair: Sendable {
  /// What the link is made of.
  package enum Kind: Sendable, CaseIterable {
    case pipes
    case socket
  }

  private struct Client {
    var writing: Int32
    var reading: Int32
    var isSocket = false
  }

  /// Nothing came for so long that the other side must be stuck.
  package struct Silence: Error {}

  /// What the server reads from.
  package let serverInput: Int32
  /// What the server writes to; of a socket the same descriptor.
  package let serverOutput: Int32
  private let client: Mutex<Client>
  private let isServerOpen = Mutex(true)
  private let received = Mutex<(bytes: [UInt8], head: Int)>(([], 0))
  private static let patience: Int32 = 30_000

  /// A fresh link. SIGPIPE is ignored from then on in the whole process, as the program itself does.
  package init(_ kind: Kind) throws(SystemError) {
    signal(SIGPIPE, SIG_IGN)
    switch kind {
    case .pipes:
      let (toServer, fromServer) = (try Self.ends("pipe") { pipe($0) }, try Self.ends("pipe") { pipe($0) })
      (serverInput, serverOutput) = (toServer.0, fromServer.1)
      client = Mutex(Client(writing: toServer.1, reading: fromServer.0))
    case .socket:
      let (server, peer) = try Self.ends("socket pair") { socketpair(AF_UNIX, Self.stream, 0, $0) }
      (serverInput, serverOutput) = (server, server)
      // Two numbers for the one socket: so each side of the link is closed once, whatever it is made of.
      client = Mutex(Client(writing: dup(peer), reading: peer, isSocket: true))
    }
  }

  deinit {
    hangUp()
    closeServer()
  }

  /// Closes the server's descriptors, so that the client sees the end. Only when the server has stopped using them.
  package func closeServer() {
    let isOpen = isServerOpen.withLock { isOpen in
      defer { isOpen = false }
      return isOpen
    }
    guard isOpen else { return }
    for descriptor in Set([serverInput, serverOutput]) { close(descriptor) }
  }

  #if canImport(Glibc)
  private static let stream = Int32(SOCK_STREAM.rawValue)
  #else
  private static let stream = SOCK_STREAM
  #endif

  private static func ends(
    _ what: String, _ make: (UnsafeMutablePointer<Int32>) -> Int32
  ) throws(SystemError) -> (Int32, Int32) {
    var ends: [Int32] = [-1, -1]
    guard ends.withUnsafeMutableBufferPointer({ $0.baseAddress.map(make) }) == 0 else {
      throw SystemError("open", what)
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }
}

// MARK: - The client's side

extension RPCPair {
  /// Writes all of `bytes`. An error means that the server no longer reads.
  package func write(_ bytes: [UInt8]) async throws {
    let descriptor = client.withLock(\.writing)
    try await BlockingQueue.run { () throws(SystemError) in
      try FileSystem.write(bytes, to: descriptor, path: "the server")
    }
  }

  /// Writes `text` and a line feed.
  package func write(line text: String) async throws { try await write(Array((text + "\n").utf8)) }

  /// Says that nothing more will be written; reading goes on.
  package func endWriting() {
    client.withLock { client in
      guard client.writing >= 0 else { return }
      if client.isSocket { shutdown(client.writing, Int32(SHUT_WR)) }
      close(client.writing)
      client.writing = -1
    }
  }

  /// The client is gone: neither reads nor writes any more.
  package func hangUp() {
    endWriting()
    client.withLock { client in
      if client.reading >= 0 { close(client.reading) }
      client.reading = -1
    }
  }

  /// The next line without its end; `nil` when the server has closed its side.
  package func nextLine() async throws -> [UInt8]? {
    while true {
      let line: [UInt8]? = received.withLock { received in
        guard let length = received.bytes.lineLength(from: received.head) else { return nil }
        defer { received.head += length + 1 }
        return Array(received.bytes[received.head..<received.head + length])
      }
      if let line { return line }
      guard try await receive() else { return nil }
    }
  }

  /// The next line as JSON; `nil` when the server has closed its side.
  package func next() async throws -> JSONValue? { try await nextLine().map { try JSONValue(parsing: $0) } }

  /// The next `count` bytes, or fewer when the server has closed its side.
  package func nextBytes(_ count: Int) async throws -> [UInt8] {
    while true {
      let bytes: [UInt8]? = received.withLock { received in
        guard received.bytes.count - received.head >= count else { return nil }
        defer { received.head += count }
        return Array(received.bytes[received.head..<received.head + count])
      }
      if let bytes { return bytes }
      guard try await receive() else { return received.withLock { Array($0.bytes[$0.head...]) } }
    }
  }

  /// Takes in what has arrived; `false` at the end.
  private func receive() async throws -> Bool {
    let descriptor = client.withLock(\.reading)
    let chunk = try await BlockingQueue.run { () throws(Silence) in
      var set = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard retryingInterrupts({ Int(poll(&set, 1, Self.patience)) }) > 0 else { throw Silence() }
      var chunk = [UInt8](repeating: 0, count: 65_536)
      let count = retryingInterrupts { chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) } }
      return Array(chunk[..<max(0, count)])
    }
    received.withLock { received in
      received.bytes.removeSubrange(..<received.head)
      received.head = 0
      received.bytes.append(contentsOf: chunk)
    }
    return !chunk.isEmpty
  }
}

extension [UInt8] {
  /// How far the next line feed is away. The plain search is slow without optimisation, which is how tests run.
  fileprivate func lineLength(from start: Int) -> Int? {
    withUnsafeBytes { bytes in
      guard let first = bytes.baseAddress?.advanced(by: start), start < bytes.count else { return nil }
      return memchr(first, 0x0A, bytes.count - start).map { UnsafeRawPointer($0) - first }
    }
  }
}
