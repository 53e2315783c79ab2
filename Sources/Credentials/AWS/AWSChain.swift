internal import Completion
internal import HTTP

/// Decides where the credentials come from, in the order of botocore (`create_credential_resolver`): nothing is asked
/// and nothing is run. Without network access that is the answer, but for the machine's own service, which comes last
/// and may turn out not to be there.
struct AWSChain {
  let settings: AWSSettings
  var files: AWSFiles { settings.files }

  /// The source that wins; `nil` when all that is left is a service that was switched off.
  /// - Throws: `authRequired` where a source is chosen but not complete, with the remedy.
  func source() throws(ProviderError) -> AWSSource? {
    if let named = settings.named, files.profiles[named] == nil { throw missing(profile: named) }
    if settings.chosen == nil, let source = try environment() { return source }
    let name = settings.profile
    if let profile = files.profiles[name], Self.assumesRole(profile) { return try role(name, visited: [name]) }
    if let source = try ofProfile(name, environment: settings.chosen == nil) { return source }
    if let source = try container() { return source }
    return try instance()
  }

  // MARK: - What is written down

  /// The pair of keys in the environment.
  func environment() throws(ProviderError) -> AWSSource? {
    let (id, secret) = (settings.variable("AWS_ACCESS_KEY_ID"), settings.variable("AWS_SECRET_ACCESS_KEY"))
    guard id != nil || secret != nil else { return nil }
    guard let id, let secret else {
      let (set, missing) = id == nil ? ("SECRET_ACCESS_KEY", "ACCESS_KEY_ID") : ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")
      throw mistake("AWS_\(set) is set, but AWS_\(missing) is not", "Set both, or neither.")
    }
    var keys = AWSKeys(id: id, secret: Secret(secret), method: "env")
    keys.token = (settings.variable("AWS_SECURITY_TOKEN") ?? settings.variable("AWS_SESSION_TOKEN")).map { Secret($0) }
    if let expiration = settings.variable("AWS_CREDENTIAL_EXPIRATION") {
      guard let time = AWSTime.milliseconds(expiration) else {
        throw mistake(
          "AWS_CREDENTIAL_EXPIRATION is no time: \(expiration)", "Write it as in 2030-01-02T03:04:05Z, or unset it.")
      }
      keys.expiresAt = time
    }
    return .keys(keys, settings.place(of: "AWS_ACCESS_KEY_ID"))
  }

  /// The keys of a profile in one of the files.
  private func keys(
    _ name: String, in profiles: [String: AWSFile.Section], _ path: String, _ method: String
  ) throws(ProviderError) -> AWSSource? {
    guard let profile = profiles[name], let id = profile["aws_access_key_id"]?.text else { return nil }
    let secret = profile["aws_secret_access_key"]?.text ?? ""
    guard !id.isEmpty, !secret.isEmpty else {
      throw mistake(
        "the AWS profile \"\(name)\" holds only half a pair of keys",
        "Put both aws_access_key_id and aws_secret_access_key into \(path).")
    }
    var keys = AWSKeys(id: id, secret: Secret(secret), method: method)
    let token = profile["aws_security_token"]?.text ?? profile["aws_session_token"]?.text
    keys.token = token.flatMap { $0.isEmpty ? nil : Secret($0) }
    return .keys(keys, KeyPlace(source: .ambient, detail: "\(path) [\(name)]"))
  }

  // MARK: - Profiles

  /// What a profile alone offers; `environment` says whether variables go before its settings.
  private func ofProfile(_ name: String, environment: Bool) throws(ProviderError) -> AWSSource? {
    if let source = try webIdentity(name, environment: environment) { return source }
    if let source = try signOn(name) { return source }
    if let source = try keys(name, in: files.credentials, files.credentialsPath, "shared-credentials-file") {
      return source
    }
    guard let profile = files.profiles[name] else { return nil }
    if profile["login_session"] != nil {
      throw mistake(
        "the AWS profile \"\(name)\" uses a login of `aws login`, which cannot be renewed here",
        "Put credential_process = aws configure export-credentials --profile \(name) into another profile, and name "
          + "that in AWS_PROFILE.")
    }
    if let command = profile["credential_process"]?.text { return .process(command: command, at: place(name)) }
    return try keys(name, in: files.config, files.configPath, "config-file")
  }

