internal import Completion
internal import HTTP
package import JSON
internal import Platform
internal import Synchronization

/// What a client of an `AuthorizationServer` has to send.
package struct AuthorizationRules: Sendable {
  package var clientId = "client-1"
  /// All scopes, joined with spaces; `nil` when none may be sent.
  package var scope: String?
  /// The address to come back to, without its port; `https` ones with everything.
  package var redirects: [String] = []
  /// Further parameters of the page to open.
  package var parameters: [String: String] = [:]
  /// Whether the bodies for tokens are JSON; else they are forms.
  package var isJSON = false
  /// Whether the redemption of a code repeats the state.
  package var repeatsState = false
  /// Whether the state must be the verifier.
  package var stateIsVerifier = false
  /// Headers that every request must have, by their names in lower case.
  package var headers: [String: String] = [:]
  /// The account that tokens name.
  package var account: String?
  /// Whether a refresh gives a new refresh token and makes the old one worthless.
  package var rotates = true
  /// What `models` answers.
  package var models: [JSONValue] = []

  /// Rules for one program.
  package init() {}
}

/// An answer to the question whether a code was typed in.
package enum DeviceAnswer: Sendable {
  /// An OAuth error, and the interval to keep to, if the server names one.
  case error(String, interval: Int? = nil)
  /// A status without a reason.
  case status(Int)
  /// The connection breaks.
  case reset
  /// The person has typed it in.
  case grant
}

