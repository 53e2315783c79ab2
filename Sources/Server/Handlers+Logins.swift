internal import Catalog
internal import Completion
internal import Credentials
internal import Engine
internal import HTTP
internal import JSON
internal import Platform
internal import Synchronization
internal import WireProtocol

extension ClientSession {
  static let logins: [Handler] = [
    .custom(.login, LoginParams.self) { session, params, request throws(ProviderError) in
      let work: Work = { () throws(ProviderError) in try await session.login(params, request.peer).json }
      // A key that is there takes its place in line: what comes behind can count on it. A person does not hold others up.
      return params.apiKey == nil ? session.afterOrdered(work) : session.ordered(work)
    },
    .free(.loginInput, LoginInputParams.self) { session, params, _ throws(ProviderError) in
      try session.inputs.give(params.text.revealed, to: params.loginId)
      return EmptyResult().json
    },
    .ordered(.logout, LogoutParams.self) { session, params, _ throws(ProviderError) in
      let outcome = try await session.engine.logout(provider: params.provider, account: params.account)
      let remaining = outcome.remaining.map { "\(params.provider) still gets a key, from \($0.detail)" }
      return LogoutResult(
        removed: outcome.wasStored, revoked: outcome.isRevoked,
        warnings: [outcome.problem.map(warning), remaining].compactMap { $0 }
      ).json
    },
    .custom(.loginStatus, LoginStatusParams.self) { session, params, _ throws(ProviderError) in
      session.afterOrdered { () throws(ProviderError) in try await session.loginStatus(params).json }
    },
  ]

  private static func warning(_ error: ProviderError) -> String {
    "the entry is removed, but the provider could not be told to revoke the login: \(error.message)"
  }

  private func login(_ params: LoginParams, _ peer: any ClientPeer) async throws(ProviderError) -> LoginResult {
    var call = LoginCall(provider: params.provider)
    call.method = params.method.flatMap { Credentials.LoginMethod(rawValue: $0.rawValue) }
    call.apiKey = params.apiKey.map { Secret($0.revealed) }
    call.domain = params.domain
    call.account = params.account
    let provider = try await engine.catalog().provider(named: params.provider).id
    let outcome = try await engine.login(call, ClientInteraction(self, peer, provider: provider))
    return LoginResult(
      provider: outcome.account.provider, method: WireProtocol.LoginMethod(outcome.method),
      account: outcome.account.account, expiresAt: outcome.expiresAt.map(CompletionEngine.timestamp))
  }

  private func loginStatus(_ params: LoginStatusParams) async throws(ProviderError) -> LoginStatusResult {
    let reports = try await engine.reports(on: params.provider, verify: params.verify)
    let accounts = try await engine.accountReports(on: params.provider, verify: params.verify)
    var entries: [LoginStatusResult.Entry] = []
    for report in reports {
      entries.append(LoginStatusResult.Entry(report))
      for account in accounts where account.provider.id == report.provider.id {
        entries.append(LoginStatusResult.Entry(account))
      }
    }
    return LoginStatusResult(providers: entries)
  }
}

extension WireProtocol.LoginMethod {
  /// The wire's word for a way to log in.
  init(_ method: Credentials.LoginMethod) {
    self =
      switch method {
      case .apiKey: .apiKey
      case .oauth: .oauth
      case .device: .device
      }
  }
}

extension LoginPromptParams.Kind {
  fileprivate init(_ kind: LoginPrompt.Kind) {
    self =
      switch kind {
      case .openURL: .openURL
      case .deviceCode: .deviceCode
      case .pasteCode: .pasteCode
      }
  }
}

extension LoginStatusResult.Entry {
  fileprivate init(_ report: ProviderReport) {
    self.init(
      provider: report.provider.id, status: ProviderStatus(report.status),
      source: report.place.flatMap { CredentialSource(rawValue: $0.source.rawValue) }, account: report.account,
      expiresAt: report.place?.expiresAt.map(CompletionEngine.timestamp), detail: report.detail)
  }
}

/// The person behind a client, in one login. A client that can ask a person is asked; any other is told to send the
/// text by `loginInput`.
private struct ClientInteraction: LoginInteraction {
  private let session: ClientSession
  private let peer: any ClientPeer
  private let provider: String
  private let loginId = "lgn_" + randomHex(8)

  init(_ session: ClientSession, _ peer: any ClientPeer, provider: String) {
    self.session = session
    self.peer = peer
    self.provider = provider
  }

  func show(_ prompt: LoginPrompt) async { tell(prompt) }

  func ask(_ message: String, secret: Bool) async throws(ProviderError) -> String {
    let (canPrompt, isDeaf) = session.state.withLock { ($0.canPrompt, $0.optedOut.contains(.loginPrompt)) }
    guard !canPrompt else {
      let answer = try await peer.request(
        .prompt, PromptParams(loginId: loginId, message: message, secret: secret).json)
      do throws(JSONFieldError) {
        return try PromptResult(answer).text.revealed
      } catch {
        throw ProviderError(.loginFailed, "the client's answer to prompt is none: \(error)")
      }
    }
    guard !isDeaf else {
      throw ProviderError(
        .unsupported, "the login needs a text, but the client neither answers prompt nor hears loginPrompt",
        hint: "Pass apiKey, declare capabilities.prompt, or do not opt out of loginPrompt.")
    }
    return try await session.inputs.text(for: loginId) { tell(LoginPrompt(.pasteCode, message: message)) }
  }

  private func tell(_ prompt: LoginPrompt) {
    guard !session.state.withLock({ $0.optedOut.contains(.loginPrompt) }) else { return }
    let params = LoginPromptParams(
      loginId: loginId, provider: provider, kind: .init(prompt.kind), url: prompt.url, userCode: prompt.userCode,
      message: prompt.message, expiresAt: prompt.expiresAt.map(CompletionEngine.timestamp))
    peer.notify(.loginPrompt, params.json)
  }
}
