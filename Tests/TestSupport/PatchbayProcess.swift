package import JSON
internal import Platform

/// The error a request was answered with.
package struct RPCError: Error, CustomStringConvertible, Sendable {
  /// The JSON-RPC code.
  package let code: Int
  /// The text for people.
  package let message: String
  /// `data`, with `kind` and more.
  package let data: JSONValue?

  init(_ error: JSONValue) {
    code = error["code"]?.int ?? 0
    message = error["message"]?.string ?? ""
    data = error["data"]
  }

  /// The kind that stands beside the code.
  package var kind: String? { data?["kind"]?.string }
  package var description: String { "error \(code) \(message) \(data?.text ?? "")" }
}

/// The built program, run as a client runs it: messages go in, messages come out, every one of them is kept.
package final class PatchbayProcess: Sendable {
  fileprivate struct State {
    var reader: MessageReader
    var messages: [JSONValue] = []
    var responses: [JSONValue: JSONValue] = [:]
    var methods: [JSONValue: String] = [:]
    var problems: [String] = []
    var nextId = 1
    var hasEnded = false
  }

  /// The process itself.
  package let child: ChildProcess
  /// Kept for as long as the program may write there: one that outlives its home makes it anew.
  private let home: TemporaryFolder
  private let framing: Framing
  private let monitor: Monitor<State>
  private let check: MessageCheck?

  /// Starts the program with nothing in its environment but `PATH`, a home of its own and `environment`.
  package init(
    home: TemporaryFolder, framing: Framing = .lines, arguments: [String] = ["serve"],
    environment: [String: String] = [:], check: MessageCheck? = checkByDocument
  ) throws {
    self.home = home
    self.framing = framing
    self.check = check
    let monitor = Monitor(State(reader: MessageReader(framing)))
    self.monitor = monitor
    child = try ChildProcess(
      Self.binary(), arguments, environment: Self.environment(home: home, environment),
      onOutput: { bytes in
        monitor.withLock { state in
          state.hasEnded = bytes.isEmpty
          for item in state.reader.read(bytes) { state.note(item, check) }
        }
      })
  }

  /// The environment a child of a test gets.
  package static func environment(home: TemporaryFolder, _ more: [String: String] = [:]) -> [String: String] {
    let fixed = ["PATH": Environment.process["PATH"] ?? "/usr/bin:/bin", "HOME": home.path, "PATCHBAY_HOME": home.path]
    return fixed.merging(more) { $1 }
  }

  /// The built program: `PATCHBAY_BINARY`, else the release build, else the debug build.
  package static func binary() throws(ChildFailure) -> String {
    let checkout = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    let built = ["release", "debug"].map { "\(checkout)/.build/\($0)/patchbay" }
    let candidates = Environment.process["PATCHBAY_BINARY"].map { [$0] } ?? built
    if let found = candidates.first(where: { access($0, X_OK) == 0 }) { return found }
    let places = candidates.joined(separator: " or ")
    throw ChildFailure("there is no program at \(places): build it with clients/shell/build")
  }

  // MARK: Sending

  /// Sends bytes as they are.
  package func sendRaw(_ bytes: [UInt8]) async { await child.write(bytes) }
  /// Sends text as it is.
  package func sendRaw(_ text: String) async { await child.write(Array(text.utf8)) }

  /// Sends a message as it is, and forgets it: nothing that answers it is checked either.
  package func sendUnchecked(_ message: JSONValue) async { await child.write(framing.frame(message.bytes)) }

  /// Sends several messages in one write. With `isSound: false` they may be wrong, and are not checked.
  package func sendTogether(_ messages: [JSONValue], isSound: Bool = true) async {
    for message in messages { note(sending: message, isSound ? check : nil) }
    await child.write(messages.flatMap { framing.frame($0.bytes) })
  }

  /// Sends a message.
  package func send(_ message: JSONValue, isSound: Bool = true) async {
    await sendTogether([message], isSound: isSound)
  }

  /// Sends a notification.
  package func notify(_ method: String, _ params: JSONValue = [:]) async {
    await send(["jsonrpc": "2.0", "method": .string(method), "params": params])
  }

  /// Answers a request of the server.
  package func answer(_ request: JSONValue, _ result: JSONValue) async {
    await sendUnchecked(["jsonrpc": "2.0", "id": request["id"] ?? .null, "result": result])
  }

  /// The next request of the server.
  package func serverRequest(_ method: String) async throws -> JSONValue {
    try await receive("the request \(method)") { $0["method"]?.string == method && $0["id"] != nil }
  }

  /// A request under an id that was not used yet, to be sent by the caller.
  package func makeRequest(_ method: String, _ params: JSONValue = [:]) -> (id: JSONValue, message: JSONValue) {
    let id = monitor.withLock { state in
      state.nextId += 1
      return JSONValue.int(state.nextId)
    }
    return (id, ["jsonrpc": "2.0", "id": id, "method": .string(method), "params": params])
  }

  /// Sends a request and gives its id.
  @discardableResult
  package func request(_ method: String, _ params: JSONValue = [:]) async -> JSONValue {
    let (id, message) = makeRequest(method, params)
    await send(message)
    return id
  }

  /// Sends a request and waits for its result; an error is thrown as `RPCError`.
  @discardableResult
  package func call(_ method: String, _ params: JSONValue = [:]) async throws -> JSONValue {
    try await result(of: await request(method, params))
  }

  /// Sends a request that ought to fail, unchecked, and waits for its error.
  package func callForError(_ method: String, _ params: JSONValue = [:]) async throws -> RPCError {
    let (id, message) = makeRequest(method, params)
    await send(message, isSound: false)
    return try await error(of: id)
  }

  /// The handshake, with the result of `initialize`.
  @discardableResult
  package func initialize(_ params: JSONValue = [:]) async throws -> JSONValue {
    try await call("initialize", params)
  }

  /// No more requests.
  package func closeInput() { child.closeInput() }

  private func note(sending message: JSONValue, _ check: MessageCheck?) {
    guard let method = message["method"]?.string else { return }
    let id = message["id"]
    let problem = check?(.params(of: method, message["params"]))
    monitor.withLock { state in
      if let id { state.methods[id] = method }
      if let problem { state.problems.append("sent \(message.text): \(problem)") }
    }
  }

  // MARK: Receiving

  /// Every message so far, in order of arrival.
  package var messages: [JSONValue] { monitor.withLock { $0.messages } }
  /// What broke the protocol: output that is no message, messages that do not fit the description.
  package var problems: [String] {
    monitor.withLock { state in
      let rest = state.reader.rest
      return state.problems + (rest.isEmpty || !child.hasEnded ? [] : ["ended within a message: \(quote(rest))"])
    }
  }

  /// The first message, from the `first`th on, that `isWanted`; it may have arrived already.
  package func receive(
    from first: Int = 0, _ what: String = "a message", where isWanted: @escaping @Sendable (JSONValue) -> Bool
  ) async throws -> JSONValue {
    try await wait(what) {
      var position = first
      return { state in
        while position < state.messages.count {
          let message = state.messages[position]
          position += 1
          if isWanted(message) { return message }
        }
        return nil
      }
    }
  }

  /// The message that answers request `id`.
  package func response(to id: JSONValue) async throws -> JSONValue {
    try await wait("a response to request \(id.text)") { { $0.responses[id] } }
  }

  /// What request `id` was answered with; an error is thrown as `RPCError`.
  package func result(of id: JSONValue) async throws -> JSONValue {
    let response = try await response(to: id)
    if let error = response["error"] { throw RPCError(error) }
    guard let result = response["result"] else { throw ChildFailure("neither result nor error: \(response.text)") }
    return result
  }

  /// The error that request `id` was answered with.
  package func error(of id: JSONValue) async throws -> RPCError {
    let response = try await response(to: id)
    guard let error = response["error"] else { throw ChildFailure("expected an error: \(response.text)") }
    return RPCError(error)
  }

  /// The next error without an id, from the `first`th message on.
  package func errorWithoutId(from first: Int = 0) async throws -> RPCError {
    let message = try await receive(from: first, "an error without id") { $0["id"]?.isNull == true }
    return RPCError(message["error"] ?? .null)
  }

  /// Waits until `count` responses, from the `first`th message on, are here, and gives them.
  package func answers(_ count: Int, from first: Int) async throws -> [JSONValue] {
    let last = try await wait("\(count) responses") {
      var (position, left) = (first, count)
      return { state in
        while left > 0, position < state.messages.count {
          if state.messages[position]["method"] == nil { left -= 1 }
          position += 1
        }
        return left == 0 ? .int(position) : .none
      }
    }
    return messages[first..<(last.int ?? first)].filter { $0["method"] == nil }
  }

  /// Waits until there are `count` messages, or each of the requests is answered, or no more is to come.
  package func waitForMessages(_ count: Int, orAnswersTo ids: [JSONValue]) async {
    await BlockingQueue.run { [monitor] in
      _ = monitor.wait(seconds: patience) { state in
        if state.messages.count >= count || state.hasEnded { return true }
        return ids.allSatisfy { state.responses[$0] != nil } ? true : nil
      }
    }
  }

  /// The `params` of every `streamDelta` of a completion so far.
  package func deltas(of completionId: JSONValue?) -> [JSONValue] {
    messages.lazy.filter { $0["method"] == "streamDelta" }.compactMap { $0["params"] }
      .filter { $0["completionId"] == completionId }
  }

  /// Waits until the process is gone and everything it said is here.
  package func waitForExit() async throws -> ChildProcess.Exit { try await child.waitForExit() }

  private func wait(
    _ what: String, _ makeSearch: @escaping @Sendable () -> (State) -> JSONValue?
  ) async throws -> JSONValue {
    let outcome = await BlockingQueue.run { [monitor] in
      let search = makeSearch()
      return monitor.wait(seconds: patience) { state -> (found: JSONValue?, ended: Bool)? in
        if let found = search(state) { return (found, false) }
        return state.hasEnded ? (nil, true) : nil
      }
    }
    if let found = outcome?.found { return found }
    let seen = messages.suffix(20).map(\.text).joined(separator: "\n")
    let why = outcome == nil ? "waited \(patience) s for \(what)" : "standard output ended without \(what)"
    throw ChildFailure("\(why); the last messages:\n\(seen)\n\(child.summary)")
  }
}

