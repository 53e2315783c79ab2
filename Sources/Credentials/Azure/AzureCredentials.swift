internal import Completion
internal import HTTP
internal import JSON
internal import Platform

/// Where tokens of Microsoft Entra come from, in the order of azure-identity's DefaultAzureCredential.
enum AzureSource: Sendable, Hashable {
  /// A program's own secret.
  case secret(tenant: String, client: String, Secret)
  /// A token of the Kubernetes cluster, in a file.
  case workload(tenant: String, client: String, file: String)
  /// The identity of an app in App Service, Functions or Container Apps.
  case app(endpoint: String, header: Secret, client: String?)
  /// The identity of a virtual machine.
  case machine(root: String, client: String?)
  /// The login of the program az, and the folder it keeps it in.
  case program(folder: String)

  var place: KeyPlace {
    let detail =
      switch self {
      case .secret: "AZURE_CLIENT_SECRET"
      case .workload(_, _, let file): file
      case .app, .machine: "managed identity"
      case .program(let folder): "az (\(folder))"
      }
    if case .secret = self { return KeyPlace(source: .env, detail: detail) }
    return KeyPlace(source: .ambient, detail: detail)
  }
}

/// Tokens of Microsoft Entra for Azure's AI services.
final class AzureCredentials: Sendable {
  private static let resource = "https://cognitiveservices.azure.com"
  private static let authority = "https://login.microsoftonline.com"

  private let http: HTTPClient
  private let now: @Sendable () -> Int
  private let machine: String
  private let tokens: ExpiringTokens<AzureSource, Secret>

  init(http: HTTPClient, now: @escaping @Sendable () -> Int, machine: String) {
    self.http = http
    self.now = now
    self.machine = machine
    tokens = ExpiringTokens(now: now)
  }

  func source(_ environment: Environment) async throws(ProviderError) -> AzureSource? {
    func value(_ name: String) -> String? { environment[name]?.trimmed }
    let (tenant, client) = (value("AZURE_TENANT_ID"), value("AZURE_CLIENT_ID"))
    let (secret, file) = (value("AZURE_CLIENT_SECRET"), value("AZURE_FEDERATED_TOKEN_FILE"))
    if let set = secret != nil ? "AZURE_CLIENT_SECRET" : file != nil ? "AZURE_FEDERATED_TOKEN_FILE" : nil {
      guard let tenant, let client else {
        throw ProviderError(
          .authRequired, "\(set) is set, but \(tenant == nil ? "AZURE_TENANT_ID" : "AZURE_CLIENT_ID") is not",
          hint: "Set AZURE_TENANT_ID and AZURE_CLIENT_ID beside it, or unset it.")
      }
      guard tenant.utf8.allSatisfy({ Self.isPartOfName($0) }) else {
        throw ProviderError(
          .authRequired, "AZURE_TENANT_ID is no tenant: an id or a domain", hint: "Copy it from the Azure portal.")
      }
      if let secret { return .secret(tenant: tenant, client: client, Secret(secret)) }
      return .workload(tenant: tenant, client: client, file: environment.expandingHome(file ?? ""))
    }
    if let endpoint = value("IDENTITY_ENDPOINT"), let header = value("IDENTITY_HEADER") {
      return .app(endpoint: endpoint, header: Secret(header), client: client)
    }
    let machine = machine
    return await BlockingQueue.run {
      if let root = Self.machineRoot(environment, machine) { return .machine(root: root, client: client) }
      return Self.programFolder(environment).map { .program(folder: $0) }
    }
  }

  func access(_ environment: Environment) async throws(ProviderError) -> CloudAccess? {
    guard let source = try await source(environment) else { return nil }
    let token = try await tokens.value(for: source) { [self] () throws(ProviderError) in
      try await fetch(source, environment)
    }
    return CloudAccess(token: token, headers: [])
  }

  func forget(_ token: Secret, _ environment: Environment) async throws(ProviderError) {
    guard let source = try await source(environment) else { return }
    tokens.forget(source) { $0 == token }
  }

