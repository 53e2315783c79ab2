internal import Completion

/// What the environment and the files say, for one profile.
struct AWSSettings: Sendable {
  /// The variables, those of the entry in `auth.json` before those of the environment; blank ones are absent.
  let variables: [String: String]
  /// The names of those that stand in `auth.json`.
  let own: Set<String>
  /// Where that is.
  let authPath: String
  let files: AWSFiles
  /// The profile that was chosen for the provider; the environment's keys do not go before it.
  let chosen: String?
  /// The home folder, with `.aws` in it.
  let home: String

  /// The profile that the environment or the provider's entry names; `nil` when nothing does.
  var named: String? { chosen ?? variables["AWS_DEFAULT_PROFILE"] ?? variables["AWS_PROFILE"] }
  /// The profile in use.
  var profile: String { named ?? "default" }

  func variable(_ name: String) -> String? { variables[name]?.trimmed }

  /// A variable that says yes.
  func isTrue(_ name: String) -> Bool { variable(name)?.lowercased() == "true" }

  /// A setting of the profile in use.
  func setting(_ name: String) -> String? { files.profiles[profile]?[name]?.text }

  /// Where a variable is set.
  func place(of variable: String) -> KeyPlace {
    own.contains(variable) ? KeyPlace(source: .authFile, detail: authPath) : KeyPlace(source: .env, detail: variable)
  }

  /// `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's `region`, else `us-east-1`.
  var region: String {
    variable("AWS_REGION") ?? variable("AWS_DEFAULT_REGION") ?? setting("region").flatMap { $0.isBlank ? nil : $0 }
      ?? "us-east-1"
  }

  /// Where a service is, without a slash at its end: what the environment says for the service or for all, what the
  /// profile says for it (in the section of its `services`) or for all, else Amazon's own host `name.region`.
  func endpoint(_ service: String, host: String, region: String) -> String {
    let ignores = isTrue("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") || setting("ignore_configured_endpoint_urls") == "true"
    var configured: String?
    if !ignores {
      let ofService = setting("services").flatMap { files.services[$0]?[service]?.nested["endpoint_url"] }
      configured =
        variable("AWS_ENDPOINT_URL_\(service.uppercased())") ?? variable("AWS_ENDPOINT_URL") ?? ofService
        ?? setting("endpoint_url")
    }
    if var configured, !configured.isBlank {
      while configured.hasSuffix("/") { configured.removeLast() }
      return configured
    }
    let domain = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
    return "https://\(host).\(region).\(domain)"
  }
}
