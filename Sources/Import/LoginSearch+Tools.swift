internal import Catalog
internal import Completion
internal import Credentials
internal import JSON

// Formats: gh's hosts.yml as `gh auth login` writes it, with the active account's token beside `users`; llm's keys.json
// as `llm keys set` does; aichat's config.example.yaml.
extension LoginSearch {
  /// gh: a token for each host. It opens GitHub Models.
  func githubLogins(_ file: ForeignFile) -> [FoundLogin] {
    (file.value.object ?? [:]).map { host, value in
      guard host == "github.com" else {
        return refused(.gh, host, file, "only github.com has models to offer, an enterprise's own server has not")
      }
      return login(.gh, host, .apiKey, in: file, provider: "github") { _ throws(KeyTranslation.Refusal) in
        let active = value["user"]?.string
        let token = value["oauth_token"]?.string ?? active.flatMap { value["users"]?[$0]?["oauth_token"]?.string }
        guard let token, !token.isEmpty else {
          throw .init(
            reason: "gh keeps the token in the system's keyring; the key \"!gh auth token\" would ask gh for it")
        }
        return .apiKey(try literalKey(token, at: [host, "oauth_token"], in: file), environment: [:])
      }
    }
  }

  /// What llm and its plug-ins, and aichat, call providers that have another name here.
  private static let names = [
    "claude": "anthropic", "azure-openai": "azure", "cloudflare": "cloudflare-workers-ai",
    "hf": "huggingface",
  ]

  /// llm: an object of keys by name.
  func llmLogins(_ file: ForeignFile) -> [FoundLogin] {
    (file.value.object ?? [:]).compactMap { name, value in
      // llm writes a note for people under this name.
      if name.hasPrefix("//") { return nil }
      guard let text = value.string else { return refused(.llm, name, file, "its key is no string") }
      return login(.llm, name, .apiKey, in: file, provider: Self.names[name] ?? name) {
        _ throws(KeyTranslation.Refusal) in
        .apiKey(try literalKey(text, at: [name], in: file), environment: [:])
      }
    }
  }

  /// aichat: a list of clients.
  func aichatLogins(_ file: ForeignFile) -> [FoundLogin] {
    (file.value["clients"]?.array ?? []).enumerated().compactMap { index, client in
      let type = client["type"]?.string ?? ""
      let name = client["name"]?.string ?? type
      if let id = client["access_key_id"]?.string, let secret = client["secret_access_key"]?.string {
        return login(.aichat, name, .apiKey, in: file, provider: type) { _ throws(KeyTranslation.Refusal) in
          var variables = ["AWS_ACCESS_KEY_ID": id, "AWS_SECRET_ACCESS_KEY": secret]
          variables["AWS_REGION"] = client["region"]?.string
          return .apiKey(nil, environment: variables)
        }
      }
      guard let text = client["api_key"]?.string, !text.isEmpty else { return nil }
      let target = aichatProvider(name, type, client)
      return login(.aichat, name, .apiKey, in: file, provider: target?.id ?? name) {
        _ throws(KeyTranslation.Refusal) in
        if let target, !serves(target, client["api_base"]?.string) {
          throw .init(reason: "it is for another server than \(target.id)'s; that one goes into \(catalog.configPath)")
        }
        var variables: [String: String] = [:]
        let place = target?.variables.first { $0.name == "account" }?.environment.first
        if let place, let account = client["account_id"]?.string { variables[place] = account }
        return .apiKey(
          try literalKey(text, at: ["clients", String(index), "api_key"], in: file), environment: variables)
      }
    }
  }

  /// The provider that a client means: by its type, by its name, or by its server.
  private func aichatProvider(_ name: String, _ type: String, _ client: JSONValue) -> Provider? {
    if type != "openai-compatible" { return provider(Self.names[type] ?? type) }
    if let provider = provider(Self.names[name] ?? name) { return provider }
    guard let base = client["api_base"]?.string else { return nil }
    let host = ServerAddress.host(of: base)
    return catalog.allProviders.first { provider in
      provider.baseURL.map { ServerAddress.host(of: $0) == host } ?? false
    }
  }

  /// Whether `address` is that provider's: a key must not go to anybody else.
  private func serves(_ provider: Provider, _ address: String?) -> Bool {
    guard let address, let base = provider.baseURL else { return true }
    let (host, own) = (ServerAddress.host(of: address), ServerAddress.host(of: base))
    if let open = own.firstIndex(of: "{"), let close = own.firstIndex(of: "}") {
      return host.hasPrefix(own[..<open]) && host.hasSuffix(own[own.index(after: close)...])
    }
    return host == own
  }
}