  private func fetch(_ source: AzureSource, _ environment: Environment) async throws(ProviderError) -> Expiring<Secret>
  {
    switch source {
    case .secret(let tenant, let client, let secret):
      let remedy = "Check AZURE_TENANT_ID and AZURE_CLIENT_ID, and that AZURE_CLIENT_SECRET has not expired."
      let proof = [("client_secret", secret.reveal())]
      return try await grant(tenant, client, proof, environment, remedy)
    case .workload(let tenant, let client, let file):
      let read = try await BlockingQueue.run { () throws(ProviderError) in try KeyResolver.bytes(of: file) }
      guard let (bytes, _) = read else {
        throw ProviderError(
          .authRequired, "AZURE_FEDERATED_TOKEN_FILE names the file \(file), which is not there",
          hint: "Correct the variable, or enable workload identity for the pod.")
      }
      let proof = [
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", String(decoding: bytes, as: UTF8.self).trimmed),
      ]
      let remedy = "Check the federated credential of the identity that AZURE_CLIENT_ID names."
      return try await grant(tenant, client, proof, environment, remedy)
    case .app(let endpoint, let header, let client):
      let headers = [HTTPHeader("x-identity-header", header)]
      return try await managed(endpoint, version: "2019-08-01", client, headers)
    case .machine(let root, let client):
      let url = "\(root)/metadata/identity/oauth2/token"
      return try await managed(url, version: "2018-02-01", client, [HTTPHeader("metadata", "true")])
    case .program: return try await program(environment)
    }
  }

  /// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
  private func grant(
    _ tenant: String, _ client: String, _ proof: [(String, String)], _ environment: Environment, _ remedy: String
  ) async throws(ProviderError) -> Expiring<Secret> {
    var authority = environment["AZURE_AUTHORITY_HOST"]?.trimmed ?? Self.authority
    while authority.hasSuffix("/") { authority.removeLast() }
    if !authority.contains("://") { authority = "https://\(authority)" }
    guard ["https://", "http://127.0.0.1:", "http://localhost:"].contains(where: authority.hasPrefix) else {
      throw ProviderError(.authRequired, "AZURE_AUTHORITY_HOST does not begin with https://", hint: "Correct it.")
    }
    let server = TokenServer(http: http, name: "Microsoft Entra", remedy: remedy)
    let form = [("grant_type", "client_credentials"), ("client_id", client), ("scope", "\(Self.resource)/.default")]
    return try await server.post("\(authority)/\(tenant)/oauth2/v2.0/token", form: form + proof).token(at: now())
  }

  /// https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
  private func managed(
    _ url: String, version: String, _ client: String?, _ headers: [HTTPHeader]
  ) async throws(ProviderError) -> Expiring<Secret> {
    let server = TokenServer(
      http: http, name: "Azure's managed identity",
      remedy: "Assign an identity to this machine or app; AZURE_CLIENT_ID names it when it has several.",
      totalMs: 10_000, connectMs: 2_000)
    let whose = client.map { "&client_id=\($0.percentEncoded())" } ?? ""
    let query = "?api-version=\(version)&resource=\(Self.resource.percentEncoded())\(whose)"
    return try await server.get(url + query, headers: headers).token(at: now())
  }

  /// https://learn.microsoft.com/cli/azure/account#az-account-get-access-token
  private func program(_ environment: Environment) async throws(ProviderError) -> Expiring<Secret> {
    let variables = environment.all
    let command = "exec az account get-access-token --output json --resource \(Self.resource)"
    let output = await BlockingQueue.run {
      Result { () throws(ShellCommand.Failure) in
        try ShellCommand.output(of: command, environment: variables, limit: .seconds(30))
      }
    }
    guard case .success(let bytes) = output, let answer = (try? JSONValue(parsing: bytes))?.object else {
      throw ProviderError(
        .authRequired, "az account get-access-token gave no token for Azure's AI services",
        hint: "Log in again: az login. Then run: az account get-access-token --resource \(Self.resource)")
    }
    // Without `expires_on`, which older ones do not print, there is only a local time; az renews what ends sooner.
    return try answer.token("accessToken", at: now(), usualSeconds: 300)
  }

  // MARK: Signs, found without asking anybody

  private static func machineRoot(_ environment: Environment, _ machine: String) -> String? {
    if var root = environment["AZURE_POD_IDENTITY_AUTHORITY_HOST"]?.trimmed {
      while root.hasSuffix("/") { root.removeLast() }
      return root
    }
    let tag = (try? FileSystem.read("\(machine)/chassis_asset_tag")).flatMap { $0 } ?? []
    // What every machine at Azure has.
    let isAzures = String(decoding: tag, as: UTF8.self).trimmed == "7783-7084-3265-9085-8269-3286-77"
    return isAzures ? "http://169.254.169.254" : nil
  }

  /// The folder of the program az, when it is installed and somebody is logged in.
  private static func programFolder(_ environment: Environment) -> String? {
    let folder = environment.expandingHome(environment["AZURE_CONFIG_DIR"]?.trimmed ?? "~/.azure")
    guard Platform.access("\(folder)/azureProfile.json", R_OK) == 0 else { return nil }
    let path = environment["PATH"]?.split(separator: ":") ?? []
    return path.contains { Platform.access("\($0)/az", X_OK) == 0 } ? folder : nil
  }

  private static func isPartOfName(_ byte: UInt8) -> Bool {
    UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
      || ".-".utf8.contains(byte)
  }
}
