internal import Catalog
internal import Completion
internal import Credentials
internal import HTTP
internal import JSON

// Formats: facts on credentials, and for Claude Code the members that its own file has (`claudeAiOauth`).
extension LoginSearch {
  /// pi and Atomic: the form of our own file.
  func piLogins(_ program: Program, _ file: ForeignFile) -> [FoundLogin] {
    (file.value.object ?? [:]).map { id, value in
      switch value["type"]?.string {
      case "api_key":
        login(program, id, .apiKey, in: file, provider: AccountID(key: id).provider) {
          notes throws(KeyTranslation.Refusal) in
          try piKey(value, id, file, &notes)
        }
      case "oauth":
        login(
          program, id, .login, in: file, provider: AccountID(key: id).provider, notes: [Self.sharing(program)]
        ) { _ throws(KeyTranslation.Refusal) in .oauth(try Self.oauth(value)) }
      default: refused(program, id, file, "its type is neither \"api_key\" nor \"oauth\"")
      }
    }
  }

  private func piKey(
    _ value: JSONValue, _ id: String, _ file: ForeignFile, _ notes: inout [String]
  ) throws(KeyTranslation.Refusal) -> StoredCredential {
    var variables: [String: String] = [:]
    for (name, text) in value["env"]?.object ?? [:] {
      guard let text = text.string else { throw .init(reason: "its \"env\" must hold strings, but \(name) is none") }
      variables[name] = text
    }
    guard let text = value["key"], !text.isNull else { return .apiKey(nil, environment: variables) }
    guard let text = text.string else { throw .init(reason: "its key is no string") }
    let key = try KeyTranslation.translate(text, .pi, from: file, environment)
    notes += key.notes
    return .apiKey(KeyText(key.text, origin: file.place([id, "key"])), environment: variables)
  }

  /// Tokens as pi and opencode write them; what else stands beside them is kept.
  private static func oauth(_ value: JSONValue) throws(KeyTranslation.Refusal) -> OAuthCredential {
    guard let access = value["access"]?.string, !access.isEmpty else { throw .init(reason: "it has no token") }
    guard let refresh = value["refresh"]?.string, let expires = value["expires"]?.double, expires.isFinite else {
      throw .init(reason: "it has no \"refresh\" or no \"expires\"")
    }
    var extra = value.object ?? [:]
    for name in ["type", "access", "refresh", "expires"] { extra[name] = nil }
    return OAuthCredential(
      access: Secret(access), refresh: Secret(refresh), expiresAt: Int(max(0, min(expires, 9e15))), extra: extra)
  }

  func refused(_ program: Program, _ entry: String, _ file: ForeignFile, _ why: String) -> FoundLogin {
    FoundLogin(program: program, entry: entry, path: file.path, kind: .apiKey, refusal: why)
  }

  // MARK: - opencode and Altimate

  /// What opencode calls a provider whose logins, not keys, are another provider's here.
  private static let subscriptions = ["openai": "openai-codex"]
  /// Providers whose stored token is GitHub's own, which is used as it is and not exchanged.
  private static let tokensAsKeys: Set<String> = ["github-copilot"]

  func opencodeLogins(_ program: Program, _ file: ForeignFile) -> [FoundLogin] {
    (file.value.object ?? [:]).map { id, value in
      let name = id.last == "/" ? String(id.dropLast()) : id
      switch value["type"]?.string {
      case "api":
        return login(program, id, .apiKey, in: file, provider: name) { _ throws(KeyTranslation.Refusal) in
          guard let text = value["key"]?.string else { throw .init(reason: "it has no key") }
          let parts = provider(name)?.auth.keyParts.count ?? 0
          guard parts == 0 || text.split(separator: "::").count <= parts + 1 else {
            throw .init(reason: "its key holds an address; set providers.\(name).variables and the key by hand")
          }
          return .apiKey(try literalKey(text, at: [id, "key"], in: file), environment: [:])
        }
      case "oauth": return opencodeOAuth(program, id, name, value, file)
      default: return refused(program, id, file, "its type is neither \"api\" nor \"oauth\"")
      }
    }
  }

