import Completion
import Credentials
import HTTP
import Platform
import TestSupport
import Testing

@Suite("Keys that other programs keep", .timeLimit(.minutes(1)))
struct AmbientKeyTests {
  private static let text = #"{"url": "https://mine.example", "key": " sk-file ", "empty": "", "number": 7}"#

  private func query(_ user: User, config: String? = nil) -> KeyQuery {
    var query = user.query(config: config)
    query.file = KeyFile(
      path: "~/.other/other.json", key: "key", variables: ["url": "url", "gone": "gone", "number": "number"])
    return query
  }

  @Test("The file's key comes last, and what stands beside it is found")
  func order() async throws {
    let user = try User()
    #expect(try await user.resolver.key(for: query(user)) == nil)
    let path = try user.folder.write(".other/other.json", Self.text, mode: 0o600)
    let key = try #require(try await user.resolver.key(for: query(user)))
    #expect((key.secret.reveal(), key.source, key.detail) == ("sk-file", .ambient, path))
    #expect(try await user.resolver.place(of: query(user)) == KeyPlace(source: .ambient, detail: path))
    #expect(try await user.resolver.key(for: query(user, config: "conf"))?.source == .config)
    #expect(try await user.resolver.surroundings(of: query(user)).file == ["url": "https://mine.example"])
    #expect(user.resolver.holdsKeyBlocking(try #require(query(user).file)))
  }

  @Test("The file may refer to variables of the environment, all of which must be set")
  func references() async throws {
    let text = #"{"key": "a-${env:PART}-${env:OTHER}z$PART", "url": "https://${env:PART}"}"#
    let user = try User(environment: ["PART": " one ", "OTHER": "two"])
    try user.folder.write(".other/other.json", text, mode: 0o600)
    #expect(try await user.resolver.key(for: query(user))?.secret.reveal() == "a-one-twoz$PART")
    #expect(try await user.resolver.surroundings(of: query(user)).file["url"] == "https://one")
    let poor = try User(environment: ["PART": "one"])
    try poor.folder.write(".other/other.json", text, mode: 0o600)
    let error = await poor.error { () throws(ProviderError) in try await poor.resolver.key(for: query(poor)) }
    #expect(error?.kind == .authRequired)
    #expect(error?.message == "HOME/.other/other.json refers to the variable OTHER, which is not set")
    #expect(try await poor.resolver.place(of: query(poor)) == nil)
    #expect(poor.resolver.holdsKeyBlocking(try #require(query(poor).file)) == false)
  }

  @Test("A file that others may read is used with a warning, one that everybody may write is not")
  func modes() async throws {
    let user = try User()
    let path = try user.folder.write(".other/other.json", Self.text, mode: 0o644)
    let place = try #require(try await user.resolver.place(of: query(user)))
    #expect(place.warning?.contains("chmod 600 \(path)") == true)
    #expect(chmod(path, 0o666) == 0)
    let error = await user.error { () throws(ProviderError) in try await user.resolver.key(for: query(user)) }
    #expect(error?.kind == .storage)
    #expect(error?.message == "HOME/.other/other.json may be written by everybody, so it is not used")
    #expect(user.resolver.holdsKeyBlocking(try #require(query(user).file)) == false)
  }

