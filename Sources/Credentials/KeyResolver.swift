package import Completion
package import HTTP
package import Platform
internal import Synchronization

/// Where a provider's key was found, as `credential.source` says it.
package enum KeySource: String, Sendable, Hashable, CaseIterable { case param, authFile, env, config, ambient }

/// A key that is ready for use.
package struct ResolvedKey: Sendable, Hashable {
  /// The key.
  package let secret: Secret
  /// Where it was found.
  package let source: KeySource
  /// The place itself: a file's path, a variable's name, `config.json:12`.
  package let detail: String
  /// Whether it is a login's token, which always goes into `Authorization: Bearer`.
  package let isToken: Bool
  /// The variable it was the value of; `nil` when it was written elsewhere.
  package var variable: String?
  /// The login it is a token of; `nil` for a key.
  package var login: AccountID?
}

/// Where a key would be taken from; nothing has been looked up or run yet.
package struct KeyPlace: Sendable, Hashable {
  /// What would be used.
  package let source: KeySource
  /// The place itself, as in `ResolvedKey`.
  package let detail: String
  /// Whether it is a login whose time is over.
  package var isExpired = false
  /// When the login ends, in milliseconds since 1970.
  package var expiresAt: Int?
  /// What is unsafe about the place, for a person.
  package var warning: String?

  /// A place; `expiresAt` and what is wrong with it are known for some.
  package init(
    source: KeySource, detail: String, isExpired: Bool = false, expiresAt: Int? = nil, warning: String? = nil
  ) {
    self.source = source
    self.detail = detail
    self.isExpired = isExpired
    self.expiresAt = expiresAt
    self.warning = warning
  }
}

/// The places that may hold a provider's key.
package struct KeyQuery: Sendable {
  /// The provider's id: its entry in `auth.json`.
  package var provider: String
  /// The account there whose entry alone is to be used; `nil` for the default one.
  package var account: String?
  /// The key a request brings along.
  package var call: String?
  /// The variables that may hold a key, the first that is set wins.
  package var variables: [String]
  /// The config file's `apiKey`.
  package var config: KeyText?
  /// Another program's file, used when nothing else holds a key.
  package var file: KeyFile?
  /// Whether requests without a key are signed with AWS credentials, so that an entry without a key is sound.
  package var usesAWS = false
  /// The cloud whose tokens go into requests without a key, so that an entry without a key is sound.
  package var cloud: Cloud?
  /// Where the config file is, for hints.
  package var configPath: String

  /// The entry in `auth.json`.
  var id: AccountID { AccountID(provider, account: account) }

  /// The places of one provider.
  package init(
    provider: String, call: String? = nil, variables: [String] = [], config: KeyText? = nil, configPath: String
  ) {
    self.provider = provider
    self.call = call
    self.variables = variables
    self.config = config
    self.configPath = configPath
  }
}