  private func webIdentity(_ name: String, environment: Bool) throws(ProviderError) -> AWSSource? {
    func value(_ variable: String, _ setting: String) -> String? {
      (environment ? settings.variable(variable) : nil) ?? text(name, setting)
    }
    guard let file = value("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file") else { return nil }
    let isVariable = environment && settings.variable("AWS_WEB_IDENTITY_TOKEN_FILE") != nil
    guard let arn = value("AWS_ROLE_ARN", "role_arn") else {
      throw mistake(
        isVariable
          ? "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not"
          : "the AWS profile \"\(name)\" has a web_identity_token_file, but no role_arn",
        "Set both; the role is what the token is exchanged for.")
    }
    let place = isVariable ? settings.place(of: "AWS_WEB_IDENTITY_TOKEN_FILE") : self.place(name)
    let role = AWSRole(
      arn: arn, sessionName: value("AWS_ROLE_SESSION_NAME", "role_session_name"),
      endpoint: securityTokens, region: settings.region, origin: place.detail)
    return .webIdentity(role, tokenFile: file, at: place)
  }

  private func signOn(_ name: String) throws(ProviderError) -> AWSSource? {
    guard var profile = files.profiles[name], profile["sso_role_name"] ?? profile["sso_account_id"] != nil else {
      return nil
    }
    let session = profile["sso_session"]?.text
    if let session { try add(session, to: &profile, name) }
    let needed = ["sso_role_name", "sso_account_id", "sso_start_url", "sso_region"]
    let missing = needed.filter { profile[$0]?.text.isEmpty != false }
    guard missing.isEmpty else {
      throw mistake(
        "the AWS profile \"\(name)\" is for single sign-on, but lacks \(missing.joined(separator: ", "))",
        "Run `aws configure sso --profile \(name)`, or add it in \(files.configPath).")
    }
    func text(_ key: String) -> String { profile[key]?.text ?? "" }
    let region = text("sso_region")
    let signOn = AWSSignOn(
      profile: name, session: session, startURL: text("sso_start_url"), region: region,
      account: text("sso_account_id"), role: text("sso_role_name"), cache: "\(settings.home)/.aws/sso/cache",
      portal: settings.endpoint("sso", host: "portal.sso", region: region),
      oidc: settings.endpoint("sso_oidc", host: "oidc", region: region))
    return .singleSignOn(signOn, at: place(name))
  }

  /// Adds the settings of an sso-session to the profile called `name`, which must not say otherwise.
  private func add(
    _ session: String, to profile: inout AWSFile.Section, _ name: String
  ) throws(ProviderError) {
    guard let section = files.sessions[session] else {
      throw mistake(
        "the AWS profile \"\(name)\" names the sso-session \"\(session)\", which is not there",
        "Add [sso-session \(session)] with sso_start_url and sso_region to \(files.configPath), or run "
          + "`aws configure sso --profile \(name)`.")
    }
    for (key, setting) in section {
      if let own = profile[key], own.text != setting.text {
        throw mistake(
          "\(key) is \"\(own.text)\" in the AWS profile \"\(name)\", but \"\(setting.text)\" in [sso-session \(session)]",
          "Remove it from the profile, line \(own.line) of \(files.configPath).")
      }
      profile[key] = setting
    }
  }

  // MARK: - Roles

  /// A profile that names a role and no token file.
  private static func assumesRole(_ profile: AWSFile.Section) -> Bool {
    profile["role_arn"] != nil && profile["web_identity_token_file"] == nil
  }

  private static func hasKeys(_ profile: AWSFile.Section) -> Bool {
    profile["aws_access_key_id"] != nil || profile["aws_secret_access_key"] != nil
  }

