import Catalog
import Completion
import HTTP
import JSON
import TestSupport
import Testing
import Upstream

@testable import Credentials

@Suite("The login of a provider's entry", .timeLimit(.minutes(1)))
struct LoginFlowsTests {
  @Test("Every one that ships is sound and says what there is to know before it")
  func shipped() throws {
    let entries = try ShippedCatalog.load().providers.filter { $0.login != nil }
    #expect(
      Set(entries.map(\.id)) == [
        "anthropic", "openai-codex", "github-copilot", "kimi-coding", "xai", "openrouter",
      ])
    for entry in entries {
      let login = try #require(entry.login)
      #expect(try LoginFlows.flow(login, provider: entry.id).methods.isEmpty == false)
      #expect(login["notice"]?.string?.hasSuffix(".") == true, "\(entry.id)")
    }
  }

  @Test(
    "A mistake in it is named",
    arguments: [
      ("xai", ["flow": "magic"], "providers.xai.login.flow"), ("xai", ["flow": nil], "providers.xai.login.flow"),
      ("xai", ["tokenUrl": "https://a"], "providers.xai.login.tokenUrl"),
      ("xai", ["tokenURL": "ftp://a"], "providers.xai.login.tokenURL"),
      ("xai", ["clientId": ""], "providers.xai.login.clientId"),
      ("xai", ["redirect": "http://localhost:1/a"], "providers.xai.login.redirect"),
      ("anthropic", ["redirect": "http://0.0.0.0:1/a"], "providers.anthropic.login.redirect"),
      ("anthropic", ["redirect": "http://localhost:99999/a"], "providers.anthropic.login.redirect"),
      ("anthropic", ["state": "none"], "providers.anthropic.login.state"),
      ("anthropic", ["extraParameters": ["code": true]], "providers.anthropic.login.extraParameters"),
      ("openai-codex", ["accountClaims": [[]]], "providers.openai-codex.login.accountClaims"),
      ("openai-codex", ["device": ["url": "x"]], "providers.openai-codex.login.device.url"),
      ("openai-codex", ["device": ["pollURL": nil]], "providers.openai-codex.login.device.pollURL"),
      ("github-copilot", ["exchangeURL": nil], "providers.github-copilot.login.exchangeURL"),
      ("openrouter", ["clientId": "x"], "providers.openrouter.login.clientId"),
    ] as [(String, JSONObject, String)])
  func mistakes(provider: String, change: JSONObject, path: String) throws {
    #expect {
      _ = try flow(provider, change)
    } throws: { error in
      (error as? JSONFieldError)?.pathText == path
    }
  }

  @Test("The challenge is the one of RFC 7636, appendix B, and no two verifiers are alike")
  func challenge() {
    let known = PKCE(verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    #expect(known.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    let verifiers = (0..<50).map { _ in PKCE().verifier.reveal() }
    #expect(Set(verifiers).count == 50)
    #expect(verifiers.allSatisfy { (43...128).contains($0.utf8.count) })
  }
}

@Suite("Staying logged in", .timeLimit(.minutes(1)))
struct LoginRefreshTests {
  private func refreshError(
    _ flow: any LoginFlow, _ credential: OAuthCredential, _ stage: LoginStage
  ) async -> ProviderError? {
    do {
      _ = try await flow.refresh(credential, stage.http, now: 0)
      return nil
    } catch {
      return error
    }
  }

  @Test("A refresh token is good once, its successor after it, and none after it was revoked")
  func rotation() async throws {
    let stage = try LoginStage(.codex)
    let person = stage.browsing()
    let flow = try stage.flow("openai-codex")
    let first = try await flow.login(.oauth, stage.context(person))
    let second = try await flow.refresh(first, stage.http, now: 50)
    #expect(second.expiresAt == 3_600_050)
    #expect(second.extra == ["accountId": "account-7"])
    #expect(second.access != first.access)
    let reused = await refreshError(flow, first, stage)
    #expect(reused?.kind == .authRequired)
    #expect(reused?.upstreamCode == "invalid_grant")
    #expect(reused.map { "\($0)".contains("S3CRET") } == false)
    let third = try await flow.refresh(second, stage.http, now: 60)
    #expect(try await flow.revoke(third, stage.http))
    #expect(stage.server.revoked == [third.refresh.reveal()])
    #expect(await refreshError(flow, third, stage)?.kind == .authRequired)
    #expect(stage.server.complaints == [])
  }

  @Test(
    "What may work later is told from what will not",
    arguments: [
      (400, ["error": "invalid_grant"], .authRequired), (401, [:], .authRequired),
      (401, ["error": ["code": "refresh_token_expired"]], .authRequired),
      (403, ["error": "access_denied"], .authRequired), (403, "<html>", .upstreamError), (400, [:], .upstreamError),
      (429, ["error": "rate_limited"], .upstreamError), (503, [:], .upstreamError), (200, [:], .upstreamInvalid),
    ] as [(Int, JSONValue, ErrorKind)])
  func failures(status: Int, body: JSONValue, kind: ErrorKind) async throws {
    let stage = try LoginStage(.codex)
    stage.server.override("/token", status: status, body)
    let stored = OAuthCredential(access: Secret("a-S3CRET"), refresh: Secret("r-S3CRET"), expiresAt: 0)
    let error = await refreshError(try stage.flow("openai-codex"), stored, stage)
    #expect(error?.kind == kind)
    #expect(error?.provider == "openai-codex")
    #expect(error.map { "\($0)".contains("S3CRET") } == false)
  }

  @Test("Without a refresh token, or a server, there is nothing to be had")
  func nothing() async throws {
    let stage = try LoginStage(.codex)
    let nobody = try ClosedPort()
    let flow = try stage.flow("openai-codex", ["tokenURL": .string("http://127.0.0.1:\(nobody.port)/")])
    let stored = OAuthCredential(access: Secret("a"), refresh: Secret("r"), expiresAt: 0)
    #expect(await refreshError(flow, stored, stage)?.kind == .network)
    let empty = OAuthCredential(access: Secret("a"), refresh: Secret(""), expiresAt: 0)
    #expect(await refreshError(flow, empty, stage)?.kind == .authRequired)
  }

  @Test("A server that does not revoke is an error, and one that cannot is none")
  func revoking() async throws {
    let stage = try LoginStage(.codex)
    let stored = OAuthCredential(access: Secret("a"), refresh: Secret("r-S3CRET"), expiresAt: 0)
    stage.server.override("/revoke", status: 503, ["error": "r-S3CRET"])
    let flow = try stage.flow("openai-codex")
    await #expect {
      try await flow.revoke(stored, stage.http)
    } throws: { error in
      (error as? ProviderError)?.kind == .upstreamError && !"\(error)".contains("S3CRET")
    }
    #expect(try await stage.flow("anthropic").revoke(stored, stage.http) == false)
    #expect(try await stage.flow("kimi-coding").revoke(stored, stage.http) == false)
  }
}
