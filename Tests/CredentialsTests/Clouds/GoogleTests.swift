import Completion
import Credentials
import HTTP
import JSON
import Platform
import TestSupport
import Testing
import Upstream

@Suite("Google's Application Default Credentials", .timeLimit(.minutes(1)))
struct GoogleTests {
  private static let scope = "https://www.googleapis.com/auth/cloud-platform"

  private func user(_ customer: Customer, _ more: JSONObject = [:]) -> JSONValue {
    var file: JSONObject = [
      "type": "authorized_user", "client_id": "cid", "client_secret": "client-S3CRET", "refresh_token": "refresh-token",
      "token_uri": .string("\(customer.server.url)/token"),
    ]
    file.merge(more)
    return .object(file)
  }

  @Test("The file that is named goes before gcloud's, and that before the metadata server; a look asks nobody")
  func order() async throws {
    let customer = try Customer()
    func detail(_ variables: [String: String] = [:]) async throws -> String? {
      try await customer.clouds.place(.google, customer.environment(variables))?.detail
    }
    #expect(try await detail() == nil)
    #expect(try await detail(["GCE_METADATA_HOST": "127.0.0.1:1"]) == "metadata server")
    #expect(try await detail(["GCE_METADATA_IP": "127.0.0.1:1", "NO_GCE_CHECK": "true"]) == nil)
    try customer.folder.write("product_name", "Google Compute Engine\n")
    #expect(try await detail() == "metadata server")
    let usual = try customer.folder.write(
      ".config/gcloud/application_default_credentials.json", user(customer).text)
    #expect(try await detail(["GCE_METADATA_HOST": "127.0.0.1:1"]) == usual)
    let moved = try customer.folder.write("cfg/application_default_credentials.json", user(customer).text)
    #expect(try await detail(["CLOUDSDK_CONFIG": customer.folder.file("cfg")]) == moved)
    let named = try customer.folder.write("named.json", user(customer).text)
    #expect(try await detail(["GOOGLE_APPLICATION_CREDENTIALS": named]) == named)
    #expect(customer.server.requests.isEmpty)
    let gone = customer.environment(["GOOGLE_APPLICATION_CREDENTIALS": "/nowhere/x.json"])
    #expect(await customer.failure(.google, gone)?.message.contains("/nowhere/x.json") == true)
  }

