internal import CCurl
internal import Platform
internal import Synchronization

/// One exchange: the state that the libcurl thread and the reader share, and libcurl's handle for it.
final class Transfer: Sendable {
  let request: HTTPRequest
  let settings: TransferSettings
  let url: RequestURL
  private let client: HTTPClient
  private let loop: CurlLoop
  private let state: Mutex<TransferState>

  // Safe: made, used and freed on the libcurl thread alone, by `HTTPClient`, whose executor that is.
  nonisolated(unsafe) var easy: UnsafeMutableRawPointer?
  // Safe: as `easy`, which it is set on and freed after.
  nonisolated(unsafe) var headerList: UnsafeMutablePointer<curl_slist>?
  // Safe: as `easy`; libcurl writes to it only while it performs, on that thread.
  nonisolated(unsafe) var errorText: UnsafeMutablePointer<CChar>?
  // Safe: fed by libcurl's header callback and nobody else, on that thread.
  nonisolated(unsafe) var headReader = ResponseHeadReader()

  /// Checks `request`; throws `badURL` or `badHeader`.
  init(_ request: HTTPRequest, _ settings: TransferSettings, client: HTTPClient, loop: CurlLoop) throws(HTTPError) {
    url = try RequestURL(request.url)
    try request.checkHeaders()
    self.request = request
    self.settings = settings
    self.client = client
    self.loop = loop
    state = Mutex(
      TransferState(clock: PhaseClock(request.timeouts, now: loop.clock.now()), keepLimit: settings.keptBody))
  }

  var isOver: Bool { state.withLock(\.isOver) }
  var deadline: Int64 { state.withLock(\.clock.deadline) }
  func overdue(at now: Int64) -> HTTPError.Phase? { state.withLock { $0.clock.expired(at: now) } }

  // MARK: From the reader, on any thread

  func head() async throws(HTTPError) -> ResponseHead {
    while true {
      if let head = state.withLock({ $0.takeHead() }) { return try head.get() }
      await wait()
    }
  }

  func next() async throws(HTTPError) -> [UInt8]? {
    while true {
      switch state.withLock({ $0.take() }) {
      case .bytes(let bytes, let mustResumeTransfer):
        if mustResumeTransfer { loop.run { self.client.assumeIsolated { $0.resume(self) } } }
        return bytes
      case .end: return nil
      case .failed(let error): throw error
      case .nothing: await wait()
      }
    }
  }

  func noteProgress(isContent: Bool) {
    let now = loop.clock.now()
    state.withLock { $0.clock.progressed(at: now, isContent: isContent) }
  }

  func expectEnd(withinMs milliseconds: Int) {
    let now = loop.clock.now()
    state.withLock { $0.clock.expectEnd(withinMs: milliseconds, at: now) }
  }

  /// Ends the exchange from the reader's side; nothing happens when it is over already.
  func abandon() {
    finish(.cancelled)
    loop.run { self.client.assumeIsolated { $0.release(self) } }
  }

  /// Returns when there may be news. A child task of the reader's may wait too, so each wait heeds cancellation.
  private func wait() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { reader in
        switch state.withLock({ $0.wait(reader, now: loop.clock.now()) }) {
        case .waits(let deadline): loop.look(at: deadline)
        case .goesOn(let reader): reader.resume()
        }
      }
    } onCancel: {
      abandon()
    }
  }

  /// How the exchange went, once it is over.
  func report(failure: (any Error)?) -> ExchangeReport {
    let now = loop.clock.now()
    return state.withLock { state in
      let timing = state.clock.timing(end: now)
      return ExchangeReport(
        request: request, status: state.head?.status, headers: state.head?.headers ?? [],
        connectMs: timing.connectMs, headMs: state.head?.timing.headMs, contentMs: timing.contentMs,
        totalMs: timing.totalMs, bodySize: state.bodySize, body: state.kept, failure: failure)
    }
  }

  // MARK: From the libcurl thread

  func finish(_ failure: HTTPError?) {
    let now = loop.clock.now()
    state.withLock { $0.finish(failure, now: now) }?.resume()
  }

  func noteConnected() {
    let now = loop.clock.now()
    loop.look(
      at: state.withLock { state in
        state.clock.connected(at: now)
        return state.clock.deadline
      })
  }

  /// Returns whether libcurl shall go on.
  func receiveHeader(_ line: UnsafeRawBufferPointer) -> Bool {
    switch headReader.read(line) {
    case .more: return true
    case .tooLarge: return false
    case .complete(let head):
      let now = loop.clock.now()
      state.withLock { $0.receive(head, now: now) }?.resume()
      return true
    }
  }

  /// Returns whether the bytes were taken; libcurl keeps them and pauses when not.
  func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
    switch state.withLock({ $0.receive(bytes, now: loop.clock.now) }) {
    case .taken(let reader):
      reader?.resume()
      return true
    case .full: return false
    }
  }
}
