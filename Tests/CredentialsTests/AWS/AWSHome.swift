import Completion
import Credentials
import HTTP
import JSON
import Platform
import TestSupport

/// A home with the files of the AWS tools in it.
struct AWSHome {
  let folder: TemporaryFolder
  /// Where the services are, for `@URL` in values.
  let url: String

  init(url: String, config: String, credentials: String = "") throws {
    folder = try TemporaryFolder()
    self.url = url
    try folder.write(".aws/config", filled(config))
    try folder.write(".aws/credentials", filled(credentials))
  }

  /// `text` with the home and the services' address in the place of `HOME` and `URL`.
  func filled(_ text: String) -> String { text.replacing("@HOME", with: folder.path).replacing("@URL", with: url) }

  /// The variables of a program in this home.
  func environment(_ more: [String: String]) -> [String: String] {
    let base = ["HOME": folder.path, "PATH": "/usr/bin:/bin", "AWS_DEFAULT_REGION": "eu-west-1"]
    return base.merging(more.mapValues(filled)) { $1 }
  }

  /// A resolver in this home; `profile` is the one that the entry in `auth.json` names.
  func resolver(
    _ more: [String: String] = [:], profile: String? = nil, commandLimit: Duration = .seconds(30),
    now: @escaping @Sendable () -> Int = KeyResolver.systemTime
  ) throws -> KeyResolver {
    var environment = environment(more)
    environment["PATCHBAY_HOME"] = folder.file("patchbay-\(randomHex(4))")
    let entry: JSONValue = ["type": "api_key", "env": ["AWS_PROFILE": .string(profile ?? "")]]
    let resolver = KeyResolver(
      environment: Environment(environment), directories: Directories(Environment(environment)),
      commandLimit: commandLimit, now: now)
    if profile != nil {
      try folder.write(
        String(resolver.authPath.dropFirst(folder.path.count + 1)), JSONValue.object(JSONObject([("acme", entry)])).text
      )
    }
    return resolver
  }

  /// What signs requests without a key.
  var query: KeyQuery {
    var query = KeyQuery(provider: "acme", configPath: folder.file("config.json"))
    query.usesAWS = true
    return query
  }

  /// The token file of a sign-on whose name has this digest.
  func storeLogin(_ digest: String, token: String, expires: String, registration: String = "2036-01-01T00:00:00Z")
    throws
  {
    let value: JSONValue = [
      "startUrl": "https://corp.example/start", "region": "us-east-1", "accessToken": .string(token),
      "expiresAt": .string(expires), "clientId": "c", "clientSecret": "s",
      "registrationExpiresAt": .string(registration), "refreshToken": "r", "unknown": 1,
    ]
    try folder.write(".aws/sso/cache/\(digest).json", value.text)
  }
}
