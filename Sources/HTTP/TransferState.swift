/// The status line and the headers of a response.
struct ResponseHead {
  var status: Int
  /// In the order they came; the names in lower case.
  var headers: [(String, String)]
  var timing = HTTPResponse.Timing(connectMs: 0, headMs: 0)
}

/// What the loop thread and the one reader of an exchange share, as a pure state machine. Every method says what its
/// caller must do once it has released the lock; none blocks or resumes anybody.
struct TransferState {
  typealias Reader = CheckedContinuation<Void, Never>

  /// Received bytes that may wait for the reader. Beyond it libcurl is told to stop reading from the socket.
  static let highWatermark = 256 * 1024

  enum Taken {
    case bytes([UInt8], mustResumeTransfer: Bool)
    case end
    case failed(HTTPError)
    /// Nothing yet: call `wait`.
    case nothing
  }

  enum Offered { case taken(wake: Reader?), full }

  enum Waiting {
    /// The reader was kept; the loop must look again at `deadline`.
    case waits(deadline: Int64)
    /// There is something after all, so the reader must be resumed.
    case goesOn(Reader)
  }

  private(set) var head: ResponseHead?
  private var buffer: [UInt8] = []
  private var isPaused = false
  private var end: Result<Void, HTTPError>?
  private var reader: Reader?
  private var hasReadHead = false
  var clock: PhaseClock
  /// How many bytes of the body have come, as they are after decompression.
  private(set) var bodySize = 0
  /// The beginning of the body, for whoever observes the exchange.
  private(set) var kept: [UInt8] = []
  private let keepLimit: Int

  /// An exchange of which at most `keepLimit` bytes are kept for its report.
  init(clock: PhaseClock, keepLimit: Int = 0) {
    self.clock = clock
    self.keepLimit = keepLimit
  }

  /// Whether the exchange is over, well or badly.
  var isOver: Bool { end != nil }

  // MARK: From the loop thread

  mutating func receive(_ head: ResponseHead, now: Int64) -> Reader? {
    self.head = head
    self.head?.timing = clock.timing(head: now)
    return wake(now)
  }

  mutating func receive(_ bytes: UnsafeRawBufferPointer, now: () -> Int64) -> Offered {
    guard buffer.count < Self.highWatermark else {
      isPaused = true
      return .full
    }
    buffer.append(contentsOf: bytes)
    bodySize += bytes.count
    if kept.count < keepLimit { kept += bytes.prefix(keepLimit - kept.count) }
    return .taken(wake: reader == nil ? nil : wake(now()))
  }

  /// Ends the exchange; only the first end counts. Bytes that came before a failure are still read, except when it was
  /// the reader who gave up.
  mutating func finish(_ failure: HTTPError?, now: Int64) -> Reader? {
    guard end == nil else { return nil }
    end = failure.map(Result.failure) ?? .success(())
    if failure == .cancelled { buffer = [] }
    return wake(now)
  }

  // MARK: From the reader

  /// The head, or why there will be none; `nil` while it is still to come.
  mutating func takeHead() -> Result<ResponseHead, HTTPError>? {
    if case .failure(.cancelled) = end { return .failure(.cancelled) }
    if let head {
      hasReadHead = true
      return .success(head)
    }
    return end.map { end in
      switch end {
      case .failure(let error): .failure(error)
      // libcurl takes a head that stops before its empty line for a good one.
      case .success: .failure(.reset("the server closed the connection inside the response's head"))
      }
    }
  }

  mutating func take() -> Taken {
    if !buffer.isEmpty {
      defer {
        buffer = []
        isPaused = false
      }
      return .bytes(buffer, mustResumeTransfer: isPaused)
    }
    switch end {
    case nil: return .nothing
    case .success: return .end
    case .failure(let error): return .failed(error)
    }
  }

  mutating func wait(_ reader: Reader, now: Int64) -> Waiting {
    let hasNews = hasReadHead ? !buffer.isEmpty : head != nil
    if hasNews || isOver { return .goesOn(reader) }
    precondition(self.reader == nil, "a response has one reader at a time")
    self.reader = reader
    clock.start(at: now)
    return .waits(deadline: clock.deadline)
  }

  private mutating func wake(_ now: Int64) -> Reader? {
    clock.stop(at: now)
    return reader.take()
  }
}