/// Finds keys: the request's, then `auth.json`, then the environment, then the config file, then another program's
/// file. An entry in `auth.json` owns its provider: when it is of no use, that is an error, and nothing else is tried.
/// A named account has its entry and no other place. A login's token is renewed before it ends.
package final class KeyResolver: Sendable {
  let environment: Environment
  /// What is behind `auth.json`.
  package let store: AuthStore
  let refresher: TokenRefresher
  let commandLimit: Duration
  let now: @Sendable () -> Int
  let http: HTTPClient
  /// The AWS credentials that were got and are still good.
  let awsKeys = AWSKeyCache()
  /// Commands that run or have run with success, by their text.
  let commands = Mutex<[String: Task<Result<Secret, ProviderError>, Never>]>([:])

  /// A resolver for this user. A command may take `commandLimit`; `now` is the time in milliseconds since 1970. `flow`
  /// says how to stay logged in at a provider, where there is a way. `http` asks services that
  /// give keys, by default with the proxies of `environment`.
  package init(
    environment: Environment, directories: Directories, http: HTTPClient? = nil,
    commandLimit: Duration = .seconds(10), now: @escaping @Sendable () -> Int = KeyResolver.systemTime,
    flow: @escaping @Sendable (_ provider: String) -> (any LoginFlow)? = { _ in nil }
  ) {
    let http = http ?? HTTPClient(environment: environment, userAgent: "patchbay")
    self.http = http
    self.environment = environment
    self.commandLimit = commandLimit
    self.now = now
    store = AuthStore(path: "\(directories.data)/auth.json")
    refresher = TokenRefresher(store, http, now: now, flow: flow)
  }

  /// The time in milliseconds since 1970.
  package static let systemTime: @Sendable () -> Int = {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int(time.tv_sec) * 1000 + Int(time.tv_nsec) / 1_000_000
  }

  /// Where keys of logins are kept.
  package var authPath: String { store.path }

  /// The ids of the providers whose default account has an entry in `auth.json`. Blocks.
  package func storedProvidersBlocking() throws(ProviderError) -> Set<String> {
    Set(try store.accountsBlocking().filter { $0.account == nil }.map(\.provider))
  }

  /// The key of a provider; `nil` when nobody has set one.
  /// - Throws: `authRequired` when the place that decides holds nothing usable, `storage` for a file that cannot be
  ///   read.
  package func key(for query: KeyQuery) async throws(ProviderError) -> ResolvedKey? {
    do {
      return try await find(query)
    } catch {
      var error = error
      error.provider = query.provider
      throw error
    }
  }

  private func find(_ query: KeyQuery) async throws(ProviderError) -> ResolvedKey? {
    if let call = query.call, let secret = try await resolve(call, origin: .call) {
      return ResolvedKey(secret: secret, source: .param, detail: "apiKey", isToken: false)
    }
    if query.usesAWS, skipsAWS { return nil }
    if let entry = try await store.credential(for: query.id) { return try await key(of: entry, query) }
    if query.account != nil { throw missingKey(query) }
    for name in query.variables {
      if let value = keyText(inVariable: name) {
        return ResolvedKey(
          secret: Secret(value.trimmed), source: .env, detail: name, isToken: false, variable: name)
      }
    }
    if let config = query.config, let secret = try await resolve(config.text, origin: config.origin) {
      return ResolvedKey(secret: secret, source: .config, detail: config.origin.description, isToken: false)
    }
    guard let file = try await contents(of: query.file), let key = file.key else { return nil }
    let secret = Secret(try expanded(key.reveal(), in: file.path))
    return ResolvedKey(secret: secret, source: .ambient, detail: file.path, isToken: false)
  }

  private func key(of entry: StoredCredential, _ query: KeyQuery) async throws(ProviderError) -> ResolvedKey? {
    switch entry {
    case .oauth(let stored):
      let tokens = try await refresher.credential(stored, of: query.id)
      var key = ResolvedKey(secret: tokens.access, source: .authFile, detail: authPath, isToken: true)
      key.login = query.id
      return key
    case .apiKey(let key, let own):
      var (found, variable): (Secret?, String?)
      if let key {
        found = try await resolve(key.text, origin: key.origin, own)
      } else if let name = query.variables.first(where: { own[$0]?.isBlank == false || keyText(inVariable: $0) != nil })
      {
        found = (own[name].flatMap { $0.isBlank ? nil : $0 } ?? keyText(inVariable: name)).map { Secret($0.trimmed) }
        variable = name
      }
      if found == nil, key == nil, query.usesAWS || query.cloud != nil { return nil }
      guard let found else {
        throw ProviderError(
          .authRequired, "the entry \"\(query.id)\" in \(authPath) holds no key",
          hint: "Run \(query.id.loginCommand), or put \"key\" into that entry, or remove it to use another key.")
      }
      return ResolvedKey(
        secret: found, source: .authFile, detail: authPath, isToken: false, variable: variable)
    }
  }

  /// The key in a variable; what documentation puts there, `<your key>`, is none.
  private func keyText(inVariable name: String) -> String? {
    environment[name].flatMap { $0.trimmed.hasPrefix("<") && $0.trimmed.hasSuffix(">") ? nil : $0 }
  }

  /// Where a provider's key would come from, without revealing it or running a command; `nil` when nobody has set
  /// one.
  package func place(of query: KeyQuery) async throws(ProviderError) -> KeyPlace? {
    if query.call?.isBlank == false { return KeyPlace(source: .param, detail: "apiKey") }
    if query.usesAWS, skipsAWS { return KeyPlace(source: .env, detail: "AWS_BEDROCK_SKIP_AUTH") }
    switch try await store.credential(for: query.id) {
    case .apiKey(nil, let own)
    where (query.usesAWS || query.cloud != nil) && !query.variables.contains { own[$0]?.isBlank == false }: break
    case .apiKey: return KeyPlace(source: .authFile, detail: authPath)
    case .oauth(let tokens):
      // What renews itself when it is used has not expired.
      let isExpired = tokens.expiresAt <= now() && !refresher.canRefresh(tokens, of: query.id)
      return KeyPlace(source: .authFile, detail: authPath, isExpired: isExpired, expiresAt: tokens.expiresAt)
    case nil where query.account != nil: return nil
    case nil: break
    }
    if let name = query.variables.first(where: { keyText(inVariable: $0) != nil }) {
      return KeyPlace(source: .env, detail: name)
    }
    if let config = query.config, !config.text.isBlank {
      let needed = (try? KeyFormat(config.text))?.variables ?? []
      guard needed.allSatisfy({ environment[$0] != nil }) else { return nil }
      return KeyPlace(source: .config, detail: config.origin.description)
    }
    if let file = try await contents(of: query.file), let key = file.key, isComplete(key.reveal()) {
      return KeyPlace(source: .ambient, detail: file.path, warning: file.warning)
    }
    return query.usesAWS ? try await awsPlace(for: query) : nil
  }
}

extension String {
  /// Without white space at either end.
  var trimmed: String {
    guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace }) else {
      return ""
    }
    return String(self[first...last])
  }

  /// Whether there is nothing but white space.
  var isBlank: Bool { allSatisfy(\.isWhitespace) }
}