/// A strict authorization server for tests: OAuth codes with PKCE, device codes, keys, and GitHub's exchange. Whatever it
/// does not like it refuses, and keeps in `complaints`.
///
/// `/token`, `/device`, `/revoke`; `/usercode` and `/poll` for codes in ChatGPT's manner; `/keys` in OpenRouter's;
/// `/{domain}/exchange`, `/models` and `/models/{id}/policy` in GitHub's. The page at `/authorize` is `approve` and
/// `deny`.
package final class AuthorizationServer: Sendable {
  struct Code {
    var challenge: String
    var redirect: String
    var state: String?
    var isUsed = false
  }

  struct State {
    var complaints: [String] = []
    var codes: [String: Code] = [:]
    var refreshTokens: Set<String> = []
    var revoked: [String] = []
    var enabledModels: [String] = []
    var issued = 0
    var polls: [DeviceAnswer] = []
    var interval = 5
    var lastPoll: Int?
    var overrides: [String: [(status: Int, body: JSONValue)]] = [:]
  }

  let rules: AuthorizationRules
  let now: @Sendable () -> Int
  let state = Mutex(State())
  private let upstream: Upstream

  /// A server whose time in milliseconds is `now`, which is what the intervals of device codes are checked against.
  package init(_ rules: AuthorizationRules = .init(), now: @escaping @Sendable () -> Int) throws {
    self.rules = rules
    self.now = now
    let box = OwnerBox()
    upstream = try Upstream { request, exchange in try box.server?.answer(request, exchange) }
    box.server = self
  }

  /// `http://127.0.0.1:PORT`.
  package var url: String { upstream.url }
  /// What clients did wrong.
  package var complaints: [String] { state.withLock(\.complaints) }
  /// The tokens that were revoked.
  package var revoked: [String] { state.withLock(\.revoked) }
  /// The models that were enabled.
  package var enabledModels: [String] { state.withLock(\.enabledModels) }
  /// The requests so far.
  package var requests: [Request] { upstream.requests }

  /// Has the next device code polled with these answers in turn.
  package func script(_ answers: [DeviceAnswer]) { state.withLock { $0.polls = answers } }

  /// Has the next request to `path` answered with `status` and `body`, whatever it says.
  package func override(_ path: String, status: Int, _ body: JSONValue = [:]) {
    state.withLock { $0.overrides[path, default: []].append((status, body)) }
  }

  // MARK: The page

  /// The person logs in at `page`; returns where the browser is sent to, or the page's complaint.
  package func approve(_ page: String) -> String? { visit(page) { code, _ in ["code": code] } }

  /// The person declines.
  package func deny(_ page: String) -> String? { visit(page) { _, _ in ["error": "access_denied"] } }

  private func visit(_ page: String, _ outcome: (String, String?) -> [String: String]) -> String? {
    let parts = page.split(separator: "?", maxSplits: 1).map(String.init)
    let fields = parts.count == 2 ? Self.fields(parts[1]) : [:]
    let isKey = fields["callback_url"] != nil
    let redirect = fields[isKey ? "callback_url" : "redirect_uri"] ?? ""
    var expected = isKey ? [:] : rules.parameters
    if !isKey {
      expected.merge(["response_type": "code", "client_id": rules.clientId]) { $1 }
      if let scope = rules.scope { expected["scope"] = scope }
    }
    expected["code_challenge_method"] = "S256"
    let free = isKey ? ["callback_url", "code_challenge"] : ["redirect_uri", "code_challenge", "state"]
    complain(parts[0] != "\(url)/authorize", "the page is \(parts[0])")
    complain(Set(fields.keys) != Set(expected.keys).union(free), "the page has \(fields.keys.sorted())")
    for (name, value) in expected {
      complain(fields[name] != value, "the page's \(name) is \(fields[name] ?? "absent")")
    }
    complain(!rules.redirects.contains(Self.withoutPort(redirect)), "the page's address to return to is \(redirect)")
    complain(fields["code_challenge"]?.utf8.count != 43, "the page's challenge is no SHA-256")
    complain(!isKey && (fields["state"] ?? "").utf8.count < 16, "the page's state can be guessed")
    guard complaints.isEmpty else { return nil }
    let code = "c/\(issue("code"))+%"
    state.withLock {
      $0.codes[code] = Code(challenge: fields["code_challenge"] ?? "", redirect: redirect, state: fields["state"])
    }
    var answer = outcome(code, fields["state"])
    if !isKey { answer["state"] = fields["state"] }
    return redirect + "?"
      + answer.sorted { $0.key < $1.key }.map { "\($0)=\($1.percentEncoded())" }.joined(separator: "&")
  }

  /// The path alone, and the port, change from login to login.
  private static func withoutPort(_ url: String) -> String {
    guard url.hasPrefix("http://") else { return url }
    let rest = url.dropFirst("http://".count)
    let host = rest.prefix { $0 != ":" && $0 != "/" }
    let path = rest.firstIndex(of: "/").map { rest[$0...] } ?? ""
    // The last part of a path may be the state.
    return "http://\(host)" + path.split(separator: "/").map { $0.utf8.count >= 32 ? "/*" : "/\($0)" }.joined()
  }

  // MARK: What all answers need

  func complain(_ isWrong: Bool, _ what: String) {
    if isWrong { state.withLock { $0.complaints.append(what) } }
  }

  /// A new text, never the same twice.
  func issue(_ kind: String) -> String {
    state.withLock { state in
      state.issued += 1
      return "\(kind)-\(state.issued)-S3CRET"
    }
  }

  static func fields(_ text: String) -> [String: String] {
    Dictionary(
      text.split(separator: "&").map { pair in
        let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        return (parts[0].percentDecoded, parts.count > 1 ? parts[1].percentDecoded : "")
      }
    ) { $0 + "," + $1 }
  }

  /// The fields of a body in the format it must have.
  func fields(of request: Request, isJSON: Bool) -> [String: String] {
    let type = isJSON ? "application/json" : "application/x-www-form-urlencoded"
    complain(request.method != "POST", "\(request.path) was asked with \(request.method)")
    complain(request.header("content-type") != type, "\(request.path) was sent \(request.header("content-type") ?? "")")
    guard isJSON else { return Self.fields(String(decoding: request.body, as: UTF8.self)) }
    return (request.json?.object ?? [:]).reduce(into: [:]) { $0[$1.key] = $1.value.string ?? $1.value.text }
  }

  /// Whether `fields` are exactly `expected`, where `nil` stands for anything.
  func check(_ path: String, _ fields: [String: String], _ expected: [String: String?]) -> Bool {
    let isRight =
      Set(fields.keys) == Set(expected.keys)
      && expected.allSatisfy { name, value in value.map { $0 == fields[name] } ?? true }
    complain(!isRight, "\(path) was sent \(fields)")
    return isRight
  }

  func nextOverride(_ path: String) -> (status: Int, body: JSONValue)? {
    state.withLock { state in
      guard state.overrides[path]?.isEmpty == false else { return nil }
      return state.overrides[path]?.removeFirst()
    }
  }
}

/// Lets the server's threads find it without keeping it.
private final class OwnerBox: Sendable {
  private struct Weak: Sendable { weak var server: AuthorizationServer? }
  private let owner = Mutex(Weak())

  var server: AuthorizationServer? {
    get { owner.withLock(\.server) }
    set { owner.withLock { $0.server = newValue } }
  }
}
