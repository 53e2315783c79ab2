internal import Completion
internal import HTTP
internal import JSON
internal import Platform

/// Where Google's Application Default Credentials come from (https://google.aip.dev/auth/4110).
enum GoogleSource: Sendable, Hashable {
  /// A file, and what was in it.
  case file(path: String, JSONObject)
  /// The metadata server of a machine at Google, by its host.
  case metadata(host: String)

  var place: KeyPlace {
    switch self {
    case .file(let path, _): KeyPlace(source: .ambient, detail: path)
    case .metadata: KeyPlace(source: .ambient, detail: "metadata server")
    }
  }
}

/// Google's Application Default Credentials.
final class GoogleCredentials: Sendable {
  private let http: HTTPClient
  private let now: @Sendable () -> Int
  private let machine: String
  private let tokens: ExpiringTokens<GoogleSource, Secret>

  init(http: HTTPClient, now: @escaping @Sendable () -> Int, machine: String) {
    self.http = http
    self.now = now
    self.machine = machine
    tokens = ExpiringTokens(now: now)
  }

  /// The file that the environment names, else the one that gcloud writes, else the metadata server.
  func source(_ environment: Environment) async throws(ProviderError) -> GoogleSource? {
    let machine = machine
    return try await BlockingQueue.run { () throws(ProviderError) in
      if let named = environment["GOOGLE_APPLICATION_CREDENTIALS"]?.trimmed {
        let path = environment.expandingHome(named)
        if let file = try Self.read(path) { return .file(path: path, file) }
        throw ProviderError(
          .authRequired, "GOOGLE_APPLICATION_CREDENTIALS names the file \(path), which is not there",
          hint: "Correct the variable, or unset it to use what gcloud auth application-default login wrote.")
      }
      let path = "\(Self.gcloudFolder(environment))/application_default_credentials.json"
      if let file = try Self.read(path) { return .file(path: path, file) }
      return Self.metadataHost(environment, machine).map { .metadata(host: $0) }
    }
  }

  func access(_ environment: Environment) async throws(ProviderError) -> CloudAccess? {
    guard let source = try await source(environment) else { return nil }
    let (http, now, variables) = (http, now, environment.all)
    let token = try await tokens.value(for: source) { () throws(ProviderError) in
      switch source {
      case .metadata(let host): return try await GoogleMetadata(http: http, host: host).token(now)
      case .file(let path, let file):
        return try await GoogleGrant(http: http, now: now, path: path, environment: variables).token(file)
      }
    }
    var quota = environment["GOOGLE_CLOUD_QUOTA_PROJECT"]?.trimmed
    if case .file(_, let file) = source { quota = quota ?? file["quota_project_id"]?.string }
    let headers = quota.flatMap { $0.isBlank ? nil : [HTTPHeader("x-goog-user-project", $0)] } ?? []
    return CloudAccess(token: token, headers: headers)
  }

  func forget(_ token: Secret, _ environment: Environment) async throws(ProviderError) {
    guard let source = try await source(environment) else { return }
    tokens.forget(source) { $0 == token }
  }

  func project(_ environment: Environment) async throws(ProviderError) -> String? {
    let source = try await source(environment)
    if case .file(_, let file) = source {
      let own = file["project_id"]?.string ?? file["source_credentials"]?["project_id"]?.string
      if let own, !own.isBlank { return own }
    }
    if let project = await BlockingQueue.run({ Self.gcloudProject(environment) }) { return project }
    guard case .metadata(let host) = source else { return nil }
    return try await GoogleMetadata(http: http, host: host).project()
  }

  private static func read(_ path: String) throws(ProviderError) -> JSONObject? {
    guard let (bytes, _) = try KeyResolver.bytes(of: path) else { return nil }
    guard let object = (try? JSONValue(parsing: bytes))?.object else {
      throw ProviderError(
        .storage, "\(path) is no JSON object, so it holds no Google credentials",
        hint: "Download the file again, or run: gcloud auth application-default login")
    }
    return object
  }

  // MARK: gcloud

  private static func gcloudFolder(_ environment: Environment) -> String {
    environment.expandingHome(environment["CLOUDSDK_CONFIG"]?.trimmed ?? "~/.config/gcloud")
  }

  /// The project that gcloud uses. What cannot be read is gcloud's affair, and no reason to fail.
  private static func gcloudProject(_ environment: Environment) -> String? {
    if let project = environment["CLOUDSDK_CORE_PROJECT"]?.trimmed { return project }
    let folder = gcloudFolder(environment)
    func text(_ name: String) -> String? {
      (try? FileSystem.read("\(folder)/\(name)")).flatMap { $0 }.map { String(decoding: $0, as: UTF8.self) }
    }
    let name = environment["CLOUDSDK_ACTIVE_CONFIG_NAME"]?.trimmed ?? text("active_config")?.trimmed ?? "default"
    return text("configurations/config_\(name)").flatMap { try? AWSFile($0) }?.sections["core"]?["project"]?.text
  }

  // MARK: The metadata server

  /// The metadata server, when there are signs of one: a laptop must not wait for an answer from nowhere.
  private static func metadataHost(_ environment: Environment, _ machine: String) -> String? {
    if environment["NO_GCE_CHECK"]?.trimmed.lowercased() == "true" { return nil }
    let named = ["GCE_METADATA_HOST", "GCE_METADATA_ROOT", "GCE_METADATA_IP"].compactMap { environment[$0]?.trimmed }
    if let host = named.first { return host }
    let isServerless = ["K_SERVICE", "CLOUD_RUN_JOB", "GAE_SERVICE"].contains { environment[$0] != nil }
    let product = (try? FileSystem.read("\(machine)/product_name")).flatMap { $0 } ?? []
    let isGoogles = String(decoding: product, as: UTF8.self).hasPrefix("Google")
    return isServerless || isGoogles ? "metadata.google.internal" : nil
  }
}

/// The metadata server of a machine at Google (https://cloud.google.com/compute/docs/metadata).
struct GoogleMetadata: Sendable {
  private let server: TokenServer
  private let root: String
  private static let headers = [HTTPHeader("metadata-flavor", "Google")]

  init(http: HTTPClient, host: String) {
    root = "http://\(host)/computeMetadata/v1"
    server = TokenServer(
      http: http, name: "Google's metadata server",
      remedy: "Give this machine a service account, or set GOOGLE_APPLICATION_CREDENTIALS to a file.",
      totalMs: 3_000, connectMs: 3_000)
  }

  func token(_ now: @Sendable () -> Int) async throws(ProviderError) -> Expiring<Secret> {
    let scopes = GoogleGrant.scope.percentEncoded()
    let url = "\(root)/instance/service-accounts/default/token?scopes=\(scopes)"
    return try await server.get(url, headers: Self.headers).token(at: now())
  }

  func project() async throws(ProviderError) -> String {
    try await server.text("\(root)/project/project-id", headers: Self.headers).trimmed
  }
}