  @Test("A person's refresh token buys access tokens, and the quota project goes along")
  func authorizedUser() async throws {
    let customer = try Customer()
    let file = user(customer, ["quota_project_id": "payer"])
    let access = try #require(try await customer.clouds.access(.google, customer.environment(file: file)))
    #expect(access.token.reveal() == "token-1")
    #expect(access.headers == [HTTPHeader("x-goog-user-project", "payer")])
    let other = try customer.environment(file: file, ["GOOGLE_CLOUD_QUOTA_PROJECT": "other"])
    #expect(try await customer.clouds.access(.google, other)?.headers == [HTTPHeader("x-goog-user-project", "other")])
    let request = try #require(customer.server.requests.first)
    #expect((request.method, request.target) == ("POST", "/token"))
    #expect(request.header("content-type") == "application/x-www-form-urlencoded")
    #expect(
      request.form == [
        "grant_type": "refresh_token", "client_id": "cid", "client_secret": "client-S3CRET",
        "refresh_token": "refresh-token",
      ])
  }

  @Test("A token is kept until five minutes before its end, and a changed file is noticed")
  func expiry() async throws {
    let customer = try Customer()
    let environment = try customer.environment(file: user(customer))
    #expect(try await customer.token(.google, environment) == "token-1")
    customer.pass(seconds: 3299)
    #expect(try await customer.token(.google, environment) == "token-1")
    customer.pass(seconds: 1)
    #expect(try await customer.token(.google, environment) == "token-2")
    let changed = try customer.environment(file: user(customer, ["refresh_token": "another-one"]))
    #expect(try await customer.token(.google, changed) == "token-3")
  }

  @Test("A refusal names the remedy and no secret, and is not remembered")
  func revoked() async throws {
    let isRevoked = Switch(true)
    let customer = try Customer { request in
      guard isRevoked.value else { return (200, ["access_token": "fresh", "expires_in": 60]) }
      let quoted = String(decoding: request.body, as: UTF8.self)
      return (400, ["error": "invalid_grant", "error_description": .string("revoked: \(quoted)")])
    }
    let environment = try customer.environment(file: user(customer))
    let error = try #require(await customer.failure(.google, environment))
    #expect((error.kind, error.status, error.upstreamCode) == (.authRejected, 400, "invalid_grant"))
    #expect(error.hint?.contains("gcloud auth application-default login") == true)
    #expect(!"\(error)".contains("refresh-token") && !"\(error)".contains("client-S3CRET"))
    isRevoked.value = false
    #expect(try await customer.token(.google, environment) == "fresh")
  }

  @Test("A workload's token, of a file or an address, is exchanged, and then for that of a service account")
  func externalAccount() async throws {
    let customer = try Customer { request in
      switch request.path {
      case "/subject": return (200, ["id": ["no": 1], "value": "subject-2"])
      case "/sts": return (200, ["access_token": "federated", "expires_in": 3600])
      default: return (200, ["accessToken": "impersonated", "expireTime": "2027-01-15T09:00:00.123Z"])
      }
    }
    let url = customer.server.url
    let path = try customer.folder.write("subject", "subject-1\n")
    var file: JSONObject = [
      "type": "external_account", "audience": "//iam.googleapis.com/pool", "token_url": .string("\(url)/sts"),
      "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "credential_source": ["file": .string(path)],
      "workforce_pool_user_project": "workers",
    ]
    #expect(try await customer.token(.google, customer.environment(file: .object(file))) == "federated")
    #expect(
      customer.server.requests.first?.form == [
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "audience": "//iam.googleapis.com/pool",
        "scope": Self.scope, "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "subject_token": "subject-1", "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "options": #"{"userProject":"workers"}"#,
      ])
    file["credential_source"] = [
      "url": .string("\(url)/subject"), "headers": ["X-Proof": "yes"],
      "format": ["type": "json", "subject_token_field_name": "value"],
    ]
    file["service_account_impersonation_url"] = .string("\(url)/sa:generateAccessToken")
    (file["client_id"], file["client_secret"]) = ("cid", "sec")
    #expect(try await customer.token(.google, customer.environment(file: .object(file))) == "impersonated")
    let requests = customer.server.requests.dropFirst()
    #expect(requests.map(\.path) == ["/subject", "/sts", "/sa:generateAccessToken"])
    #expect(requests.first?.header("x-proof") == "yes")
    let exchange = try #require(requests.dropFirst().first)
    #expect((exchange.form["subject_token"], exchange.form["options"]) == ("subject-2", nil))
    #expect(exchange.header("authorization") == "Basic Y2lkOnNlYw==")
    let last = try #require(requests.last)
    #expect(last.header("authorization") == "Bearer federated")
    #expect(last.json == ["scope": [.string(Self.scope)], "lifetime": "3600s"])
  }

  @Test("The end that an impersonated token's answer gives as a date counts")
  func impersonated() async throws {
    let customer = try Customer { request in
      request.path == "/token"
        ? (200, ["access_token": "source", "expires_in": 3600])
        // 600 s after the test's present.
        : (200, ["accessToken": "target", "expireTime": "2027-01-15T08:10:00Z"])
    }
    let file: JSONValue = [
      "type": "impersonated_service_account", "delegates": ["a@b"], "source_credentials": user(customer),
      "service_account_impersonation_url": .string("\(customer.server.url)/sa"),
    ]
    let environment = try customer.environment(file: file)
    #expect(try await customer.token(.google, environment) == "target")
    #expect(customer.server.requests.last?.json?["delegates"] == ["a@b"])
    #expect(customer.server.requests.last?.header("authorization") == "Bearer source")
    #expect(try await customer.requests(.google, environment, after: 299) == 2)
    #expect(try await customer.requests(.google, environment, after: 1) == 4)
  }

  @Test("The login of another identity provider's person is renewed where the file says")
  func externalUser() async throws {
    let customer = try Customer()
    let file: JSONValue = [
      "type": "external_account_authorized_user", "client_id": "cid", "client_secret": "sec", "refresh_token": "r-1",
      "token_url": .string("\(customer.server.url)/oauthtoken"),
    ]
    #expect(try await customer.token(.google, customer.environment(file: file)) == "token-1")
    let request = try #require(customer.server.requests.first)
    #expect(request.form == ["grant_type": "refresh_token", "refresh_token": "r-1"])
    #expect(request.header("authorization") == "Basic Y2lkOnNlYw==")
  }

  @Test("A machine's own account comes from the metadata server, with its project")
  func metadata() async throws {
    let customer = try Customer { request in
      guard request.header("metadata-flavor") == "Google" else { return (403, "no") }
      switch request.path {
      case "/computeMetadata/v1/instance/service-accounts/default/token":
        return (200, ["access_token": "machine", "expires_in": 3599, "token_type": "Bearer"])
      case "/computeMetadata/v1/project/project-id": return (200, "my-project")
      default: return (404, "no")
      }
    }
    let environment = customer.environment(["GCE_METADATA_HOST": "127.0.0.1:\(customer.server.port)"])
    #expect(try await customer.token(.google, environment) == "machine")
    #expect(try await customer.clouds.googleProject(environment) == "my-project")
  }

  @Test("The project is the file's, else gcloud's")
  func project() async throws {
    let customer = try Customer()
    try customer.folder.write(".config/gcloud/active_config", "work\n")
    try customer.folder.write(
      ".config/gcloud/configurations/config_work", "[core]\naccount = a@b\nproject = from-gcloud\n")
    let plain = try customer.environment(file: user(customer))
    #expect(try await customer.clouds.googleProject(plain) == "from-gcloud")
    let own = try customer.environment(file: user(customer, ["project_id": "from-file"]))
    #expect(try await customer.clouds.googleProject(own) == "from-file")
    #expect(customer.server.requests.isEmpty)
  }

  @Test(
    "A file that is of no use says what is wrong with it",
    arguments: [
      (["type": "gdch_service_account"], ErrorKind.unsupported, "gdch_service_account"),
      (["type": "authorized_user", "client_id": "c"], .authRequired, "client_secret"),
      (["client_id": "c"], .authRequired, "\"type\""),
      (
        [
          "type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r",
          "token_uri": "http://evil.example/",
        ], .authRequired, "token_uri"
      ),
      (
        [
          "type": "external_account", "audience": "a", "subject_token_type": "t",
          "credential_source": ["executable": ["command": "x"]],
        ], .unsupported, "neither from a file nor from a URL"
      ),
      (["type": "service_account", "client_email": "a@b", "private_key": "nonsense"], .authRequired, "private_key"),
    ] as [(JSONValue, ErrorKind, String)])
  func useless(file: JSONValue, kind: ErrorKind, words: String) async throws {
    let customer = try Customer()
    let error = try #require(await customer.failure(.google, customer.environment(file: file)))
    #expect(error.kind == kind && error.message.contains(words), "\(error)")
    #expect(error.message.contains(customer.folder.path) && error.hint?.isEmpty == false)
    #expect(customer.server.requests.isEmpty)
  }
}