  @Test("A file that is no JSON is named with the line; one without the key holds none")
  func damaged() async throws {
    let user = try User()
    try user.folder.write(".other/other.json", "{\n\"key\": ", mode: 0o600)
    let error = await user.error { () throws(ProviderError) in try await user.resolver.key(for: query(user)) }
    #expect(error?.kind == .storage)
    #expect(error?.message.hasPrefix("HOME/.other/other.json:2:") == true)
    try user.folder.write(".other/other.json", #"{"key": " "}"#, mode: 0o600)
    #expect(try await user.resolver.key(for: query(user)) == nil)
  }

  @Test("The error of a missing key names the file too")
  func missing() throws {
    let user = try User()
    let hint = user.resolver.missingKey(query(user)).hint
    #expect(hint?.contains("put \"key\" into \(user.folder.path)/.other/other.json") == true)
  }

  @Test("What stands beside a stored key is found: its variables, or whose login it is")
  func stored() async throws {
    let variables = try User(auth: #"{"acme": {"type": "api_key", "key": "k", "env": {"ACME_HOST": "h"}}}"#)
    #expect(try await variables.resolver.surroundings(of: variables.query()).environment == ["ACME_HOST": "h"])
    let login = try User(
      auth: #"{"acme": {"type": "oauth", "access": "t", "refresh": "", "expires": 2000, "accountId": "host"}}"#)
    #expect(try await login.resolver.surroundings(of: login.query()).account == "host")
  }
}

@Suite("AWS credentials", .timeLimit(.minutes(1)))
struct AWSCredentialTests {
  private func query(_ user: User) -> KeyQuery {
    var query = user.query(variables: ["BEARER"])
    query.usesAWS = true
    return query
  }

  private static let files = (
    credentials: """
    # the usual ones
    [default]
    aws_access_key_id = AKIDDEFAULT
    aws_secret_access_key=default/secret+==
    [ other ]
    AWS_ACCESS_KEY_ID = AKIDOTHER
    aws_secret_access_key = other-secret
    aws_session_token = other-token
    [half]
    aws_access_key_id = AKIDHALF
    """,
    config: """
    [default]
    region = eu-west-1
    s3 =
      region = nowhere
    [profile other]
    region = ap-south-1
    [profile sso]
    sso_session = corp
    region = us-east-2
    ; nothing
    [profile written]
    aws_access_key_id = AKIDWRITTEN
    aws_secret_access_key = written-secret
    """
  )

  private func user(
    _ environment: [String: String] = [:], auth: String? = nil, files: Bool = true
  ) throws -> User {
    let noMachine = ["AWS_EC2_METADATA_DISABLED": "true"]
    let user = try User(auth: auth, environment: environment.merging(noMachine) { $1 })
    guard files else { return user }
    try user.folder.write(".aws/credentials", Self.files.credentials)
    try user.folder.write(".aws/config", Self.files.config)
    return user
  }

  struct Case: Sendable {
    var environment: [String: String] = [:]
    var auth: String?
    var id: String
    var secret: String
    var token: String?
    var source: KeySource
    var region: String?
  }

  static let pair = ["AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "env-secret"]
  static let profileEntry = #"{"acme": {"type": "api_key", "env": {"AWS_PROFILE": "other"}}}"#

  static let cases = [
    Case(id: "AKIDDEFAULT", secret: "default/secret+==", source: .ambient, region: "eu-west-1"),
    Case(environment: pair, id: "AKIDENV", secret: "env-secret", source: .env, region: "eu-west-1"),
    Case(
      environment: pair.merging(["AWS_SESSION_TOKEN": "t"]) { $1 }, id: "AKIDENV", secret: "env-secret", token: "t",
      source: .env, region: "eu-west-1"),
    Case(
      environment: ["AWS_PROFILE": "other"], id: "AKIDOTHER", secret: "other-secret", token: "other-token",
      source: .ambient, region: "ap-south-1"),
    Case(environment: ["AWS_PROFILE": "written"], id: "AKIDWRITTEN", secret: "written-secret", source: .ambient),
    // The environment's keys go before its profile, but not before one that was chosen for this provider.
    Case(
      environment: pair.merging(["AWS_PROFILE": "other"]) { $1 }, id: "AKIDENV", secret: "env-secret", source: .env,
      region: "ap-south-1"),
    Case(
      environment: pair, auth: profileEntry, id: "AKIDOTHER", secret: "other-secret", token: "other-token",
      source: .ambient, region: "ap-south-1"),
    Case(
      environment: pair, auth: #"{"acme": {"type": "api_key"}}"#, id: "AKIDENV", secret: "env-secret", source: .env,
      region: "eu-west-1"),
    Case(
      auth: #"{"acme": {"type": "api_key", "env": {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s"}}}"#,
      id: "A", secret: "s", source: .authFile, region: "eu-west-1"),
  ]

  @Test(
    "Credentials come from the entry's profile, the environment, its profile, the default profile", arguments: cases)
  func order(_ test: Case) async throws {
    let user = try user(test.environment, auth: test.auth)
    let identity = try #require(try await user.resolver.aws(for: query(user)))
    #expect(identity.accessKeyId == test.id)
    #expect(identity.secretAccessKey.reveal() == test.secret)
    #expect(identity.sessionToken?.reveal() == test.token)
    #expect(identity.place.source == test.source)
    #expect(try await user.resolver.key(for: query(user)) == nil)
    #expect(try await user.resolver.place(of: query(user)) == identity.place)
    #expect(try await user.resolver.awsRegion(for: query(user)) == test.region)
  }

  @Test("The files may lie elsewhere, and may be missing")
  func places() async throws {
    let user = try user(["AWS_SHARED_CREDENTIALS_FILE": "~/elsewhere", "AWS_CONFIG_FILE": "/nonexistent"])
    #expect(try await user.resolver.aws(for: query(user)) == nil)
    try user.folder.write("elsewhere", "[default]\naws_access_key_id=A\naws_secret_access_key=s\n")
    let identity = try #require(try await user.resolver.aws(for: query(user)))
    #expect(identity.place.detail == "\(user.folder.file("elsewhere")) [default]")
    #expect(try await user.resolver.awsRegion(for: query(user)) == nil)
    let bare = try self.user(files: false)
    #expect(try await bare.resolver.aws(for: query(bare)) == nil)
    #expect(bare.resolver.missingKey(query(bare)).hint?.contains("AWS_SECRET_ACCESS_KEY") == true)
  }

  @Test(
    "Half a pair, and a named profile without keys, are errors that say what to do",
    arguments: [
      (["AWS_ACCESS_KEY_ID": "A"], "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not"),
      (["AWS_SECRET_ACCESS_KEY": "s"], "AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not"),
      (["AWS_PROFILE": "half"], "the AWS profile \"half\" holds only half a pair of keys"),
      (
        ["AWS_PROFILE": "sso"],
        "the AWS profile \"sso\" holds no credentials in HOME/.aws/credentials or HOME/.aws/config"
      ),
    ])
  func mistakes(_ environment: [String: String], _ message: String) async throws {
    let user = try user(environment)
    let error = await user.error { () throws(ProviderError) in try await user.resolver.aws(for: query(user)) }
    #expect(error?.kind == .authRequired)
    #expect(error?.message == message)
    #expect(error?.hint != nil)
  }

  @Test("A bearer key goes before them, and no proof at all before that")
  func bearer() async throws {
    let user = try user(["BEARER": "token"])
    #expect(try await user.resolver.place(of: query(user)) == KeyPlace(source: .env, detail: "BEARER"))
    let proxied = try self.user(["BEARER": "token", "AWS_BEDROCK_SKIP_AUTH": "1"])
    #expect(proxied.resolver.skipsAWS)
    #expect(try await proxied.resolver.key(for: query(proxied)) == nil)
    #expect(try await proxied.resolver.place(of: query(proxied))?.detail == "AWS_BEDROCK_SKIP_AUTH")
  }
}
