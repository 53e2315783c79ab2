import Completion
import Credentials
import HTTP
import JSON
import TestSupport
import Testing
import Upstream

@Suite("Logging in to GitHub Copilot", .timeLimit(.minutes(1)))
struct CopilotLoginTests {
  private static func model(
    _ id: String, picker: Bool = true, state: String? = "enabled", tools: Bool? = true
  ) -> JSONValue {
    var model: JSONObject = ["id": .string(id), "model_picker_enabled": .bool(picker)]
    if let state { model["policy"] = ["state": .string(state)] }
    if let tools { model["capabilities"] = ["supports": ["tool_calls": .bool(tools)]] }
    return .object(model)
  }

  private static var rules: AuthorizationRules {
    var rules = AuthorizationRules.copilot
    rules.models = [
      model("on"), model("plain", state: nil), model("quiet", tools: nil), model("off", state: "disabled"),
      model("hidden", picker: false), model("no-tools", tools: false), model("new", state: "unconfigured"),
    ]
    return rules
  }

  @Test(
    "The GitHub token buys Copilot's, and the account's models are noted",
    arguments: [
      (nil, "github.com", nil), ("github.com", "github.com", nil),
      (" https://ACME.ghe.com/login ", "acme.ghe.com", "acme.ghe.com"),
    ] as [(String?, String, String?)])
  func login(domain: String?, host: String, enterprise: String?) async throws {
    let stage = try LoginStage(Self.rules)
    stage.server.script([.error("authorization_pending"), .grant])
    let person = Person()
    let credential = try await stage.flow("github-copilot").login(.device, stage.context(person, domain: domain))
    #expect(stage.server.complaints == [])
    #expect(credential.refresh == Secret("access-1-S3CRET"))
    #expect(credential.access.reveal().hasPrefix("tid=tid-3-S3CRET;"))
    #expect(credential.expiresAt == (stage.clock.now / 1000 + 1500) * 1000)
    #expect(credential.extra["enterpriseUrl"]?.string == enterprise)
    #expect(credential.extra["availableModelIds"] == ["on", "plain", "quiet", "new"])
    #expect(stage.server.enabledModels == ["new"])
    #expect(stage.server.requests.contains { $0.path == "/\(host)/exchange" })
    #expect(person.shown.first?.message.contains("enables") == true)
    let renewed = try await stage.flow("github-copilot").refresh(credential, stage.http, now: 0)
    #expect(renewed.access != credential.access)
    #expect(renewed.refresh == credential.refresh)
    #expect(renewed.extra == credential.extra)
    #expect(stage.server.requests.last?.path == "/\(host)/exchange")
  }

  @Test("Models that cannot be listed or enabled are no reason to throw a login away")
  func models() async throws {
    let stage = try LoginStage(Self.rules)
    stage.server.script([.grant, .grant])
    stage.server.override("/models", status: 500)
    let flow = try stage.flow("github-copilot")
    #expect(try await flow.login(.device, stage.context(Person())).extra == [:])
    stage.server.override("/models/new/policy", status: 403)
    let credential = try await flow.login(.device, stage.context(Person()))
    #expect(credential.extra["availableModelIds"] == ["on", "plain", "quiet"])
  }

  @Test("An account without Copilot is told so, and so is one whose login was withdrawn")
  func refused() async throws {
    let stage = try LoginStage(Self.rules)
    stage.server.script([.grant])
    stage.server.override("/github.com/exchange", status: 403, ["message": "Resource not accessible"])
    let flow = try stage.flow("github-copilot")
    let error = await stage.loginError(flow, Person(), .device)
    #expect(error?.kind == .loginFailed)
    #expect(error?.message.contains("may not have") == true)
    let stored = OAuthCredential(access: Secret("old-S3CRET"), refresh: Secret("gone-S3CRET"), expiresAt: 0)
    func refreshKind() async -> ErrorKind? {
      do {
        _ = try await flow.refresh(stored, stage.http, now: 0)
        return nil
      } catch {
        return error.kind
      }
    }
    #expect(await refreshKind() == .authRequired)
    stage.server.override("/github.com/exchange", status: 403, ["message": "no"])
    #expect(await refreshKind() == .authRequired)
    stage.server.override("/github.com/exchange", status: 403, "<html>")
    #expect(await refreshKind() == .upstreamError)
    stage.server.override("/github.com/exchange", status: 200, ["token": "t"])
    #expect(await refreshKind() == .upstreamInvalid)
  }

  @Test(
    "What is no host's name is refused before anything is sent",
    arguments: ["acme", "a b.com", "x@y.com", "..", "a.com:80"])
  func wrongDomain(domain: String) async throws {
    let stage = try LoginStage(Self.rules)
    let error = await stage.loginError(try stage.flow("github-copilot"), Person(), .device, domain: domain)
    #expect(error?.kind == .invalidParams)
    #expect(error?.path == "domain")
    #expect(stage.server.requests.isEmpty)
  }

  @Test(
    "The token, or else the enterprise, says where the API is",
    arguments: [
      ("tid=1;exp=2;proxy-ep=proxy.business.githubcopilot.com;st=x", nil, "https://api.business.githubcopilot.com"),
      ("tid=1;proxy-ep=copilot.acme.ghe.com", "other.ghe.com", "https://copilot.acme.ghe.com"),
      ("tid=1;exp=2", "acme.ghe.com", "https://copilot-api.acme.ghe.com"),
      ("tid=1;exp=2", "https://acme.ghe.com/", "https://copilot-api.acme.ghe.com"),
      ("gho_raw", nil, "https://api.individual.githubcopilot.com"),
      ("tid=1;proxy-ep=evil.com/x@", nil, "https://api.individual.githubcopilot.com"),
    ] as [(String, String?, String)])
  func baseURL(token: String, enterprise: String?, url: String) {
    #expect(CopilotToken.baseURL(token, enterpriseURL: enterprise) == url)
  }
}
