package import Completion
package import HTTP
internal import Platform

/// What AWS knows its customers by, and where it was found.
package struct AWSIdentity: Sendable, Hashable {
  package let accessKeyId: String
  package let secretAccessKey: Secret
  /// For temporary credentials.
  package let sessionToken: Secret?
  /// Where they were found.
  package let place: KeyPlace
}

extension KeyResolver {
  /// The AWS credentials for a provider: of the profile that its entry in `auth.json` names, else of the environment,
  /// else of the profile that the environment names, else of the profile `default`. `nil` when nobody has set any.
  ///
  /// Only keys that are written down are read: `aws_access_key_id` and its kin in `~/.aws/credentials` and
  /// `~/.aws/config`.
  /// - Throws: `authRequired` for half a pair of keys, and for a profile that was named and holds none; `storage` for a
  ///   file that cannot be read.
  package func aws(for query: KeyQuery) async throws(ProviderError) -> AWSIdentity? {
    let own = try await ownEnvironment(of: query)
    func variable(_ name: String) -> String? { (own[name].flatMap { $0.isBlank ? nil : $0 } ?? environment[name]) }
    let asked = own["AWS_PROFILE"].flatMap { $0.isBlank ? nil : $0.trimmed }
    if asked == nil {
      let (id, secret) = (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"))
      if let id, let secret {
        let token = variable("AWS_SESSION_TOKEN")
        let isOwn = own["AWS_ACCESS_KEY_ID"]?.isBlank == false
        return AWSIdentity(
          accessKeyId: id.trimmed, secretAccessKey: Secret(secret.trimmed),
          sessionToken: token.map { Secret($0.trimmed) },
          place: isOwn
            ? KeyPlace(source: .authFile, detail: authPath) : KeyPlace(source: .env, detail: "AWS_ACCESS_KEY_ID"))
      }
      if id != nil || secret != nil {
        let (set, missing) = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
        throw ProviderError(
          .authRequired, "\(id == nil ? missing : set) is set, but \(id == nil ? set : missing) is not",
          hint: "Set both, or neither.")
      }
    }
    let named = asked ?? environment["AWS_PROFILE"]?.trimmed
    let profile = try await awsProfile(named ?? "default")
    if let identity = try identity(profile) { return identity }
    guard let named else { return nil }
    throw ProviderError(
      .authRequired, "the AWS profile \"\(named)\" holds no access key in \(profile.paths.joined(separator: " or "))",
      hint: "Put aws_access_key_id and aws_secret_access_key into that profile, or set AWS_ACCESS_KEY_ID and "
        + "AWS_SECRET_ACCESS_KEY; `aws configure export-credentials --format env` prints them for other profiles.")
  }

  /// Whether the person wants requests to AWS without any proof of who asks: they go to a proxy that adds it.
  package var skipsAWS: Bool { ["1", "true"].contains(environment["AWS_BEDROCK_SKIP_AUTH"]?.trimmed.lowercased()) }

  /// The region of the AWS profile in use; `nil` when it says none.
  package func awsRegion(for query: KeyQuery) async throws(ProviderError) -> String? {
    let own = try await ownEnvironment(of: query)["AWS_PROFILE"].flatMap { $0.isBlank ? nil : $0.trimmed }
    return try await awsProfile(own ?? environment["AWS_PROFILE"]?.trimmed ?? "default").settings["region"]
  }

  private func ownEnvironment(of query: KeyQuery) async throws(ProviderError) -> [String: String] {
    guard case .apiKey(_, let own) = try await store.credential(for: query.id) else { return [:] }
    return own
  }

  private struct Profile: Sendable {
    let name: String
    /// The files it may stand in.
    let paths: [String]
    var settings: [String: String] = [:]
  }

  private func identity(_ profile: Profile) throws(ProviderError) -> AWSIdentity? {
    let (id, secret) = (profile.settings["aws_access_key_id"], profile.settings["aws_secret_access_key"])
    guard id != nil || secret != nil else { return nil }
    guard let id, let secret else {
      throw ProviderError(
        .authRequired, "the AWS profile \"\(profile.name)\" holds only half a pair of keys",
        hint: "Put both aws_access_key_id and aws_secret_access_key into \(profile.paths[0]).")
    }
    return AWSIdentity(
      accessKeyId: id, secretAccessKey: Secret(secret),
      sessionToken: (profile.settings["aws_session_token"] ?? profile.settings["aws_security_token"])
        .map { Secret($0) },
      place: KeyPlace(source: .ambient, detail: "\(profile.paths[0]) [\(profile.name)]"))
  }

  /// A profile's settings: those of the credentials file go before those of the config file.
  private func awsProfile(_ name: String) async throws(ProviderError) -> Profile {
    let credentials = expandingHome(environment["AWS_SHARED_CREDENTIALS_FILE"] ?? "~/.aws/credentials")
    let config = expandingHome(environment["AWS_CONFIG_FILE"] ?? "~/.aws/config")
    return try await BlockingQueue.run { () throws(ProviderError) in
      var profile = Profile(name: name, paths: [credentials, config])
      let sections = name == "default" ? [name, "profile default"] : ["profile \(name)"]
      for (path, names) in [(config, sections), (credentials, [name])] {
        let bytes: [UInt8]?
        do throws(SystemError) {
          bytes = try FileSystem.read(path)
        } catch {
          if error.code == ENOTDIR { continue }
          throw ProviderError(.storage, "\(error)", hint: "Make the file readable for yourself.")
        }
        let file = AWSSettings(String(decoding: bytes ?? [], as: UTF8.self))
        for section in names { profile.settings.merge(file.sections[section] ?? [:]) { $1 } }
      }
      return profile
    }
  }
}

/// A file of the AWS tools: sections of `name = value`. Lines that are indented belong to the setting above them, of
/// which none matters here.
struct AWSSettings {
  /// The settings by section; their names in lower case.
  private(set) var sections: [String: [String: String]] = [:]

  init(_ text: String) {
    var section: String?
    for line in text.split(whereSeparator: \.isNewline) {
      if line.first?.isWhitespace == true { continue }
      let line = String(line).trimmed
      if line.hasPrefix("#") || line.hasPrefix(";") { continue }
      if line.hasPrefix("["), let end = line.firstIndex(of: "]") {
        let words = line[line.index(after: line.startIndex)..<end].split(whereSeparator: \.isWhitespace)
        section = words.joined(separator: " ")
        continue
      }
      guard let section, let equals = line.firstIndex(of: "=") else { continue }
      let name = String(line[..<equals]).trimmed.lowercased()
      let value = String(line[line.index(after: equals)...]).trimmed
      if !value.isEmpty { sections[section, default: [:]][name] = value }
    }
  }
}
