import Catalog
import Completion
import Credentials
import Dialects
import HTTP
import JSON
import TestSupport
import Testing
import Upstream

@testable import Engine

@Suite("Requests to a cloud without a key", .timeLimit(.minutes(1)))
struct CloudAccessTests {
  private let token = try? Upstream { request, exchange in
    try exchange.send(headers: [("content-type", "application/json")])
    try exchange.write(#"{"access_token": "cloud-token", "expires_in": 3600}"#)
    try exchange.finish()
  }

  /// A person whom gcloud knows.
  private func person(_ variables: [String: String] = [:], auth: String? = nil) throws -> Person {
    let person = try Person(config: [:], auth: auth, environment: variables)
    let file: JSONObject = [
      "type": "authorized_user", "client_id": "c", "client_secret": "client-S3CRET", "refresh_token": "refresh-token",
      "token_uri": .string("\(token?.url ?? "")/token"), "quota_project_id": "payer", "project_id": "from-file",
    ]
    try person.folder.write(
      ".config/gcloud/application_default_credentials.json", JSONValue.object(file).text)
    return person
  }

  private func endpoint(
    _ person: Person, _ provider: String, _ model: String = "m"
  ) async throws(ProviderError) -> Endpoint {
    let provider = try await person.engine.catalog().provider(named: provider)
    let (routed, info) = provider.routed(to: ModelInfo(id: model))
    return try await person.engine.endpoint(routed, info, CompletionCall(input: []))
  }

  @Test(
    "A token, the project and who pays come from the credentials",
    arguments: [
      ("google-vertex", "gemini-x"), ("google-vertex", "claude-x"), ("google-vertex", "x-maas"),
      ("google-vertex-anthropic", "claude-x"),
    ])
  func google(provider: String, model: String) async throws {
    let person = try person(["GOOGLE_CLOUD_API_KEY": "<authenticated>"])
    let endpoint = try await endpoint(person, provider, model)
    #expect((endpoint.apiKey?.reveal(), endpoint.authHeader) == ("cloud-token", "authorization"))
    #expect(endpoint.variables["project"] == "from-file")
    #expect(endpoint.headers.contains(HTTPHeader("x-goog-user-project", "payer")))
    #expect(endpoint.secrets.contains(Secret("cloud-token")))
    let named = try self.person(["GOOGLE_CLOUD_PROJECT": "from-environment"])
    #expect(try await self.endpoint(named, provider, model).variables["project"] == "from-environment")
  }

  @Test("A key goes before the credentials, and nobody is asked for a token")
  func key() async throws {
    let person = try person(["GOOGLE_CLOUD_API_KEY": "express-key"])
    let endpoint = try await endpoint(person, "google-vertex")
    #expect((endpoint.apiKey?.reveal(), endpoint.authHeader) == ("express-key", "x-goog-api-key"))
    #expect(!endpoint.headers.contains { $0.name == "x-goog-user-project" })
    #expect(try #require(token).requests.isEmpty)
  }

  @Test("The credentials are not for another address, and a look at them asks nobody")
  func restraint() async throws {
    let person = try person()
    let provider = try await person.engine.catalog().provider(named: "google-vertex")
    var call = CompletionCall(input: [])
    call.baseURL = "https://elsewhere.example"
    await #expect(throws: ProviderError.self) {
      try await person.engine.endpoint(provider, ModelInfo(id: "m"), call)
    }
    let place = try await person.engine.place(of: provider, try await person.engine.catalog())
    #expect(place?.source.rawValue == "ambient")
    #expect(place?.detail == person.folder.file(".config/gcloud/application_default_credentials.json"))
    #expect(try #require(token).requests.isEmpty)
  }

  @Test("Without anything the error says how to log in")
  func nothing() async throws {
    let person = try Person(config: [:], environment: ["NO_GCE_CHECK": "true"])
    for (provider, words) in [("google-vertex", "gcloud auth application-default login"), ("azure", "az login")] {
      do throws(ProviderError) {
        _ = try await endpoint(person, provider)
        Issue.record("\(provider) needs no key")
      } catch {
        #expect(error.kind == .authRequired && error.hint?.contains(words) == true, "\(error)")
      }
    }
  }

  @Test(
    "Azure takes a token of Entra as a bearer, and the variables of its entry in auth.json",
    arguments: ["m", "claude-x"])
  func azure(model: String) async throws {
    let entry: JSONValue = [
      "azure-openai-responses": [
        "type": "api_key",
        "env": [
          "AZURE_OPENAI_RESOURCE_NAME": "mine", "AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c",
          "AZURE_CLIENT_SECRET": "the-S3CRET", "AZURE_AUTHORITY_HOST": .string(token?.url ?? ""),
        ],
      ]
    ]
    let person = try person(auth: entry.text)
    let endpoint = try await endpoint(person, "azure", model)
    #expect((endpoint.apiKey?.reveal(), endpoint.authHeader) == ("cloud-token", "authorization"))
    #expect(endpoint.baseURL.hasPrefix("https://mine."))
    let named = try self.person(["AZURE_OPENAI_AD_TOKEN": "ready-made", "AZURE_OPENAI_RESOURCE_NAME": "mine"])
    let other = try await self.endpoint(named, "azure", model)
    #expect((other.apiKey?.reveal(), other.authHeader) == ("ready-made", "authorization"))
  }
}
