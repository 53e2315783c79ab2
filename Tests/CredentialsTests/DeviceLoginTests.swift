import Completion
import Credentials
import HTTP
import JSON
import TestSupport
import Testing
import Upstream

@Suite("Logging in with a device code", .timeLimit(.minutes(1)))
struct DeviceLoginTests {
  static var xai: AuthorizationRules {
    var rules = AuthorizationRules()
    rules.scope = "openid profile email offline_access grok-cli:access api:access"
    rules.rotates = false
    return rules
  }

  @Test("It is asked for as often as the server likes, and no more")
  func intervals() async throws {
    let stage = try LoginStage()
    stage.server.script([
      .error("authorization_pending"), .error("slow_down"), .error("slow_down", interval: 17), .reset, .status(503),
      .grant,
    ])
    let person = Person()
    let flow = try stage.flow("kimi-coding")
    #expect(flow.methods == [.device])
    let credential = try await flow.login(.device, stage.context(person))
    #expect(stage.server.complaints == [])
    #expect(stage.clock.slept == [5, 5, 10, 17, 22, 27])
    #expect(credential.access == Secret("access-1-S3CRET"))
    #expect(credential.expiresAt == stage.clock.now + 3_600_000)
    let prompt = try #require(person.shown.first)
    #expect(prompt.kind == .deviceCode)
    #expect(prompt.userCode == "ABCD-1234")
    #expect(prompt.url == "https://login.test/device?user_code=ABCD-1234")
    #expect(prompt.expiresAt == 1_000_000 + 600_000)
    #expect(prompt.message.contains("API key"))
    #expect(!prompt.message.contains("S3CRET"))
  }

  @Test("A refresh that brings no refresh token keeps the old one")
  func keepsRefreshToken() async throws {
    let stage = try LoginStage(Self.xai)
    stage.server.script([.grant])
    let flow = try stage.flow("xai", ["revokeURL": .string("\(stage.server.url)/revoke")])
    let credential = try await flow.login(.device, stage.context(Person()))
    let renewed = try await flow.refresh(credential, stage.http, now: 7)
    #expect(renewed.access == Secret("access-3-S3CRET"))
    #expect(renewed.refresh == credential.refresh)
    #expect(renewed.expiresAt == 3_600_007)
    #expect(try await flow.revoke(renewed, stage.http))
    #expect(stage.server.revoked == ["refresh-2-S3CRET"])
    #expect(stage.server.complaints == [])
  }

  @Test(
    "It ends when the server says so",
    arguments: [("access_denied", "denied"), ("expired_token", "expired"), ("invalid_client", "refused")])
  func refused(code: String, word: String) async throws {
    for provider in ["kimi-coding", "openai-codex"] {
      let stage = try LoginStage(provider == "kimi-coding" ? .init() : .codex)
      stage.server.script([.error("authorization_pending"), .error(code)])
      if provider == "openai-codex", code != "access_denied" {
        // There a refusal without a name of its own means that nobody has typed the code in.
        stage.server.script([.status(400)])
      }
      let error = await stage.loginError(try stage.flow(provider), Person(), .device)
      #expect(error?.kind == .loginFailed)
      if provider == "kimi-coding" {
        #expect(error?.message.contains(word) == true)
        #expect(error?.upstreamCode == code)
      }
      #expect(stage.server.complaints == [])
    }
  }

  @Test("A code that nobody types in expires by the clock")
  func expired() async throws {
    let stage = try LoginStage()
    let error = await stage.loginError(try stage.flow("kimi-coding"), Person(), .device)
    #expect(error?.message.contains("expired") == true)
    #expect(stage.clock.now == 1_000_000 + 600_000)
    #expect(stage.server.complaints == [])
  }

  @Test(
    "A person is sent to web addresses alone",
    arguments: ["javascript:alert(1)", "file:///etc/passwd", "https://a b/", "https://"])
  func addresses(address: String) async throws {
    for member in ["verification_uri", "verification_uri_complete"] {
      let stage = try LoginStage()
      var answer: JSONObject = [
        "device_code": "d", "user_code": "A", "verification_uri": "https://login.test", "expires_in": 9,
      ]
      answer[member] = .string(address)
      stage.server.override("/device", status: 200, .object(answer))
      let person = Person()
      #expect(await stage.loginError(try stage.flow("kimi-coding"), person, .device)?.kind == .loginFailed)
      #expect(person.shown.isEmpty)
    }
  }

  @Test("Cancelling ends the waiting")
  func cancelled() async throws {
    let stage = try LoginStage()
    let (isWaiting, flow, server) = (Gate(), try stage.flow("kimi-coding"), stage.server)
    let clock = stage.clock
    let context = LoginContext(
      interaction: Person(), http: stage.http, now: { clock.now },
      pause: { _ in
        isWaiting.open()
        try await Gate().opened()
      })
    let login = Task { () async -> ProviderError? in
      do throws(ProviderError) {
        _ = try await flow.login(.device, context)
        return nil
      } catch {
        return error
      }
    }
    try await isWaiting.opened()
    login.cancel()
    #expect(await login.value?.kind == .cancelled)
    #expect(server.requests.map(\.path) == ["/device"])
  }

  @Test("ChatGPT's own kind of code ends in a code that is redeemed")
  func codex() async throws {
    let stage = try LoginStage(.codex)
    stage.server.script([.error("deviceauth_authorization_pending"), .status(404), .error("slow_down"), .grant])
    let person = Person()
    let credential = try await stage.flow("openai-codex").login(.device, stage.context(person))
    #expect(stage.server.complaints == [])
    #expect(stage.clock.slept == [5, 5, 5, 10])
    #expect(credential.extra == ["accountId": "account-7"])
    let prompt = try #require(person.shown.first)
    #expect(prompt.url == "https://auth.openai.com/codex/device")
    #expect(prompt.expiresAt == 1_000_000 + 900_000)
    #expect(stage.server.requests.last?.path == "/token")
  }

  @Test("An account that may not use codes is told what to do instead")
  func notEnabled() async throws {
    let stage = try LoginStage(.codex)
    stage.server.override("/usercode", status: 404)
    let error = await stage.loginError(try stage.flow("openai-codex"), Person(), .device)
    #expect(error?.kind == .loginFailed)
    #expect(error?.hint?.contains("browser") == true)
  }
}
