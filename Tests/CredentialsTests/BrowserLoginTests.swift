import Completion
import Credentials
import HTTP
import JSON
import Platform
import TestSupport
import Testing
import Upstream

@Suite("Logging in with a browser", .timeLimit(.minutes(1)))
struct BrowserLoginTests {
  @Test("ChatGPT: the code comes back to this machine, and the tokens name the account")
  func codex() async throws {
    let stage = try LoginStage(.codex)
    let person = stage.browsing()
    let redirect = "http://localhost:\(try TestServer.freePort())/auth/callback"
    let flow = try stage.flow("openai-codex", ["redirect": .string(redirect)])
    #expect(flow.methods == [.oauth, .device])
    let credential = try await flow.login(.oauth, stage.context(person))
    try await person.finishVisits()
    #expect(stage.server.complaints == [])
    #expect(JSONWebToken.claims(of: credential.access.reveal())?["jti"] == "access-2-S3CRET")
    #expect(credential.refresh == Secret("refresh-3-S3CRET"))
    #expect(credential.expiresAt == stage.clock.now + 3_600_000)
    #expect(credential.extra == ["accountId": "account-7"])
    let prompt = try #require(person.shown.first)
    #expect(person.shown.count == 1)
    #expect(prompt.kind == .openURL)
    #expect(prompt.message.contains("API key with the provider openai"))
    #expect(prompt.expiresAt == stage.clock.now + 600_000)
    #expect(isFree(try port(prompt)))
  }

  @Test("Claude: the state is the verifier, and bodies are JSON")
  func anthropic() async throws {
    let stage = try LoginStage(.anthropic)
    let person = stage.browsing()
    let flow = try stage.flow("anthropic")
    #expect(flow.methods == [.oauth])
    let credential = try await flow.login(.oauth, stage.context(person))
    try await person.finishVisits()
    #expect(stage.server.complaints == [])
    #expect(credential.access == Secret("access-2-S3CRET"))
    #expect(credential.extra == [:])
    let message = try #require(person.shown.first).message
    for word in ["extra usage", "refuse", "API key", "claude-code"] { #expect(message.contains(word)) }
    let renewed = try await flow.refresh(credential, stage.http, now: 5)
    #expect(renewed.refresh == Secret("refresh-5-S3CRET"))
    #expect(stage.server.complaints == [])
  }

  @Test("OpenRouter: the code buys a key that does not end")
  func openrouter() async throws {
    let stage = try LoginStage(.openrouter)
    let person = stage.browsing()
    let flow = try stage.flow("openrouter")
    let credential = try await flow.login(.oauth, stage.context(person))
    try await person.finishVisits()
    #expect(stage.server.complaints == [])
    #expect(credential.access == Secret("sk-or-2-S3CRET"))
    #expect(credential.refresh.isEmpty)
    #expect(credential.expiresAt == OAuthCredential.never)
    await #expect { try await flow.refresh(credential, stage.http, now: 0) } throws: { error in
      (error as? ProviderError)?.kind == .authRequired
    }
    #expect(try await flow.revoke(credential, stage.http) == false)
  }

