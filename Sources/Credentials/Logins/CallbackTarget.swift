internal import Completion
internal import HTTP
internal import JSON

/// Where a browser comes back to: `http://localhost:1455/auth/callback`. Port 0 is any that is free; `{state}` in the
/// path stands for the login's state, for servers that do not send it back.
struct RedirectAddress: Sendable {
  private let origin: String
  let port: Int
  private let path: String

  /// `nil` unless `text` is an address of this machine with a port and a path.
  init?(_ text: String) {
    guard let origin = ["http://localhost:", "http://127.0.0.1:"].first(where: text.hasPrefix) else { return nil }
    let rest = text.dropFirst(origin.count)
    guard let slash = rest.firstIndex(of: "/"), let port = Int(rest[..<slash]), (0...65535).contains(port) else {
      return nil
    }
    (self.origin, self.port, path) = (origin, port, String(rest[slash...]))
  }

  var statesInPath: Bool { path.contains("{state}") }

  func path(state: String) -> String { path.replacing("{state}", with: state) }

  /// The whole address, with the port that is listened on.
  func url(port: Int, state: String) -> String { "\(origin)\(port)\(path(state: state))" }
}

/// What must come back to a login, and how it is told from what must not.
struct CallbackTarget: Sendable {
  let provider: String
  let path: String
  let state: String
  /// Whether the path alone says whose login it is.
  let statesInPath: Bool

  /// Something that is no answer to this login, in words for the person.
  struct Mistake: Error { let message: String }
  typealias Outcome = Result<Secret, ProviderError>

  /// The code that a browser brings to `target`, a path with a query; a failure that the server reports is an outcome
  /// too.
  func outcome(ofTarget target: some StringProtocol) throws(Mistake) -> Outcome {
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts[0] == path else { throw Mistake(message: "that address belongs to another login") }
    return try outcome(ofQuery: parts.count > 1 ? parts[1].prefix { $0 != "#" } : "")
  }

  /// The code in what a person has pasted: the whole address the browser ended at, its query, `code#state`, or the code
  /// alone.
  func outcome(ofPasted text: String) throws(Mistake) -> Outcome {
    let text = text.trimmed
    if let scheme = text.firstRange(of: "://") {
      let rest = text[scheme.upperBound...]
      let query = rest.firstIndex(of: "?").map { rest[rest.index(after: $0)...].prefix { $0 != "#" } } ?? ""
      if statesInPath, let slash = rest.firstIndex(of: "/") { return try outcome(ofTarget: rest[slash...]) }
      return try outcome(ofQuery: query)
    }
    let query = text.first == "?" ? text.dropFirst() : text[...]
    if ["code=", "state=", "error="].contains(where: query.hasPrefix) { return try outcome(ofQuery: query) }
    let parts = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 2 { try check(state: String(parts[1])) }
    return .success(try code(parts.first.map(String.init)))
  }

  private func outcome(ofQuery query: some StringProtocol) throws(Mistake) -> Outcome {
    let fields = formDecoded(query)
    if !statesInPath { try check(state: fields["state"]) }
    guard fields["error"] == nil else {
      let answer = LoginAnswer(status: 0, json: ["error": .string(fields["error"] ?? "")])
      let isDenial = answer.errorCode == "access_denied"
      let what = isDenial ? "the login was denied" : "\(provider) refused the login"
      let detail = isDenial ? "" : answer.errorCode.map { ": \"\($0)\"" } ?? ""
      var error = ProviderError.loginFailed(provider, what + detail)
      error.upstreamCode = answer.errorCode
      return .failure(error)
    }
    return .success(try code(fields["code"]))
  }

  private func check(state: String?) throws(Mistake) {
    guard let state, !state.isEmpty else { throw Mistake(message: "that does not say which login it belongs to") }
    guard state == self.state else { throw Mistake(message: "that belongs to another login") }
  }

  private func code(_ text: String?) throws(Mistake) -> Secret {
    guard let text, TokenGrant.isSound(text) else { throw Mistake(message: "that holds no code") }
    return Secret(text)
  }
}