extension PatchbayProcess.State {
  /// Files what arrived.
  fileprivate mutating func note(_ item: MessageReader.Item, _ check: MessageCheck?) {
    switch item {
    case .garbage(let bytes): problems.append("not a message: \(quote(bytes))")
    case .message(.array(let batch)):
      messages.append(.array(batch))
      for message in batch { note(response: message, check) }
    case .message(let message):
      messages.append(message)
      note(response: message, check)
    }
  }

  private mutating func note(response message: JSONValue, _ check: MessageCheck?) {
    if message["jsonrpc"] != "2.0" { problems.append("no JSON-RPC 2.0: \(message.text)") }
    if let problem = problem(in: message, check) { problems.append("received \(message.text): \(problem)") }
    note(answer: message)
  }

  private func problem(in message: JSONValue, _ check: MessageCheck?) -> String? {
    if message["method"] != nil { return check?(message["id"] == nil ? .notification(message) : .request(message)) }
    guard let id = message["id"] else { return "neither a response nor a notification" }
    if let error = message["error"] { return check?(.error(of: methods[id], error)) }
    guard let result = message["result"] else { return "neither a result nor an error" }
    // What was sent as raw text is not known here.
    return methods[id].flatMap { check?(.result(of: $0, result)) }
  }

  private mutating func note(answer message: JSONValue) {
    guard message["method"] == nil, let id = message["id"], !id.isNull else { return }
    if responses[id] != nil, methods[id] != nil { problems.append("a second response to request \(id.text)") }
    responses[id] = message
  }
}

/// At most 200 bytes, as a person reads them.
private func quote(_ bytes: [UInt8]) -> String {
  JSONValue.string(String(decoding: bytes.prefix(200), as: UTF8.self)).text
}