  @Test("Somebody who declines is told so", arguments: ["openai-codex", "openrouter"])
  func denied(provider: String) async throws {
    let stage = try LoginStage(provider == "openrouter" ? .openrouter : .codex)
    let (server, http) = (stage.server, stage.http)
    let person = Person { prompt, _ in
      _ = try await http.page(try #require(server.deny(prompt.page())))
    }
    let error = await stage.loginError(try stage.flow(provider), person)
    #expect(error?.kind == .loginFailed)
    #expect(error?.message == "the login was denied")
    #expect(error?.provider == provider)
    #expect(server.requests.isEmpty)
  }

  @Test("What is not the browser's answer is turned away, and the login goes on")
  func strangers() async throws {
    let stage = try LoginStage(.codex)
    let (server, http) = (stage.server, stage.http)
    let idle = Gate()
    let person = Person { prompt, _ in
      let right = try #require(server.approve(prompt.page()))
      let port = try port(prompt)
      // A browser's connection on stock, which never asks for anything.
      let stock = try Loopback.connect(port: port)
      defer { close(stock) }
      let (origin, state) = ("http://127.0.0.1:\(port)", try #require(query(right)["state"]))
      let strange: [(String, String, Int)] = [
        ("GET", "/favicon.ico", 404), ("GET", "/auth/callback/more?code=x&state=\(state)", 404),
        ("GET", "/auth/callback?code=stolen&state=wrong", 400), ("GET", "/auth/callback?code=stolen", 400),
        ("GET", "/auth/callback?state=\(state)", 400), ("GET", "/auth/callback?error=access_denied&state=no", 400),
        ("POST", "/auth/callback?code=stolen&state=\(state)", 405),
        ("HEAD", "/auth/callback?code=stolen&state=\(state)", 200),
        ("GET", "/auth/callback?" + String(repeating: "x", count: 20_000), 431),
      ]
      for (method, target, status) in strange {
        let page = try await http.page(origin + target, method: method)
        #expect(page.status == status, "\(method) \(target.prefix(60))")
        #expect(!page.text.contains("stolen"))
      }
      let page = try await http.page(right)
      #expect(page.status == 200)
      #expect(!page.text.contains("S3CRET"))
      idle.open()
    }
    let credential = try await stage.flow("openai-codex").login(.oauth, stage.context(person))
    try await person.finishVisits()
    #expect(idle.isOpen)
    #expect(credential.extra["accountId"] == "account-7")
    #expect(server.complaints == [])
  }

  @Test("A port that is taken leaves pasting, at the page that shows the code where there is one")
  func portTaken() async throws {
    let (socket, taken) = try Loopback.listen(port: 0, backlog: 1)
    defer { close(socket) }
    let codex = try LoginStage(.codex)
    let redirect: JSONObject = ["redirect": .string("http://localhost:\(taken)/auth/callback")]
    let person = codex.pasting()
    _ = try await codex.flow("openai-codex", redirect).login(.oauth, codex.context(person))
    #expect(person.shown.map(\.kind) == [.pasteCode])
    #expect(codex.server.complaints == [])

    let claude = try LoginStage(.anthropic)
    let other = claude.pasting { url in "\(query(url)["code"] ?? "")#\(query(url)["state"] ?? "")" }
    let spec: JSONObject = ["redirect": .string("http://localhost:\(taken)/callback")]
    _ = try await claude.flow("anthropic", spec).login(.oauth, claude.context(other))
    #expect(query(other.shown.first?.url ?? "")["redirect_uri"] == "https://console.anthropic.com/oauth/code/callback")
    #expect(claude.server.complaints == [])
    let mute = Person(canPaste: false)
    #expect(await claude.loginError(try claude.flow("anthropic", spec), mute)?.kind == .unsupported)
  }

  @Test("Two logins at once do not meet, and the one that comes late to a fixed port is pasted")
  func together() async throws {
    let (first, second) = (try LoginStage(.codex), try LoginStage(.codex))
    let fixed: JSONObject = ["redirect": .string("http://localhost:\(try TestServer.freePort())/auth/callback")]
    let (isWaiting, mayGo) = (Gate(), Gate())
    let (server, http) = (first.server, first.http)
    let early = Person { prompt, _ in
      isWaiting.open()
      try await mayGo.opened()
      _ = try await http.page(try #require(server.approve(prompt.page())))
    }
    let (flow, context) = (try first.flow("openai-codex", fixed), first.context(early))
    let login = Task { try await flow.login(.oauth, context) }
    try await isWaiting.opened()
    let late = second.pasting()
    let pasted = try await second.flow("openai-codex", fixed).login(.oauth, second.context(late))
    #expect(late.shown.map(\.kind) == [.pasteCode])
    let free = second.browsing()
    let browsed = try await second.flow("openai-codex").login(.oauth, second.context(free))
    mayGo.open()
    _ = try await login.value
    #expect(early.shown.map(\.kind) == [.openURL])
    #expect(pasted.refresh != browsed.refresh)
    #expect(first.server.complaints + second.server.complaints == [])
  }

  @Test("A login that is cancelled leaves no port behind, and redeems nothing")
  func cancelled() async throws {
    let stage = try LoginStage(.codex)
    let isWaiting = Gate()
    let person = Person { _, _ in isWaiting.open() }
    let flow = try stage.flow("openai-codex")
    let login = Task { await stage.loginError(flow, person) }
    try await isWaiting.opened()
    login.cancel()
    #expect(await login.value?.kind == .cancelled)
    #expect(isFree(try port(try #require(person.shown.first))))
    #expect(stage.server.requests.isEmpty)
  }

  @Test("Ten minutes without a person end it")
  func tooLate() async throws {
    let stage = try LoginStage(.codex)
    let clock = stage.clock
    let person = Person { _, _ in clock.tenMinutes.open() }
    let error = await stage.loginError(try stage.flow("openai-codex"), person)
    #expect(error?.kind == .loginFailed)
    #expect(error?.message.contains("ten minutes") == true)
    #expect(isFree(try port(try #require(person.shown.first))))
  }

  @Test("A client that cannot be asked for pasted text still has the browser")
  func mute() async throws {
    let stage = try LoginStage(.codex)
    let (server, http) = (stage.server, stage.http)
    let person = Person(canPaste: false) { prompt, _ in
      _ = try await http.page(try #require(server.approve(prompt.page())))
    }
    _ = try await stage.flow("openai-codex").login(.oauth, stage.context(person))
    #expect(server.complaints == [])
  }

  @Test(
    "A way that a provider does not have is refused before anything is shown", arguments: [LoginMethod.apiKey, .device])
  func wrongMethod(method: LoginMethod) async throws {
    let stage = try LoginStage(.anthropic)
    let person = stage.browsing()
    let error = await stage.loginError(try stage.flow("anthropic"), person, method)
    #expect(error?.kind == .unsupported)
    #expect(person.shown.isEmpty)
  }
}
