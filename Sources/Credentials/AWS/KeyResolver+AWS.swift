package import Completion
package import HTTP
internal import Platform

/// What AWS knows its customers by, and where it was found.
package struct AWSIdentity: Sendable, Hashable {
  package let accessKeyId: String
  package let secretAccessKey: Secret
  /// For temporary credentials.
  package let sessionToken: Secret?
  /// When they end, in milliseconds since 1970; they are renewed before.
  package let expiresAt: Int?
  /// Where they were found.
  package let place: KeyPlace
  /// The kind of source, by botocore's name for it: `env`, `assume-role`, `sso`, ….
  package let method: String
}

extension KeyResolver {
  /// The AWS credentials for a provider, by the rules and in the order of botocore: those of the profile that its
  /// entry in `auth.json` names, else of the environment, else of the profile that the environment names, else of the
  /// profile `default`, else of the container, else of the machine. `nil` when nobody has set any.
  ///
  /// Credentials that end are kept and renewed ahead; see `AWSKeyCache`.
  /// - Throws: `authRequired` for a source that is chosen and not complete, `authRejected` for one that AWS refuses,
  ///   `network` or `timeout`, `storage` for a file that cannot be read.
  package func aws(for query: KeyQuery) async throws(ProviderError) -> AWSIdentity? {
    let settings = try await awsSettings(for: query)
    let source = try AWSChain(settings: settings).source()
    if let source {
      let fetcher = awsFetcher
      let keys: AWSKeys?
      if case .keys = source {
        keys = try await fetcher.keys(of: source)
      } else {
        keys = try await awsKeys.keys(of: source, now: now) { () async throws(ProviderError) in
          try await fetcher.keys(of: source)
        }
      }
      if let keys {
        return AWSIdentity(
          accessKeyId: keys.id, secretAccessKey: keys.secret, sessionToken: keys.token, expiresAt: keys.expiresAt,
          place: source.place, method: source.method)
      }
    }
    try refuse(settings)
    return nil
  }

  /// Sees to other AWS credentials than those with `accessKeyId`, which AWS has refused before their time was over.
  /// Returns whether there are others now.
  /// - Throws: as `aws`.
  package func renewAWS(for query: KeyQuery, refused accessKeyId: String) async throws(ProviderError) -> Bool {
    if let source = try AWSChain(settings: try await awsSettings(for: query)).source() {
      awsKeys.forget(source) { $0.id == accessKeyId }
    }
    return try await aws(for: query).map { $0.accessKeyId != accessKeyId } ?? false
  }

  /// Where AWS credentials would come from: nothing is asked and nothing is run. `nil` when nobody has set any; that a
  /// machine may have a role is not looked up.
  package func awsPlace(for query: KeyQuery) async throws(ProviderError) -> KeyPlace? {
    let settings = try await awsSettings(for: query)
    guard let source = try AWSChain(settings: settings).source() else { return nil }
    if case .instance = source { return nil }
    var place = source.place
    if case .keys(let keys, _) = source {
      place.expiresAt = keys.expiresAt
      place.isExpired = keys.expiresAt.map { $0 <= now() } ?? false
    }
    return place
  }

  /// Whether the person wants requests to AWS without any proof of who asks: they go to a proxy that adds it.
  package var skipsAWS: Bool { ["1", "true"].contains(environment["AWS_BEDROCK_SKIP_AUTH"]?.trimmed.lowercased()) }

  /// The region of the AWS profile in use; `nil` when it says none.
  package func awsRegion(for query: KeyQuery) async throws(ProviderError) -> String? {
    try await awsSettings(for: query).setting("region").flatMap { $0.isBlank ? nil : $0 }
  }

  /// A profile that was named and in which nothing was found is a mistake.
  private func refuse(_ settings: AWSSettings) throws(ProviderError) {
    guard let named = settings.named else { return }
    let paths = "\(settings.files.credentialsPath) or \(settings.files.configPath)"
    throw ProviderError(
      .authRequired, "the AWS profile \"\(named)\" holds no credentials in \(paths)",
      hint: "Put aws_access_key_id and aws_secret_access_key into it, or role_arn, credential_process, or the settings "
        + "of `aws configure sso --profile \(named)`.")
  }

  private var awsFetcher: AWSFetcher {
    AWSFetcher(
      http: http, near: awsKeys.near(environment), variables: environment.all, limit: commandLimit, now: now,
      pause: { try await Task.sleep(for: $0) })
  }

  private func awsSettings(for query: KeyQuery) async throws(ProviderError) -> AWSSettings {
    var own: [String: String] = [:]
    if case .apiKey(_, let variables) = try await store.credential(for: query.id) {
      own = variables.filter { !$0.value.isBlank }
    }
    var variables = environment.all.filter { $0.key.hasPrefix("AWS_") && !$0.value.isBlank }
    // Half of a pair of its own and half of another one's would be keys that belong to nobody.
    if own["AWS_ACCESS_KEY_ID"] != nil || own["AWS_SECRET_ACCESS_KEY"] != nil {
      for name in Self.pair { variables[name] = nil }
    }
    variables.merge(own) { $1 }
    let credentials = expandingHome(variables["AWS_SHARED_CREDENTIALS_FILE"] ?? "~/.aws/credentials")
    let config = expandingHome(variables["AWS_CONFIG_FILE"] ?? "~/.aws/config")
    let files = try await BlockingQueue.run { () throws(ProviderError) in
      try AWSFiles(credentialsPath: credentials, configPath: config)
    }
    return AWSSettings(
      variables: variables, own: Set(own.keys), authPath: authPath, files: files, chosen: own["AWS_PROFILE"]?.trimmed,
      home: environment["HOME"] ?? "/")
  }

  /// The variables that belong together.
  private static let pair = [
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
  ]
}
