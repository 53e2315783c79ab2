import Completion
import Credentials
import HTTP
import TestSupport
import Testing

/// A server that plays Amazon's services gives roles and machine credentials.
@Suite(
  "AWS credentials: moto",
  .enabled(if: Testbed.has("v-moto/bin/moto_server"), "moto is not installed (testbed: setup moto)"),
  .timeLimit(.minutes(2)))
struct AWSMotoRefereeTests {
  static let config = """
    [profile base]
    aws_access_key_id = AKIABASE
    aws_secret_access_key = basesecret
    [profile assumed]
    role_arn = arn:aws:iam::123456789012:role/x
    source_profile = base
    role_session_name = sess
    [profile again]
    role_arn = arn:aws:iam::123456789012:role/y
    source_profile = assumed
    [profile web]
    role_arn = arn:aws:iam::123456789012:role/x
    web_identity_token_file = @HOME/token
    [profile machine]
    role_arn = arn:aws:iam::123456789012:role/x
    credential_source = Ec2InstanceMetadata
    """

  @Test("roles, tokens and the machine give keys that end")
  func keys() async throws {
    let port = try TestServer.freePort()
    let moto = try await TestServer.start(
      "\(Testbed.programs)/v-moto/bin/moto_server", ["-H", "127.0.0.1", "-p", "\(port)"], port: port,
      ready: "Running on")
    let home = try AWSHome(url: moto.url, config: Self.config)
    try home.folder.write("token", "jwt")
    let environment = ["AWS_ENDPOINT_URL": "@URL", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "@URL"]
    for (profile, method) in [
      ("assumed", "assume-role"), ("again", "assume-role"), ("web", "assume-role-with-web-identity"),
      ("machine", "assume-role"), (nil, "iam-role"),
    ] {
      let named = profile.map { ["AWS_PROFILE": $0] } ?? [:]
      let resolver = try home.resolver(environment.merging(named) { $1 })
      let identity = try #require(try await resolver.aws(for: home.query), "\(method)")
      #expect(identity.method == method)
      #expect(identity.sessionToken?.isEmpty == false)
      #expect(identity.expiresAt ?? 0 > KeyResolver.systemTime())
    }
  }
}
