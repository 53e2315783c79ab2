internal import HTTP

/// Where AWS credentials come from: all that has to be known to get them. Two equal ones give the same credentials, so
/// that they can be kept by it.
indirect enum AWSSource: Sendable, Hashable {
  /// Keys that are written down.
  case keys(AWSKeys, KeyPlace)
  /// A role of `role_arn`, asked for with the credentials of another source.
  case role(AWSRole, with: AWSSource, at: KeyPlace)
  /// A role for whoever holds the token in a file.
  case webIdentity(AWSRole, tokenFile: String, at: KeyPlace)
  /// A role of IAM Identity Center, for a person who has logged in.
  case singleSignOn(AWSSignOn, at: KeyPlace)
  /// What a program prints.
  case process(command: String, at: KeyPlace)
  /// The service beside a container, at this address.
  case container(AWSContainer, at: KeyPlace)
  /// The service of the machine.
  case instance(AWSInstance, at: KeyPlace)

  /// Where it is written down that they come from there.
  var place: KeyPlace {
    switch self {
    case .keys(_, let place), .role(_, _, let place), .webIdentity(_, _, let place), .singleSignOn(_, let place),
      .process(_, let place), .container(_, let place), .instance(_, let place):
      place
    }
  }

  /// What botocore calls it.
  var method: String {
    switch self {
    case .keys(let keys, _): keys.method
    case .role: "assume-role"
    case .webIdentity: "assume-role-with-web-identity"
    case .singleSignOn: "sso"
    case .process: "custom-process"
    case .container: "container-role"
    case .instance: "iam-role"
    }
  }
}

/// A key and what belongs to it.
struct AWSKeys: Sendable, Hashable {
  var id: String
  var secret: Secret
  var token: Secret?
  /// When it ends, in milliseconds since 1970.
  var expiresAt: Int?
  /// Which of the sources of written keys it is of.
  var method = ""
}

/// What is asked of the Security Token Service, and where.
struct AWSRole: Sendable, Hashable {
  var arn: String
  var sessionName: String?
  var externalId: String?
  /// In seconds.
  var duration: Int?
  /// Where the service is, without a path.
  var endpoint: String
  var region: String
  /// The profile or variable that names the role, for errors.
  var origin: String
}

/// What is asked of IAM Identity Center, and where.
struct AWSSignOn: Sendable, Hashable {
  var profile: String
  /// `nil` for a profile that names the start page itself: its token is never renewed.
  var session: String?
  var startURL: String
  var region: String
  var account: String
  var role: String
  /// The folder of the tokens.
  var cache: String
  /// Where credentials come from.
  var portal: String
  /// Where tokens come from.
  var oidc: String
}

/// What is asked of the service beside a container.
struct AWSContainer: Sendable, Hashable {
  var url: String
  /// Read anew for each question; goes before `token`.
  var tokenFile: String?
  var token: Secret?
}

/// How the machine's service is asked.
struct AWSInstance: Sendable, Hashable {
  /// Without a slash at its end.
  var endpoint: String
  var allowsVersion1: Bool
  var timeoutMs: Int
  var attempts: Int
}
