/// An environment in which somebody looks for AWS credentials.
struct AWSCase: Sendable {
  let name: String
  var environment: [String: String] = [:]
  /// A profile that was chosen for the provider.
  var profile: String?
  /// Our verdict where it is not botocore's, on purpose.
  var differs: String?

  init(_ name: String, _ environment: [String: String] = [:], profile: String? = nil, differs: String? = nil) {
    self.name = name
    self.environment = environment
    self.profile = profile
    self.differs = differs
  }

  /// The profile `name`, from the environment.
  static func profile(_ name: String, _ more: [String: String] = [:], differs: String? = nil) -> AWSCase {
    AWSCase("profile \(name)", more.merging(["AWS_PROFILE": name]) { $1 }, differs: differs)
  }

  static let pair = ["AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "s"]
  static let token = ["AWS_WEB_IDENTITY_TOKEN_FILE": "@HOME/token", "AWS_ROLE_ARN": "arn:aws:iam::1:role/env"]
  static let container = ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "@URL/creds"]
  static let machine = ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "@URL/imds/"]

  static func join(_ parts: [String: String]...) -> [String: String] {
    parts.reduce(into: [:]) { $0.merge($1) { $1 } }
  }

  static let all = variables + files + roles + identities + programs + services

  private static let variables = [
    AWSCase("nothing at all", ["AWS_CONFIG_FILE": "/none", "AWS_SHARED_CREDENTIALS_FILE": "/none"]),
    AWSCase("the default profile"),
    AWSCase("a pair", pair),
    AWSCase("a pair with a token", join(pair, ["AWS_SESSION_TOKEN": "tok"])),
    AWSCase("a pair with both tokens", join(pair, ["AWS_SESSION_TOKEN": "new", "AWS_SECURITY_TOKEN": "old"])),
    AWSCase("a pair that ends later", join(pair, ["AWS_CREDENTIAL_EXPIRATION": "2037-01-01T00:00:00Z"])),
    AWSCase("a pair that has ended", join(pair, ["AWS_CREDENTIAL_EXPIRATION": "2001-01-01T00:00:00Z"])),
    AWSCase("no secret", ["AWS_ACCESS_KEY_ID": "AKIDENV"]),
    AWSCase("no id", ["AWS_SECRET_ACCESS_KEY": "s"], differs: "error"),
    AWSCase("a pair before a profile", join(pair, ["AWS_PROFILE": "plain"])),
    AWSCase("a pair after a chosen profile", pair, profile: "plain"),
    AWSCase("a pair and a profile that is not there", join(pair, ["AWS_PROFILE": "nowhere"])),
    AWSCase("a pair before a token", join(pair, token)),
    AWSCase("a pair before a container", join(pair, container)),
  ]

  private static let files = [
    profile("plain"), profile("config-keys"), profile("both"), profile("token"), profile("old-token"),
    profile("half"), profile("nowhere"), profile("spaced name"), profile("Upper"), profile("colon"),
    AWSCase("AWS_DEFAULT_PROFILE", ["AWS_DEFAULT_PROFILE": "plain"]),
    AWSCase("both variables", ["AWS_DEFAULT_PROFILE": "plain", "AWS_PROFILE": "config-keys"]),
    AWSCase("a chosen profile that is not there", profile: "nowhere"),
    AWSCase("other files", ["AWS_CONFIG_FILE": "@HOME/other", "AWS_SHARED_CREDENTIALS_FILE": "/none"]),
    AWSCase("a file with a line that is none", ["AWS_CONFIG_FILE": "@HOME/broken"]),
    AWSCase("a section twice", ["AWS_CONFIG_FILE": "@HOME/twice"]),
    AWSCase("nested nonsense", ["AWS_CONFIG_FILE": "@HOME/nested"]),
    profile("empty", differs: "error"), profile("empty", machine),
  ]

  private static let roles = [
    profile("role"), profile("role-of-role"), profile("role-named"), profile("role-self"), profile("role-self-bare"),
    profile("circle-a"), profile("role-nobody"), profile("role-both"), profile("role-unknown"), profile("role-missing"),
    profile("role-empty"), profile("role-denied"), profile("role-keys"), profile("role-of-process"),
    profile("role-of-sign-on"), profile("role-duration"), profile("role-duration-wrong"),
    profile("role-env"), profile("role-machine", machine), profile("role-machine"),
    profile("role-container", container), profile("role-container"),
    AWSCase("a pair for a chosen role", pair, profile: "role-env"), AWSCase("a chosen role", pair, profile: "role"),
    profile("role-own-endpoint", ["AWS_ENDPOINT_URL": ""]), profile("role-services", ["AWS_ENDPOINT_URL": ""]),
  ]

  private static let identities = [
    AWSCase("a token", token), AWSCase("a token with a name", join(token, ["AWS_ROLE_SESSION_NAME": "me"])),
    AWSCase("a token without a role", ["AWS_WEB_IDENTITY_TOKEN_FILE": "@HOME/token"]),
    AWSCase("a token file that is not there", join(token, ["AWS_WEB_IDENTITY_TOKEN_FILE": "@HOME/none"])),
    AWSCase("a token before a profile", join(token, ["AWS_PROFILE": "plain"])),
    AWSCase("a token and a chosen profile", token, profile: "plain"),
    AWSCase("a role before a token", join(token, ["AWS_PROFILE": "role"])),
    profile("web"), profile("web-no-role"), profile("web-and-source"),
    profile("sign-on"), profile("sign-on-late"), profile("sign-on-over"), profile("sign-on-lost"),
    profile("sign-on-refused"), profile("sign-on-legacy"), profile("sign-on-legacy-ended"), profile("sign-on-partly"),
    profile("sign-on-contradicts"), profile("sign-on-nowhere"), profile("sign-on-and-keys"), profile("only-session"),
  ]

  private static let programs = [
    profile("process"), profile("process-quoted"), profile("process-version"), profile("process-fails"),
    profile("process-lost"), profile("process-nonsense"), profile("process-partly"), profile("process-open-quote"),
    profile("process-before-config"), profile("process-after-credentials"), profile("process-ended"),
  ]

  private static let services = [
    AWSCase("a container", join(container, bare)),
    AWSCase("a container with a token", join(container, bare, ["AWS_CONTAINER_AUTHORIZATION_TOKEN": "Basic x"])),
    AWSCase(
      "a container with a token file",
      join(
        container, bare,
        ["AWS_CONTAINER_AUTHORIZATION_TOKEN": "no", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "@HOME/token"])),
    AWSCase(
      "a container with a token of two lines",
      join(container, bare, ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "@HOME/lines"])),
    AWSCase("a container that is far", join(bare, ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/creds"])),
    AWSCase("a container that refuses", join(bare, ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "@URL/no"])),
    AWSCase("a container before the machine", join(container, bare, machine)),
    AWSCase("the default profile before a container", container),
    AWSCase("the machine", join(bare, machine)),
    AWSCase("an old machine", join(bare, ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "@URL/old"])),
    AWSCase(
      "an old machine that must be new",
      join(bare, ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "@URL/old", "AWS_EC2_METADATA_V1_DISABLED": "true"])),
    AWSCase("no machine", join(bare, ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "@URL/none"])),
    AWSCase("a machine that is switched off", join(bare, machine, ["AWS_EC2_METADATA_DISABLED": "TRUE"])),
  ]

  /// No files.
  private static let bare = ["AWS_CONFIG_FILE": "/none", "AWS_SHARED_CREDENTIALS_FILE": "/none"]
}