  private func opencodeOAuth(
    _ program: Program, _ id: String, _ name: String, _ value: JSONValue, _ file: ForeignFile
  ) -> FoundLogin {
    let parts = provider(name)?.auth.keyParts ?? []
    if !parts.isEmpty || Self.tokensAsKeys.contains(name) {
      return login(program, id, .apiKey, in: file, provider: name) { _ throws(KeyTranslation.Refusal) in
        guard value["enterpriseUrl"]?.string == nil else {
          throw .init(reason: "it is an enterprise's; log in here, so that its token goes to the enterprise's server")
        }
        let token = parts.isEmpty ? value["refresh"]?.string : value["access"]?.string
        guard let token, !token.isEmpty else { throw .init(reason: "it has no token") }
        guard parts.isEmpty || value["accountId"]?.string != nil else { throw .init(reason: "it names no account") }
        let key = (parts.isEmpty ? "" : "\(value["accountId"]?.string ?? "")::") + token
        return .apiKey(try literalKey(key, at: [id], in: file), environment: [:])
      }
    }
    return login(
      program, id, .login, in: file, provider: Self.subscriptions[name] ?? name, notes: [Self.sharing(program)]
    ) { _ throws(KeyTranslation.Refusal) in .oauth(try Self.oauth(value)) }
  }

  // MARK: - Codex

  /// A key for the API, a login with ChatGPT, or both.
  func codexLogins(_ file: ForeignFile) -> [FoundLogin] {
    var logins: [FoundLogin] = []
    if let text = file.value["OPENAI_API_KEY"]?.string, !text.isEmpty {
      logins.append(
        login(.codex, "openai", .apiKey, in: file, provider: "openai") { _ throws(KeyTranslation.Refusal) in
          .apiKey(try literalKey(text, at: ["OPENAI_API_KEY"], in: file), environment: [:])
        })
    }
    guard let tokens = file.value["tokens"], !tokens.isNull else { return logins }
    logins.append(
      login(.codex, "chatgpt", .login, in: file, provider: "openai-codex", notes: [Self.sharing(.codex)]) {
        _ throws(KeyTranslation.Refusal) in
        guard let access = tokens["access_token"]?.string, !access.isEmpty else {
          throw .init(reason: "it has no token")
        }
        let claims = TokenClaims(access)
        let account = tokens["account_id"]?.string ?? claims.account ?? TokenClaims(tokens["id_token"]?.string).account
        guard let account else { throw .init(reason: "it names no account; log in again in codex") }
        // A token whose end nobody knows counts as ended, so that it is renewed before its first use.
        return .oauth(
          OAuthCredential(
            access: Secret(access), refresh: Secret(tokens["refresh_token"]?.string ?? ""),
            expiresAt: claims.expiresAt ?? 0, extra: ["accountId": .string(account)]))
      })
    return logins
  }

  // MARK: - Claude Code

  func claudeLogins(_ file: ForeignFile) -> [FoundLogin] {
    guard let tokens = file.value["claudeAiOauth"], !tokens.isNull else { return [] }
    let notes = [
      Self.sharing(.claude),
      "Anthropic's terms keep this login for its own programs; an API key is the safe way.",
    ]
    return [
      login(.claude, "anthropic", .login, in: file, provider: "anthropic", notes: notes) {
        _ throws(KeyTranslation.Refusal) in
        guard let access = tokens["accessToken"]?.string, !access.isEmpty else {
          throw .init(reason: "it has no token")
        }
        return .oauth(
          OAuthCredential(
            access: Secret(access), refresh: Secret(tokens["refreshToken"]?.string ?? ""),
            expiresAt: tokens["expiresAt"]?.int.map { max(0, $0) } ?? 0))
      }
    ]
  }
}

/// What a JSON web token says of itself; its signature is for the server to check.
struct TokenClaims {
  /// In milliseconds since 1970.
  private(set) var expiresAt: Int?
  /// The ChatGPT account.
  private(set) var account: String?

  /// Reads the middle part of `token`; what is no such token says nothing.
  init(_ token: String?) {
    let parts = (token ?? "").split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, let bytes = Self.base64URL(parts[1]), let claims = try? JSONValue(parsing: bytes) else {
      return
    }
    expiresAt = claims["exp"]?.int.flatMap { (0...9_000_000_000_000).contains($0) ? $0 * 1000 : nil }
    account = claims["https://api.openai.com/auth"]?["chatgpt_account_id"]?.string
  }

  private static func base64URL(_ text: Substring) -> [UInt8]? {
    var bytes: [UInt8] = []
    var (bits, count): (UInt32, Int) = (0, 0)
    for byte in text.utf8 where byte != UInt8(ascii: "=") {
      let value: UInt8
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - UInt8(ascii: "A")
      case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - UInt8(ascii: "a") + 26
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte - UInt8(ascii: "0") + 52
      case UInt8(ascii: "-"), UInt8(ascii: "+"): value = 62
      case UInt8(ascii: "_"), UInt8(ascii: "/"): value = 63
      default: return nil
      }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return bytes
  }
}