  private func role(_ name: String, visited: [String]) throws(ProviderError) -> AWSSource {
    let (source, kind) = (text(name, "source_profile"), text(name, "credential_source"))
    guard (source == nil) != (kind == nil) else {
      throw mistake(
        "the AWS profile \"\(name)\" has a role_arn, and "
          + (source == nil
            ? "neither source_profile nor credential_source" : "both source_profile and credential_source"),
        "Say in \(files.configPath) who asks for the role, with one of the two.")
    }
    if let serial = text(name, "mfa_serial") {
      throw mistake(
        "the role of the AWS profile \"\(name)\" wants a code of the device \(serial), and nobody can be asked for it",
        "Get temporary keys in a terminal: `aws configure export-credentials --profile \(name) --format env`.")
    }
    let place = self.place(name)
    let role = AWSRole(
      arn: text(name, "role_arn") ?? "", sessionName: text(name, "role_session_name"),
      externalId: text(name, "external_id"), duration: text(name, "duration_seconds").flatMap { Int($0) },
      endpoint: securityTokens, region: settings.region, origin: place.detail)
    if let kind { return .role(role, with: try self.source(of: kind, for: name), at: place) }
    return .role(role, with: try self.source(of: source ?? "", for: name, visited: visited), at: place)
  }

  /// What `credential_source` means.
  private func source(of kind: String, for name: String) throws(ProviderError) -> AWSSource {
    let found: AWSSource?
    switch kind {
    case "Environment": found = try environment()
    case "EcsContainer": found = try container()
    case "Ec2InstanceMetadata": found = try instance()
    default:
      throw mistake(
        "credential_source = \(kind) in the AWS profile \"\(name)\" is unknown",
        "There are Environment, Ec2InstanceMetadata and EcsContainer.")
    }
    guard let found else {
      throw mistake(
        "credential_source = \(kind) in the AWS profile \"\(name)\" has no credentials",
        kind == "Environment"
          ? "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
          : kind == "EcsContainer"
            ? "This works in a container only, where AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is set."
            : "Unset AWS_EC2_METADATA_DISABLED.")
    }
    return found
  }

  /// What the profile `source` gives to the profile `name`, which names it.
  private func source(
    of source: String, for name: String, visited: [String]
  ) throws(ProviderError) -> AWSSource {
    guard let profile = files.profiles[source] else {
      throw mistake(
        "the source_profile \"\(source)\" of the AWS profile \"\(name)\" is not there",
        "Add it to \(files.configPath), or name another.")
    }
    if visited.contains(source), source != name || !Self.hasKeys(profile) {
      let circle = (visited + [source]).joined(separator: " → ")
      throw mistake(
        "the AWS profiles name each other in a circle: \(circle)", "Let the last source_profile be one that holds keys."
      )
    }
    if Self.hasKeys(profile) || !Self.assumesRole(profile) {
      if let found = try ofProfile(source, environment: false) { return found }
      throw mistake(
        "the source_profile \"\(source)\" of the AWS profile \"\(name)\" has no credentials",
        "Put aws_access_key_id and aws_secret_access_key into it, in \(files.credentialsPath).")
    }
    return try role(source, visited: visited + [source])
  }

  // MARK: - Helpers

  private var securityTokens: String { settings.endpoint("sts", host: "sts", region: settings.region) }

  /// A setting that is not empty.
  private func text(_ profile: String, _ name: String) -> String? {
    files.profiles[profile]?[name]?.text.isEmpty == false ? files.profiles[profile]?[name]?.text : nil
  }

  private func place(_ profile: String) -> KeyPlace {
    KeyPlace(
      source: .ambient,
      detail: "\(files.config[profile] == nil ? files.credentialsPath : files.configPath) [\(profile)]")
  }

  private func mistake(_ message: String, _ hint: String) -> ProviderError {
    ProviderError(.authRequired, message, hint: hint)
  }

  private func missing(profile: String) -> ProviderError {
    let others = files.profiles.keys.sorted().joined(separator: ", ")
    return mistake(
      "there is no AWS profile \"\(profile)\" in \(files.credentialsPath) or \(files.configPath)",
      others.isEmpty ? "Run `aws configure --profile \(profile)`, or unset AWS_PROFILE." : "There are \(others).")
  }
}
