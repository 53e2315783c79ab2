import Completion
import Credentials
import HTTP
import JSON
import Platform
import TestSupport
import Testing
import Upstream

@Suite("Pasting what a browser shows", .timeLimit(.minutes(1)))
struct PastedCodeTests {
  static let forms: [(String, @Sendable (String) -> String)] = [
    ("the whole address", { $0 }), ("with space around", { "  \($0)\n" }), ("with a fragment", { $0 + "#_=_" }),
    ("the query", { String($0.split(separator: "?")[1]) }), ("with its mark", { "?" + $0.split(separator: "?")[1] }),
    ("code#state", { "\(query($0)["code"] ?? "")#\(query($0)["state"] ?? "")" }),
    ("the code alone", { query($0)["code"] ?? "" }),
  ]

  @Test("Every form is taken", arguments: forms.indices)
  func everyForm(index: Int) async throws {
    let stage = try LoginStage(.anthropic)
    let (server, form) = (stage.server, Self.forms[index].1)
    // Nobody can know the code before the login has begun, so the port is taken.
    let (socket, taken) = try Loopback.listen(port: 0, backlog: 1)
    defer { close(socket) }
    let person = stage.pasting(form)
    let spec: JSONObject = ["redirect": .string("http://localhost:\(taken)/callback"), "pasteRedirect": nil]
    let credential = try await stage.flow("anthropic", spec).login(.oauth, stage.context(person))
    #expect(credential.access == Secret("access-2-S3CRET"), "\(Self.forms[index].0)")
    #expect(server.complaints == [])
  }

  @Test("OpenRouter's address is known by its path", arguments: [true, false])
  func pathStates(isRight: Bool) async throws {
    let stage = try LoginStage(.openrouter)
    let (socket, taken) = try Loopback.listen(port: 0, backlog: 1)
    defer { close(socket) }
    let person = stage.pasting { url in isRight ? url : url.replacing("/callback/", with: "/callback/0") }
    for _ in 0..<(isRight ? 1 : 2) { person.willPaste("") }
    let spec: JSONObject = ["redirect": .string("http://127.0.0.1:\(taken)/callback/{state}")]
    let flow = try stage.flow("openrouter", spec)
    if isRight {
      #expect(try await flow.login(.oauth, stage.context(person)).access == Secret("sk-or-2-S3CRET"))
    } else {
      #expect(await stage.loginError(flow, person)?.kind == .loginFailed)
      #expect(stage.server.requests.isEmpty)
    }
  }

  @Test(
    "What belongs to another login is never redeemed, and after three of these it is over",
    arguments: [
      "code#another-state", "http://localhost:1/auth/callback?code=x&state=another", "code=x&state=another",
      "http://localhost:1/auth/callback?code=x", "http://localhost:1/auth/callback", "", "two words",
    ])
  func unfit(text: String) async throws {
    let stage = try LoginStage(.codex)
    let person = Person(pastes: [text, text, text])
    let error = await stage.loginError(try stage.flow("openai-codex"), person)
    #expect(error?.kind == .loginFailed)
    #expect(error?.message.contains("pasted") == true)
    #expect(person.questions.count == 3)
    #expect(person.questions.last?.contains("does not fit") == true)
    #expect(stage.server.requests.isEmpty)
  }

  @Test("A code that was redeemed before is refused, and the error does not repeat it")
  func reused() async throws {
    let stage = try LoginStage(.codex)
    let person = stage.browsing()
    let flow = try stage.flow("openai-codex")
    _ = try await flow.login(.oauth, stage.context(person))
    try await person.finishVisits()
    let code = "c/code-1-S3CRET+%"
    let error = await stage.loginError(flow, Person(pastes: [code]))
    #expect(error?.kind == .loginFailed)
    #expect(error?.upstreamCode == "invalid_grant")
    #expect(error.map { "\($0)".contains("S3CRET") } == false)
  }

  @Test(
    "An answer that grants nothing usable fails the login and is not quoted",
    arguments: [
      (500, ["error": "server_error"], "server_error"), (502, "<html>code S3CRET</html>", "502"),
      (200, [:], "access_token"), (200, ["access_token": "two words"], "access_token"),
      (200, ["access_token": "S3CRET-a", "token_type": "mac"], "token_type"),
      (200, ["access_token": "S3CRET-a", "expires_in": -5], "expires_in"),
      (200, ["access_token": "S3CRET-a", "refresh_token": 5], "refresh_token"),
      (200, ["access_token": "S3CRET-a"], "account"), (400, ["error": "S3CRET-code-1"], "400"),
    ] as [(Int, JSONValue, String)])
  func unusable(status: Int, body: JSONValue, word: String) async throws {
    let stage = try LoginStage(.codex)
    stage.server.override("/token", status: status, body)
    let error = await stage.loginError(try stage.flow("openai-codex"), Person(pastes: ["S3CRET-code"]))
    #expect(error?.kind == .loginFailed)
    #expect(error?.message.contains(word) == true)
    #expect(error.map { "\($0)".contains("S3CRET") } == false)
  }

  @Test("A server that cannot be reached is a failure of the network, without the settings of completions")
  func unreachable() async throws {
    let stage = try LoginStage(.codex)
    let nobody = try ClosedPort()
    let flow = try stage.flow("openai-codex", ["tokenURL": .string("http://127.0.0.1:\(nobody.port)/token")])
    let error = await stage.loginError(flow, Person(pastes: ["S3CRET-code"]))
    #expect(error?.kind == .network)
    #expect(error?.hint?.contains("baseURL") == false)
    #expect(error.map { "\($0)".contains("S3CRET") } == false)
  }
}
