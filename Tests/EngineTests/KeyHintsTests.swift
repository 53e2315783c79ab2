import Catalog
import Completion
import Credentials
import Dialects
import JSON
import TestSupport
import Testing

@testable import Engine

/// Who has no usable key is told the variable, the command and the files.
@Suite("What to do about a key", .timeLimit(.minutes(1)))
struct KeyHintsTests {
  /// No machine of a cloud.
  private static let home = ["NO_GCE_CHECK": "true", "AWS_EC2_METADATA_DISABLED": "true"]

  private func error(_ person: Person, _ name: String) async throws -> ProviderError {
    let provider = try await person.engine.catalog().provider(named: name)
    let (routed, model) = provider.routed(to: ModelInfo(id: provider.defaultModel ?? "m"))
    let dialect = try #require(person.engine.dialect(named: routed.api))
    let request = CompletionRequest(messages: [Message(.user, "hi")])
    return try #require(
      await #expect(throws: ProviderError.self) {
        try await person.engine.withEndpoint(routed, model) { endpoint throws(ProviderError) in
          _ = try dialect.authorize(try dialect.encode(request, for: endpoint).http, at: endpoint, time: 0)
        }
      })
  }

  @Test("Every provider that wants a key names its variable, the command, auth.json and the config file")
  func all() async throws {
    let person = try Person(config: [:], environment: Self.home)
    let providers = try await person.engine.catalog().providers.filter { $0.auth.need == .required }
    #expect(providers.count > 30)
    for provider in providers {
      let error = try await error(person, provider.id)
      let hint = try #require(error.hint, "\(provider.id)")
      #expect((error.kind, error.provider) == (.authRequired, provider.id))
      #expect(hint.contains("patchbay login \(provider.id)"), "\(hint)")
      #expect(hint.contains(person.folder.file("data/auth.json")), "\(hint)")
      #expect(hint.contains(person.folder.file("config/config.json")), "\(hint)")
      #expect(provider.env.isEmpty || provider.env.contains { hint.contains("set \($0)") }, "\(hint)")
      #expect(hint.hasPrefix("You can ") && hint.hasSuffix("."), "\(hint)")
    }
  }

  /// What is wrong, and a word of the remedy for just that.
  struct Mistake: Sendable, CustomTestStringConvertible {
    var provider: String
    var environment: [String: String] = [:]
    var config: JSONValue = [:]
    var auth: String?
    var remedy: String
    var testDescription: String { "\(provider): \(remedy)" }
  }

  static let mistakes = [
    Mistake(provider: "bedrock", environment: ["AWS_PROFILE": "nobody"], remedy: "unset AWS_PROFILE"),
    Mistake(provider: "bedrock", environment: ["AWS_ACCESS_KEY_ID": "a"], remedy: "AWS_SECRET_ACCESS_KEY"),
    Mistake(provider: "azure", environment: ["AZURE_CLIENT_SECRET": "S3CRET"], remedy: "AZURE_TENANT_ID"),
    Mistake(
      provider: "google-vertex", environment: ["GOOGLE_APPLICATION_CREDENTIALS": "/nowhere"],
      remedy: "gcloud auth application-default login"),
    Mistake(
      provider: "groq", config: ["providers": ["groq": ["apiKey": "$NOT_SET"]]], remedy: "Set NOT_SET"),
    Mistake(
      provider: "groq", config: ["providers": ["groq": ["apiKey": "!exit 1"]]], remedy: "Run the command in a shell"),
  ]

  @Test("A place that holds nothing usable names its own remedy and all other ways", arguments: mistakes)
  func mistaken(_ mistake: Mistake) async throws {
    let person = try Person(
      config: mistake.config, environment: Self.home.merging(mistake.environment) { $1 })
    let error = try await error(person, mistake.provider)
    let hint = error.hint ?? ""
    #expect(error.kind == .authRequired)
    for words in [mistake.remedy, "You can also ", "patchbay login ", "/data/auth.json", "/config/config.json"] {
      #expect(hint.contains(words), "\(hint)")
    }
    #expect(!"\(error)".contains(PlantedSecret.mark))
  }

  @Test(
    "An entry of auth.json that is of no use has to go before another key is used",
    arguments: [
      #"{"type": "api_key"}"#, #"{"type": "api_key", "key": "!exit 1"}"#,
      #"{"type": "oauth", "access": "S3CRET", "refresh": "", "expires": 1}"#,
    ])
  func stored(entry: String) async throws {
    let person = try Person(config: [:], auth: #"{"groq": \#(entry)}"#, environment: Self.home)
    let error = try await error(person, "groq")
    let hint = error.hint ?? ""
    #expect(error.kind == .authRequired)
    for words in ["To use another key, run patchbay logout groq", "set GROQ_API_KEY", "/data/auth.json"] {
      #expect(hint.contains(words), "\(hint)")
    }
  }

  @Test(
    "What AWS knows and is not done here names what to run in its place",
    arguments: [("mfa", "aws configure export-credentials --profile mfa"), ("session", "credential_process = aws ")])
  func aws(profile: String, remedy: String) async throws {
    let person = try Person(config: [:], environment: Self.home.merging(["AWS_PROFILE": profile]) { $1 })
    try person.folder.write(
      ".aws/config",
      """
      [profile base]
      aws_access_key_id = AKIDBASE
      aws_secret_access_key = \(PlantedSecret.key("base"))
      [profile mfa]
      role_arn = arn:aws:iam::1:role/one
      source_profile = base
      mfa_serial = arn:aws:iam::1:mfa/me
      [profile session]
      login_session = arn:aws:iam::1:user/me
      """)
    let error = try await error(person, "bedrock")
    #expect(error.kind == .authRequired && error.message.contains("\"\(profile)\""))
    #expect(error.hint?.contains(remedy) == true && error.hint?.contains("patchbay login amazon-bedrock") == true)
  }

  @Test("A server of one's own that speaks Bedrock's API can have its key in the config file")
  func customBedrock() async throws {
    let config: JSONValue = [
      "providers": ["mine": ["api": "bedrock-converse-stream", "baseURL": "https://bedrock.example"]]
    ]
    let person = try Person(config: config, environment: Self.home)
    let error = try await error(person, "mine")
    #expect(error.kind == .authRequired)
    #expect(error.hint?.contains("put \"apiKey\" into \(person.folder.file("config/config.json"))") == true)
  }
}
