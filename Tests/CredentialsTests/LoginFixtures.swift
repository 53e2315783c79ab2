import Catalog
import Completion
import Credentials
import HTTP
import JSON
import Platform
import Synchronization
import TestSupport
import Testing
import Upstream

/// The flow of a provider that ships, with `changes` laid over its entry as the config file would.
func flow(_ provider: String, _ changes: JSONObject) throws -> any LoginFlow {
  var spec = try #require(try ShippedCatalog.load().providers.first { $0.id == provider }?.login)
  spec.merge(changes)
  return try LoginFlows.flow(spec, provider: provider)
}

/// Time that passes only when somebody waits. Ten minutes never pass unless the gate is opened: that is how long a
/// login waits for a person.
final class LoginClock: Sendable {
  private let state = Mutex((now: 1_000_000, slept: [Int]()))
  let tenMinutes = Gate()

  var now: Int { state.withLock(\.now) }
  /// What was slept, in seconds.
  var slept: [Int] { state.withLock(\.slept) }

  func pass(_ duration: Duration) async throws {
    if duration == .seconds(600) { return try await tenMinutes.opened() }
    try Task.checkCancellation()
    state.withLock { state in
      state.now += Int(duration.components.seconds) * 1000
      state.slept.append(Int(duration.components.seconds))
    }
  }
}

/// Somebody who logs in: does `visit` with what is shown, and pastes `pastes` in turn.
final class Person: LoginInteraction {
  private struct State {
    var shown: [LoginPrompt] = []
    var questions: [String] = []
    var pastes: [String]
    var visits: [Task<Void, any Error>] = []
  }

  private let state: Mutex<State>
  private let canPaste: Bool
  private let visit: (@Sendable (LoginPrompt, Person) async throws -> Void)?

  init(
    pastes: [String] = [], canPaste: Bool = true, visit: (@Sendable (LoginPrompt, Person) async throws -> Void)? = nil
  ) {
    state = Mutex(State(pastes: pastes))
    self.canPaste = canPaste
    self.visit = visit
  }

  var shown: [LoginPrompt] { state.withLock(\.shown) }
  var questions: [String] { state.withLock(\.questions) }
  func willPaste(_ text: String) { state.withLock { $0.pastes.append(text) } }

  func show(_ prompt: LoginPrompt) async {
    state.withLock { $0.shown.append(prompt) }
    guard let visit else { return }
    // What is to be pasted must be there before it is asked for.
    if prompt.kind == .pasteCode {
      do { try await visit(prompt, self) } catch { Issue.record(error) }
      return
    }
    let task = Task { try await visit(prompt, self) }
    state.withLock { $0.visits.append(task) }
  }

  func ask(_ message: String, secret: Bool) async throws(ProviderError) -> String {
    guard canPaste else { throw ProviderError(.unsupported, "nobody can be asked") }
    let text = state.withLock { state in
      state.questions.append(message)
      return state.pastes.isEmpty ? nil : state.pastes.removeFirst()
    }
    if let text { return text }
    do { try await Gate().opened() } catch { throw ProviderError(.cancelled, "nobody asks any more") }
    return ""
  }

  /// Returns when the visits are over; throws what went wrong in them.
  func finishVisits() async throws {
    for visit in state.withLock(\.visits) { try await visit.value }
  }
}

/// A server, a person and a clock.
struct LoginStage {
  let clock = LoginClock()
  let server: AuthorizationServer
  let http = HTTPClient(environment: Environment([:]), userAgent: "patchbay/test")

  init(_ rules: AuthorizationRules = .init()) throws {
    let clock = clock
    server = try AuthorizationServer(rules, now: { clock.now })
  }

  func context(_ person: Person, domain: String? = nil) -> LoginContext {
    let clock = clock
    return LoginContext(
      interaction: person, http: http, now: { clock.now }, pause: { try await clock.pass($0) }, domain: domain)
  }

  /// A person whose browser opens what is shown, logs in, and follows to where it is sent.
  func browsing() -> Person {
    let (server, http) = (server, http)
    return Person { prompt, _ in
      let url = try #require(server.approve(prompt.page()))
      #expect(try await http.page(url).status == 200)
    }
  }

