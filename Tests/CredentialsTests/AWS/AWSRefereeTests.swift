import Completion
import Credentials
import HTTP
import JSON
import TestSupport
import Testing
import Upstream

/// Amazon's own client looks for credentials in the same environments, in one run.
@Suite(
  "AWS credentials: botocore as a referee",
  .enabled(if: Testbed.has("v-moto/bin/python"), "botocore is not installed (testbed: setup moto)"),
  .timeLimit(.minutes(2)))
struct AWSRefereeTests {
  private func home(_ services: Upstream) throws -> AWSHome {
    let home = try AWSHome(
      url: services.url, config: AWSCaseFiles.config, credentials: AWSCaseFiles.credentials)
    try home.folder.write("token", "web-token")
    try home.folder.write("lines", "one\ntwo\n")
    try home.folder.write("other", "[default]\naws_access_key_id = AKIDOTHER\naws_secret_access_key = s\n")
    try home.folder.write("broken", "[default]\naws_access_key_id = A\naws_secret_access_key = s\nnonsense\n")
    try home.folder.write("twice", "[default]\nregion = a\n[default]\nregion = b\n")
    try home.folder.write("nested", "[default]\ns3 =\n  nonsense\n")
    for (name, digest) in AWSCaseFiles.logins {
      let isLate = ["late", "over", "ended"].contains(name)
      try home.storeLogin(
        digest, token: name, expires: isLate ? "2001-01-01T00:00:00Z" : "2036-01-01T00:00:00Z",
        registration: name == "over" ? "2001-01-01T00:00:00Z" : "2036-01-01T00:00:00Z")
    }
    return home
  }

  /// Variables that hold in every case.
  private static let base = [
    "AWS_ENDPOINT_URL": "@URL", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "@URL/none", "AWS_DEFAULT_REGION": "eu-west-1",
  ]

  private func variables(_ test: AWSCase, _ home: AWSHome) -> [String: String] {
    Self.base.merging(test.environment) { $1 }.filter { !$0.value.isEmpty }.mapValues(home.filled)
  }

  private func ours(_ test: AWSCase, _ home: AWSHome) async throws -> (verdict: String, reason: String) {
    let resolver = try home.resolver(variables(test, home), profile: test.profile)
    let (identity, error) = await found(resolver, home)
    if let error {
      #expect(error.hint?.hasSuffix(".") == true || error.hint?.hasPrefix("Run: ") == true, "\(test.name): \(error)")
      return ("error", error.message)
    }
    guard let identity else { return ("none", "") }
    let place = try await resolver.place(of: home.query)
    // Only a machine is not known before it is asked.
    #expect(place == nil ? identity.method == "iam-role" : place?.detail == identity.place.detail, "\(test.name)")
    return ("\(identity.method) \(identity.accessKeyId) \(identity.sessionToken?.reveal() ?? "")", "")
  }

  private func found(_ resolver: KeyResolver, _ home: AWSHome) async -> (AWSIdentity?, ProviderError?) {
    do throws(ProviderError) {
      return (try await resolver.aws(for: home.query), nil)
    } catch {
      return (nil, error)
    }
  }

  @Test("finds the same keys in the same places")
  func verdicts() async throws {
    let services = try FakeAWS.start()
    let home = try home(services)
    let questions = AWSCase.all.map { test -> JSONValue in
      let environment = variables(test, home).map { ($0.key, JSONValue.string($0.value)) }
      return ["environment": .object(JSONObject(environment)), "profile": test.profile.map { .string($0) } ?? .null]
    }
    let tests = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    let referee = try LineServer(
      "\(Testbed.programs)/v-moto/bin/python", ["\(tests)/Referees/aws_chain.py"],
      environment: ["HOME": home.folder.path, "PATH": "/usr/bin:/bin"])
    let answers = try await referee.answers(to: questions.map(\.text)).map { try JSONValue(parsing: $0) }
    #expect(answers.count >= 40)
    for (test, answer) in zip(AWSCase.all, answers) {
      let theirs =
        answer["method"].map { "\($0.string ?? "") \(answer["id"]?.string ?? "") \(answer["token"]?.string ?? "")" }
        ?? (answer["none"] == true ? "none" : "error")
      let (verdict, reason) = try await ours(test, home)
      #expect(
        verdict == test.differs ?? theirs, "\(test.name): \(reason); botocore: \(answer["error"]?.string ?? theirs)")
      if let differs = test.differs { #expect(differs != theirs, "\(test.name) differs no more") }
    }
  }
}
