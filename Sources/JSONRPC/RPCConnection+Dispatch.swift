internal import JSON
internal import Synchronization

/// From a frame to a response.
extension RPCConnection {
  /// Deals with what came in; `false` when it was a message that is no JSON.
  func receive(_ frame: MessageFramer.Frame) -> Bool {
    switch frame {
    case .tooLong: refuse(.invalidRequest("a message must not be longer than \(limits.maxMessageBytes) bytes"))
    case .broken(let reason): refuse(.parse(reason))
    case .message(let bytes):
      do throws(JSONError) {
        receive(try JSONValue(parsing: bytes))
      } catch {
        refuse(.parse(error.description))
        return false
      }
    }
    return true
  }

  private func receive(_ value: JSONValue) {
    guard let elements = value.array else { return dispatch(IncomingMessage(value), .client) }
    guard !elements.isEmpty else { return refuse(.invalidRequest("a batch must not be empty")) }
    guard elements.count <= limits.maxBatch else {
      return refuse(.invalidRequest("a batch must not have more than \(limits.maxBatch) elements"))
    }
    let messages = elements.map(IncomingMessage.init)
    let reply = BatchReply(count: messages.count(where: \.isAnswered))
    var slot = 0
    for message in messages {
      dispatch(message, .batch(reply, slot: slot))
      if message.isAnswered { slot += 1 }
    }
  }

  /// Answers something that had no usable id.
  private func refuse(_ error: RPCError) { respond(to: nil, .failure(error), .client) }

  private func dispatch(_ message: IncomingMessage, _ address: ReplyAddress) {
    switch message {
    case .call(let id, let method, let params):
      let call = RPCCall(id: id, method: method, params: params, connection: self)
      begin(call, address)
    case .notification("$/cancelRequest", let params):
      if let id = RPCID(params?["id"]) { calls.withLock { $0.cancel(id) }?.cancel() }
    case .notification(let method, let params): service.notification(method, params, from: self)
    case .response(.string(let id), let outcome):
      requests.withLock { $0.take(id) }?.resume(returning: outcome)
    case .invalid(let id, let error): respond(to: id, .failure(error), address)
    case .response, .ignored: break
    }
  }

  private func begin(_ call: RPCCall, _ address: ReplyAddress) {
    let id = call.id
    if let answer = service.answerAtOnce(call) { return respond(to: id, answer, address) }
    guard calls.withLock({ $0.begin(id) }) else {
      return respond(to: id, .failure(.invalidRequest("id \(id) is in flight already")), address)
    }
    let work = service.prepare(call)
    // Every call is a root: it outlives this function, and `finished()` waits for it.
    let task = Task { await self.perform(work, id, address) }
    if calls.withLock({ $0.attach(task, to: id) }) { task.cancel() }
  }

  private func perform(
    _ work: @Sendable () async throws(RPCError) -> JSONValue, _ id: RPCID, _ address: ReplyAddress
  ) async {
    let result: Result<JSONValue, RPCError>
    do throws(RPCError) {
      result = .success(try await work())
    } catch {
      let isOwn = error.code == RPCError.Code.cancelled
      result = .failure(Task.isCancelled && !isOwn ? .cancelled : error)
    }
    calls.withLock { $0.release(id) }
    respond(to: id, result, address)
    if calls.withLock({ $0.end() }) { wake.signal() }
  }

  private func respond(to id: RPCID?, _ result: Result<JSONValue, RPCError>, _ address: ReplyAddress) {
    switch address {
    case .client:
      outbox.send { batch in batch.appendMessage { $0.append(responseTo: id, result) } }
    case .batch(let reply, let slot):
      var response: [UInt8] = []
      response.append(responseTo: id, result)
      guard let text = reply.put(response, at: slot) else { return }
      outbox.send { batch in batch.appendMessage { $0.append(contentsOf: text) } }
    }
  }
}