  /// A person who pastes what `text` makes of the address that the browser ended at.
  func pasting(_ text: @escaping @Sendable (String) -> String = { $0 }) -> Person {
    let server = server
    return Person { prompt, person in person.willPaste(text(try #require(server.approve(prompt.page())))) }
  }

  /// A flow of the shipped provider against this server; `more` is laid over it.
  func flow(_ provider: String, _ more: JSONObject = [:]) throws -> any LoginFlow {
    let url = server.url
    var changes: JSONObject = ["tokenURL": .string("\(url)/token"), "clientId": "client-1"]
    switch provider {
    case "openai-codex":
      changes.merge([
        "authorizeURL": .string("\(url)/authorize"), "redirect": "http://localhost:0/auth/callback",
        "revokeURL": .string("\(url)/revoke"), "revokeFormat": "form",
        "device": ["codeURL": .string("\(url)/usercode"), "pollURL": .string("\(url)/poll")],
      ])
    case "anthropic":
      changes.merge(["authorizeURL": .string("\(url)/authorize"), "redirect": "http://localhost:0/callback"])
    case "openrouter":
      changes = ["authorizeURL": .string("\(url)/authorize"), "tokenURL": .string("\(url)/keys")]
    case "github-copilot":
      changes.merge([
        "deviceURL": .string("\(url)/device"), "exchangeURL": .string("\(url)/{domain}/exchange"),
        "baseURL": .string(url),
      ])
    default: changes.merge(["deviceURL": .string("\(url)/device")])
    }
    changes.merge(more)
    return try CredentialsTests.flow(provider, changes)
  }

  func loginError(
    _ flow: any LoginFlow, _ person: Person, _ method: LoginMethod = .oauth, domain: String? = nil
  ) async -> ProviderError? {
    do {
      _ = try await flow.login(method, context(person, domain: domain))
      return nil
    } catch {
      return error
    }
  }
}

extension AuthorizationRules {
  static var codex: AuthorizationRules {
    var rules = AuthorizationRules()
    rules.scope = "openid profile email offline_access"
    rules.redirects = ["http://localhost/auth/callback", "https://auth.openai.com/deviceauth/callback"]
    rules.parameters = [
      "id_token_add_organizations": "true", "codex_cli_simplified_flow": "true", "originator": "patchbay",
    ]
    rules.account = "account-7"
    return rules
  }

  static var anthropic: AuthorizationRules {
    var rules = AuthorizationRules()
    rules.scope =
      "org:create_api_key user:profile user:inference user:sessions:claude_code user:mcp_servers user:file_upload"
    rules.redirects = ["http://localhost/callback", "https://console.anthropic.com/oauth/code/callback"]
    rules.parameters = ["code": "true"]
    (rules.isJSON, rules.repeatsState, rules.stateIsVerifier) = (true, true, true)
    return rules
  }

  static var openrouter: AuthorizationRules {
    var rules = AuthorizationRules()
    rules.redirects = ["http://127.0.0.1/callback/*"]
    return rules
  }

  static var copilot: AuthorizationRules {
    var rules = AuthorizationRules()
    rules.scope = "read:user"
    rules.headers = [
      "user-agent": "GitHubCopilotChat/0.35.0", "editor-version": "vscode/1.107.0",
      "editor-plugin-version": "copilot-chat/0.35.0", "copilot-integration-id": "vscode-chat",
    ]
    return rules
  }
}

extension HTTPClient {
  /// What a browser would get.
  nonisolated func page(_ url: String, method: String = "GET") async throws -> (status: Int, text: String) {
    try await withResponse(to: HTTPRequest(method: method, url: url)) { response in
      (response.status, String(decoding: try await response.body.readAll(limit: 1 << 20), as: UTF8.self))
    }
  }
}

extension LoginPrompt {
  /// Where to go; nowhere that a server would take when the prompt does not say.
  func page() -> String { url ?? "" }
}

/// Whether somebody could listen at `port`.
func isFree(_ port: Int) -> Bool {
  guard let (socket, _) = try? Loopback.listen(port: port, backlog: 1) else { return false }
  close(socket)
  return true
}

/// The query's fields of a login's address or of where it leads.
func query(_ url: String) -> [String: String] {
  let text = url.split(separator: "?", maxSplits: 1).dropFirst().first ?? ""
  return Dictionary(
    text.split(separator: "&").map { pair in
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (String(parts[0]), parts[1].percentDecoded)
    }
  ) { first, _ in first }
}

/// The port that a login listens at, from its prompt.
func port(_ prompt: LoginPrompt) throws -> Int {
  let fields = query(prompt.page())
  let redirect = try #require(fields["redirect_uri"] ?? fields["callback_url"])
  return try #require(Int(redirect.split(separator: ":")[2].prefix { $0.isNumber }))
}
