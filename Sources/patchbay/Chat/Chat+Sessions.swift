internal import Completion
internal import Engine
internal import JSON
internal import Platform
internal import Server
internal import WireProtocol

/// Which conversation a chat is in, and who answers in it.
extension Chat {
  /// How many words of the first message name a session.
  private static let titleWords = 6

  func call(_ method: WireProtocol.Method, _ params: JSONObject = [:]) async throws(ProviderError) -> JSONValue {
    try await bench.client.call(method, .object(params))
  }

  /// Goes where the arguments say, or else where the last chat was, and says where that is.
  func begin(_ arguments: Arguments) async throws(ProviderError) {
    newSession = JSONObject()
    newSession.set("system", arguments["--system"].map(JSONValue.string))
    newSession["cwd"] = .string(workingDirectory())
    let wanted = arguments["--session"] ?? (arguments.has("--new") ? nil : files.lastSession)
    if let wanted { try await enter(wanted, mayBeNew: arguments["--session"] != nil) }
    if writer.isEmpty, let choice = await bench.engine.defaultChoice() {
      writer = "\(choice.provider)/\(choice.model ?? "")"
    }
    if arguments["--provider"] != nil || arguments["--model"] != nil {
      var params = JSONObject()
      params.set("provider", arguments["--provider"].map(JSONValue.string))
      params.set("model", arguments["--model"].map(JSONValue.string))
      try await choose(params)
    }
    guard terminal.isRaw else { return }
    greet()
  }

  /// Goes on with a session; with `mayBeNew`, a name that is not there is the next one's.
  func enter(_ reference: String, mayBeNew: Bool) async throws(ProviderError) {
    do throws(ProviderError) {
      let found = try await call(.getSession, ["session": .string(reference), "messages": true])
      session = found["id"]?.string
      name = found["name"]?.string
      writer = "\(found["provider"]?.string ?? "")/\(found["model"]?.string ?? "")"
      if let session { files.note(session: session) }
      if terminal.isRaw { showLastExchange(found["messages"]?.array ?? []) }
    } catch {
      guard error.kind == .sessionNotFound else { throw error }
      (session, name) = (nil, mayBeNew ? reference : nil)
    }
  }

  /// Leaves the session; the next message begins another.
  func leaveSession(for name: String?) { (session, self.name) = (nil, name) }

  /// Has another provider or model answer from here on.
  func choose(_ params: JSONObject) async throws(ProviderError) {
    var params = params
    if let session { params["session"] = .string(session) }
    if params["provider"] == nil {
      // A model by itself is one of the provider's that answers now, unless it names another.
      let model = params["model"]?.string ?? ""
      let named = model.firstIndex(of: "/").map { String(model[..<$0]) }
      params["provider"] = .string(named ?? provider)
      if let named { params["model"] = .string(String(model.dropFirst(named.count + 1))) }
    }
    let result = try await call(.switchProvider, params)
    writer = "\(result["provider"]?.string ?? "")/\(result["model"]?.string ?? "")"
    guard session == nil else { return }
    for field in ["provider", "model"] { newSession.set(field, result[field]) }
  }

  /// The provider that answers now, as far as it is known.
  var provider: String { String(writer.prefix { $0 != "/" }) }

  /// The session that a message belongs to; it is made for the first one.
  func sessionForMessage(_ text: String) async throws(ProviderError) -> String {
    if let session { return session }
    var params = newSession
    var title = name ?? Self.title(of: text)
    for number in 2...9 {
      params.set("name", title.isEmpty ? nil : .string(title))
      do throws(ProviderError) {
        return try await take(try await call(.createSession, params))
      } catch {
        guard name == nil, error.path == "name" else { throw error }
        title = number == 9 ? "" : "\(Self.title(of: text)) \(number)"
      }
    }
    return try await take(try await call(.createSession, params))
  }

  private func take(_ created: JSONValue) async throws(ProviderError) -> String {
    guard let id = created["id"]?.string else { throw ProviderError(.internal, "the session has no id") }
    (session, name) = (id, created["name"]?.string)
    files.note(session: id)
    return id
  }

  private static func title(of text: String) -> String {
    let words = text.split(whereSeparator: \.isWhitespace).prefix(titleWords).joined(separator: " ")
    return String(String.UnicodeScalarView(words.unicodeScalars.filter { $0.value >= 0x20 }).prefix(60))
  }

  // MARK: What a person sees of it

  private func greet() {
    let out = Terminal.error
    let place = session == nil ? "a new conversation" : "going on with \(name ?? "the last conversation")"
    let who = writer.isEmpty ? "" : " · \(writer)"
    out.line(out.styled(visible("patchbay chat: \(place)\(who) · /help lists the commands"), .dim))
  }

  private func showLastExchange(_ messages: [JSONValue]) {
    let out = Terminal.output
    let last = messages.lastIndex { $0["role"]?.string == "user" } ?? messages.endIndex
    for message in messages[last...] {
      let parts = message["content"]?.array ?? []
      let text = parts.filter { $0["type"]?.string == "text" }.compactMap { $0["text"]?.string }.joined()
      guard !text.isEmpty else { continue }
      let mark = message["role"]?.string == "user" ? Self.prompt : ""
      out.line(out.styled(visible(mark + text), .dim))
    }
  }
}
