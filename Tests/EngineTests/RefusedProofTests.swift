import Catalog
import Completion
import Dialects
import HTTP
import JSON
import Synchronization
import TestSupport
import Testing
import Upstream

@testable import Engine

/// Tokens and keys of clouds that are refused before their time is over.
@Suite("Refused proofs of who asks", .timeLimit(.minutes(1)))
struct RefusedProofTests {
  /// A server that gives what `answer` makes of a number that grows.
  private static func giver(_ answer: @escaping @Sendable (Int) -> String) throws -> Upstream {
    let count = Mutex(0)
    return try Upstream { _, exchange in
      let number = count.withLock { count in
        count += 1
        return count
      }
      try exchange.respond(headers: [("content-type", "application/json")], body: Array(answer(number).utf8))
    }
  }

  /// What the requests of one call proved with who asks, each refused with `error` but those after `refusals`.
  private func proofs(
    _ person: Person, _ provider: String, _ error: ProviderError, refusals: Int = 1
  ) async throws -> (proofs: [String], error: ProviderError?) {
    let provider = try await person.engine.catalog().provider(named: provider)
    let (routed, model) = provider.routed(to: ModelInfo(id: "m"))
    let seen = Mutex<[String]>([])
    do throws(ProviderError) {
      try await person.engine.withEndpoint(routed, model) { endpoint throws(ProviderError) in
        let count = seen.withLock { seen in
          seen.append(endpoint.apiKey?.reveal() ?? endpoint.aws?.accessKeyId ?? "none")
          return seen.count
        }
        if count <= refusals { throw error }
      }
      return (seen.withLock { $0 }, nil)
    } catch {
      return (seen.withLock { $0 }, error)
    }
  }

  private func refusal(_ status: Int, _ code: String? = nil) -> ProviderError {
    var error = ProviderError(.authRejected, "no")
    (error.status, error.upstreamCode) = (status, code)
    return error
  }

  private func customer(of server: Upstream) throws -> Person {
    let person = try Person(
      config: [:], environment: ["GOOGLE_CLOUD_PROJECT": "p", "AZURE_OPENAI_RESOURCE_NAME": "mine"], upstream: server)
    let file: JSONObject = [
      "type": "authorized_user", "client_id": "c", "client_secret": .string(PlantedSecret.key("client")),
      "refresh_token": .string(PlantedSecret.key("refresh")), "token_uri": .string("\(server.url)/token"),
    ]
    try person.folder.write(".config/gcloud/application_default_credentials.json", JSONValue.object(file).text)
    return person
  }

  private func token(_ text: String) -> String { #"{"access_token": "\#(text)", "expires_in": 3600}"# }

  @Test("A cloud's token is had anew, once, and a call that is no better off is not repeated")
  func google() async throws {
    let person = try customer(of: try Self.giver { token("token-\($0)") })
    let renewed = try await proofs(person, "google-vertex", refusal(401))
    #expect(renewed.proofs == ["token-1", "token-2"] && renewed.error == nil)
    let twice = try await proofs(person, "google-vertex", refusal(401), refusals: 2)
    #expect(twice.proofs == ["token-2", "token-3"] && twice.error?.status == 401)
    let other = try await proofs(person, "google-vertex", refusal(403))
    #expect(other.proofs == ["token-3"] && other.error?.status == 403)
    let same = try customer(of: try Self.giver { _ in token("token") })
    let unchanged = try await proofs(same, "google-vertex", refusal(401))
    #expect(unchanged.proofs == ["token"] && unchanged.error?.status == 401)
  }

  @Test("Azure's tokens too")
  func azure() async throws {
    let server = try Self.giver { token("token-\($0)") }
    let person = try Person(
      config: [:],
      environment: [
        "AZURE_OPENAI_RESOURCE_NAME": "mine", "AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c",
        "AZURE_CLIENT_SECRET": PlantedSecret.key("azure"), "AZURE_AUTHORITY_HOST": server.url,
      ], upstream: server)
    let renewed = try await proofs(person, "azure", refusal(401))
    #expect(renewed.proofs == ["token-1", "token-2"] && renewed.error == nil)
  }

  @Test("AWS says with 403 that keys have ended; whatever else it refuses stays refused")
  func aws() async throws {
    let server = try Self.giver { number in
      "<Credentials><AccessKeyId>KEY\(number)</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
        + "<SessionToken>t</SessionToken><Expiration>2037-01-01T00:00:00Z</Expiration></Credentials>"
    }
    let person = try Person(
      config: [:], environment: ["AWS_PROFILE": "role", "AWS_ENDPOINT_URL": server.url, "AWS_REGION": "us-east-1"],
      upstream: server)
    try person.folder.write(
      ".aws/config",
      """
      [profile base]
      aws_access_key_id = AKIDBASE
      aws_secret_access_key = \(PlantedSecret.key("base"))
      [profile role]
      role_arn = arn:aws:iam::1:role/one
      source_profile = base
      """)
    let denied = try await proofs(person, "bedrock", refusal(403, "AccessDeniedException"))
    #expect(denied.proofs == ["KEY1"] && denied.error?.status == 403)
    let renewed = try await proofs(person, "bedrock", refusal(403, "ExpiredTokenException"))
    #expect(renewed.proofs == ["KEY1", "KEY2"] && renewed.error == nil)
  }
}
