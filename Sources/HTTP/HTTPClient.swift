internal import CCurl
package import Platform

/// An HTTP client over one libcurl multi handle. Every stored property is confined to the one libcurl thread, which is
/// the actor's executor and is started by the first request.
///
/// Redirects are never followed, for that would carry the key in the headers elsewhere: they throw `redirect`.
/// Concurrent requests to a host use a connection each, or share one when the server speaks HTTP/2; idle ones are kept.
package actor HTTPClient {
  private let loop: CurlLoop
  private let settings: TransferSettings
  private let environment: Environment
  private let observer: (@Sendable (ExchangeReport) -> Void)?
  private lazy var authorities = CertificateAuthorities(environment)
  private var transfers: [UnsafeMutableRawPointer: Transfer] = [:]

  nonisolated package var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  /// A client that takes its proxies and certificate authorities from `environment` (see `ProxySettings` and
  /// `CertificateAuthorities`) and calls itself `userAgent` unless a request has that header. `observer` is told of every
  /// exchange once it is over, in the task that made it, with the first `keptBody` bytes of the response's body.
  package init(
    environment: Environment = .process, clock: MonotonicClock = .system, userAgent: String, keptBody: Int = 0,
    observer: (@Sendable (ExchangeReport) -> Void)? = nil
  ) {
    loop = CurlLoop(clock: clock)
    settings = TransferSettings(
      userAgent: userAgent, proxies: ProxySettings(environment), keptBody: observer == nil ? 0 : keptBody)
    self.environment = environment
    self.observer = observer
    loop.attach(self)
  }

  deinit { loop.stop() }

  /// Sends `request` and passes the response to `body` once its head has come. The exchange is over when this returns:
  /// what `body` did not read is dropped and its connection closed. Cancelling the task does the same at once.
  ///
  /// `body` runs on the libcurl thread unless it belongs to an actor with an executor of its own, so it must not block.
  /// Throws `HTTPError`, or what `body` throws.
  nonisolated package func withResponse<Value: Sendable>(
    to request: HTTPRequest, _ body: (HTTPResponse) async throws -> Value
  ) async throws -> Value {
    try await CurlLibrary.load()
    let transfer = try Transfer(request, settings, client: self, loop: loop)
    return try await withTaskExecutorPreference(loop) {
      try await withTaskCancellationHandler {
        do {
          let value = try await body(try await open(transfer))
          await release(transfer)
          observer?(transfer.report(failure: nil))
          return value
        } catch {
          await release(transfer)
          observer?(transfer.report(failure: error))
          throw error
        }
      } onCancel: {
        transfer.abandon()
      }
    }
  }

  /// Has `flush` called on the libcurl thread after each turn in which readers ran, so that what several of them wrote
  /// can leave in one piece. It must neither block nor call the client.
  nonisolated package func afterEachTurn(_ flush: @escaping @Sendable () -> Void) { loop.afterEachTurn(flush) }

  /// How many exchanges libcurl is working on.
  package var inFlightCount: Int { transfers.count }

  nonisolated private func open(_ transfer: Transfer) async throws(HTTPError) -> HTTPResponse {
    await start(transfer)
    let head = try await transfer.head()
    if (301...308).contains(head.status), let location = head.headers.first(where: { $0.0 == "location" })?.1 {
      throw .redirect(to: RequestURL.withoutSecrets(location, relativeTo: transfer.request.url))
    }
    return HTTPResponse(
      status: head.status, headers: head.headers, timing: head.timing, body: .init(transfer: transfer))
  }

  // MARK: On the libcurl thread

  private func start(_ transfer: Transfer) {
    guard !transfer.isOver, let multi = loop.multi else { return }
    guard let easy = transfer.makeHandle(authorities) else {
      return transfer.finish(.transport(code: Int(CURLE_OUT_OF_MEMORY.rawValue), message: "out of memory"))
    }
    transfers[easy] = transfer
    ccurl_multi_add_handle(multi, easy)
    loop.look(at: transfer.deadline)
  }

  /// Takes the exchange from libcurl, which closes the connection of one that is not over.
  func release(_ transfer: Transfer) {
    guard let easy = transfer.easy, transfers.removeValue(forKey: easy) != nil else { return }
    ccurl_multi_remove_handle(loop.multi, easy)
    transfer.destroyHandle()
  }

  /// Lets libcurl go on after the buffer of the exchange was full.
  func resume(_ transfer: Transfer) {
    guard let easy = transfer.easy, transfers[easy] != nil else { return }
    ccurl_easy_pause(easy, CURLPAUSE_CONT)
  }

  private func end(_ easy: UnsafeMutableRawPointer, _ code: CURLcode) {
    guard let transfer = transfers[easy] else { return }
    let failure = transfer.failure(code)
    release(transfer)
    transfer.finish(failure)
  }

  private func endAll(_ failure: HTTPError) {
    for transfer in Array(transfers.values) {
      release(transfer)
      transfer.finish(failure)
    }
  }

  private func endOverdue(now: Int64) -> Int64 {
    var nearest = PhaseClock.never
    for transfer in Array(transfers.values) {
      if let phase = transfer.overdue(at: now) {
        release(transfer)
        transfer.finish(.timeout(phase))
      } else {
        nearest = min(nearest, transfer.deadline)
      }
    }
    return nearest
  }
}

extension HTTPClient: CurlLoop.Delegate {
  nonisolated func transferEnded(_ easy: UnsafeMutableRawPointer, _ code: CURLcode) {
    // Safe: the loop calls this on its own thread, which is the actor's executor, so the pointer crosses nothing.
    nonisolated(unsafe) let easy = easy
    assumeIsolated { $0.end(easy, code) }
  }

  nonisolated func machineSlept(milliseconds: Int) {
    assumeIsolated { $0.endAll(.suspended(ms: milliseconds)) }
  }

  nonisolated func endOverdueTransfers(now: Int64) -> Int64 { assumeIsolated { $0.endOverdue(now: now) } }
}
