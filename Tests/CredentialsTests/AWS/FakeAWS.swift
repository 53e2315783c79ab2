import JSON
import TestSupport
import Upstream

/// Stands in for the services that give AWS credentials. The keys they give say what they were asked with, so that a
/// test sees at the result how it came about.
enum FakeAWS {
  static func start() throws -> Upstream { try Upstream { request, exchange in try answer(request, exchange) } }

  private static func answer(_ request: Request, _ exchange: Exchange) throws {
    switch (request.method, request.path) {
    case ("POST", "/"): try grantRole(request, exchange)
    case ("POST", "/token"):
      try exchange.respond(json: ["accessToken": "renewed", "expiresIn": 28_800, "refreshToken": "next"])
    case ("GET", "/federation/credentials"): try grantSignOn(request, exchange)
    case ("GET", "/creds"):
      try exchange.respond(
        json: keys("container:\(request.header("authorization") ?? "-"):\(request.header("accept") ?? "")"))
    case (_, let path) where path.hasPrefix("/imds/"), (_, let path) where path.hasPrefix("/old/"):
      try grantInstance(request, exchange)
    default: try exchange.respond(status: 404, json: ["message": "nothing here"])
    }
  }

  private static func keys(_ id: String) -> JSONValue {
    [
      "Code": "Success", "AccessKeyId": .string(id), "SecretAccessKey": "s", "Token": "t",
      "Expiration": "2037-01-01T00:00:00Z",
    ]
  }

  private static func grantRole(_ request: Request, _ exchange: Exchange) throws {
    var fields: [String: String] = [:]
    for pair in String(decoding: request.body, as: UTF8.self).split(separator: "&") {
      let halves = pair.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
      fields[halves[0]] = halves[1].replacing("%3A", with: ":").replacing("%2F", with: "/")
    }
    let role = fields["RoleArn"]?.split(separator: "/").last.map(String.init) ?? ""
    if role == "denied" {
      let error = "<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not &quot;you&quot;</Message></Error>"
      return try exchange.respond(
        status: 403, headers: [("content-type", "text/xml")],
        body: Array("<ErrorResponse>\(error)</ErrorResponse>".utf8))
    }
    let action = fields["Action"] ?? ""
    let caller = request.header("authorization")?.split(separator: "/").first?.split(separator: "=").last ?? "-"
    let name = fields["RoleSessionName"] ?? ""
    let isOwn = !name.hasPrefix("botocore-session-") && !name.hasPrefix("patchbay-")
    let extra = ["ExternalId", "DurationSeconds", "WebIdentityToken"].map { fields[$0] ?? "-" }
    let id = (["role", String(caller), role, isOwn ? name : "default"] + extra).joined(separator: ":")
    let credentials =
      "<Credentials><AccessKeyId>\(id)</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
      + "<SessionToken>t</SessionToken><Expiration>2037-01-01T00:00:00Z</Expiration></Credentials>"
    let result = "<\(action)Response><\(action)Result>\(credentials)</\(action)Result></\(action)Response>"
    try exchange.respond(headers: [("content-type", "text/xml")], body: Array(result.utf8))
  }

  private static func grantSignOn(_ request: Request, _ exchange: Exchange) throws {
    let token = request.header("x-amz-sso_bearer_token") ?? ""
    if token == "refused" { return try exchange.respond(status: 401, json: ["message": "Session token not found"]) }
    let query = request.target.split(separator: "?").last?.split(separator: "&").sorted().joined(separator: "&") ?? ""
    let keys: JSONValue = [
      "accessKeyId": .string("sso:\(query):\(token)"), "secretAccessKey": "s", "sessionToken": "t",
      "expiration": 2_114_380_800_000,
    ]
    try exchange.respond(json: ["roleCredentials": keys])
  }

  /// Below `/imds/` with tokens, below `/old/` without.
  private static func grantInstance(_ request: Request, _ exchange: Exchange) throws {
    let list = "latest/meta-data/iam/security-credentials/"
    let isOld = request.path.hasPrefix("/old/")
    let token = request.header("x-aws-ec2-metadata-token")
    switch request.path.dropFirst(isOld ? 5 : 6) {
    case "latest/api/token" where !isOld && request.method == "PUT":
      try exchange.respond(body: Array("ttl\(request.header("x-aws-ec2-metadata-token-ttl-seconds") ?? "")".utf8))
    case list where isOld || token != nil: try exchange.respond(body: Array("worker".utf8))
    case "\(list)worker" where isOld || token != nil:
      try exchange.respond(json: keys("machine:\(token ?? "version1")"))
    default: try exchange.respond(status: 404)
    }
  }
}
