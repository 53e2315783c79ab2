@testable import Catalog
import Completion
import Credentials
import Dialects
import HTTP
import JSON
import Platform
import TestSupport
import Testing

@testable import Engine

extension Endpoint {
  fileprivate func header(_ name: String) -> String? { headers.last { $0.name == name }?.value.reveal() }
}

@Suite("What an address needs beside the key", .timeLimit(.minutes(1)))
struct EndpointVariableTests {
  /// The value of the variable "tenant", given in some of the places.
  private func tenant(
    key: String = "sk", setting: String? = nil, entry: Bool = false, environment: String? = nil, file: Bool = false,
    fallback: String? = nil
  ) async throws -> String? {
    let auth = #"{"acme": {"type": "api_key", "key": "\#(key)", "env": {"ACME_TENANT": "entry"}}}"#
    var acme = try await Acme(
      baseURL: "https://{tenant}.acme.example/v1", key: key, auth: entry ? auth : nil,
      environment: environment.map { ["ACME_TENANT": $0] } ?? [:])
    acme.variable("tenant") {
      $0.environment = ["ACME_TENANT"]
      $0.fallback = fallback
    }
    acme.provider.auth.keyParts = ["tenant"]
    if let setting { acme.provider.variableSettings["tenant"] = KeyText(setting, origin: .call) }
    acme.provider.credentialFile = CredentialFile(path: "~/acme.json", key: "key", variables: ["tenant": "place"])
    if file { try acme.person.folder.write("acme.json", #"{"place": "file"}"#, mode: 0o600) }
    let endpoint = try await acme.endpoint()
    #expect(endpoint.apiKey?.reveal() == "sk" || key != "sk")
    #expect(endpoint.baseURL == "https://\(endpoint.variables["tenant"] ?? "?").acme.example/v1")
    return endpoint.variables["tenant"]
  }

  @Test("The key's own part, the config file, the stored entry, the environment, another program's file, the default")
  func order() async throws {
    #expect(
      try await tenant(
        key: "part::sk", setting: "setting", entry: true, environment: "env", file: true, fallback: "fallback")
        == "part")
    #expect(
      try await tenant(setting: "setting", entry: true, environment: "env", file: true, fallback: "fallback")
        == "setting")
    #expect(try await tenant(entry: true, environment: "env", file: true, fallback: "fallback") == "entry")
    #expect(try await tenant(environment: " env ", file: true, fallback: "fallback") == "env")
    #expect(try await tenant(file: true, fallback: "fallback") == "file")
    #expect(try await tenant(fallback: "fallback") == "fallback")
  }

  @Test("A value that is needed and missing is an error with every way to set it")
  func missing() async throws {
    var acme = try await Acme(baseURL: "https://{tenant}.acme.example/v1")
    acme.variable("tenant") {
      $0.environment = ["ACME_TENANT"]
      $0.isRequired = true
      $0.hint = "the name in front of .acme.example"
    }
    acme.provider.auth.keyParts = ["tenant"]
    let error = try #require(await acme.failure())
    #expect(error.kind == .authRequired)
    #expect(error.message == "acme needs \"tenant\", which is not set")
    let hint = try #require(error.hint)
    for way in ["set ACME_TENANT", "providers.acme.variables", "tenant::key", "It is the name in front"] {
      #expect(hint.contains(way), "\(hint)")
    }
    acme.provider.variables[0].isRequired = false
    #expect(await acme.failure()?.kind == .authRequired)
    // Whoever writes another address does not have to say what the usual one is made of.
    acme.provider.variables[0].isRequired = true
    acme.provider.baseURL = "https://proxy.example"
    acme.provider.origins = ["baseURL": .call]
    #expect(try await acme.endpoint().baseURL == "https://proxy.example")
  }

  @Test(
    "A value stays in its place in the address, or is refused by the variable's name",
    arguments: [
      ("https://{it}.acme.example/v1", "my-account", "https://my-account.acme.example/v1"),
      ("https://{it}.acme.example/v1", "evil.example/x", nil), ("https://{it}.acme.example/v1", "a@b", nil),
      ("https://{it}.acme.example/v1", "a b", nil), ("https://{it}.acme.example/v1", "a:80", nil),
      ("https://{it}/v1", "https://db.acme.example/", "https://db.acme.example/v1"),
      ("https://{it}/v1", "http://db.acme.example", nil), ("https://{it}/v1", "https://a@db.acme.example", nil),
      ("https://acme.example/{it}/v1", "domain.com:project-7", "https://acme.example/domain.com:project-7/v1"),
      ("https://acme.example/{it}/v1", "..", nil), ("https://acme.example/{it}/v1", "a/b", nil),
      ("https://acme.example/{it}/v1", "a?b", nil), ("https://acme.example/{it}/v1", "é", nil),
      ("{it}/agents/v1", "https://api.mine.example/base/", "https://api.mine.example/base/agents/v1"),
      ("{it}/agents/v1", "http://127.0.0.1:8080", "http://127.0.0.1:8080/agents/v1"),
      ("{it}/agents/v1", "mine.example", nil), ("{it}/agents/v1", "https://mine.example?x=", nil),
      ("{it}/agents/v1", "https://user@mine.example", nil), ("{it}/agents/v1", "file:///etc", nil),
    ])
  func places(_ template: String, _ value: String, _ url: String?) async throws {
    var acme = try await Acme(baseURL: template, environment: ["IT": value])
    acme.variable("it") { $0.environment = ["IT"] }
    guard let url else {
      let error = await acme.failure()
      #expect(error?.kind == .invalidParams)
      #expect(error?.message.contains("\"it\" of acme, from IT, ") == true)
      #expect(error?.message.contains(value) == false)
      return
    }
    #expect(try await acme.endpoint().baseURL == url)
  }

  @Test("A key goes only to hosts with the endings that are known")
  func endings() async throws {
    var acme = try await Acme(baseURL: "https://{host}/serving", key: "adb-1.cloud.acme.example::dapi-secret")
    acme.variable("host") { $0.endings = [".cloud.acme.example", ".acme.net"] }
    acme.provider.auth.keyParts = ["host"]
    let endpoint = try await acme.endpoint()
    #expect(endpoint.baseURL == "https://adb-1.cloud.acme.example/serving")
    #expect(endpoint.apiKey?.reveal() == "dapi-secret")
    for host in [
      "evil.example", "cloud.acme.example.evil.example", "evil.example/x.acme.net", "evil.example#.acme.net",
    ] {
      let error = await acme.failure { $0.apiKey = "\(host)::dapi-secret" }
      #expect(error?.kind == .invalidParams, "\(host)")
      #expect(error?.message.contains("dapi") == false)
    }
    #expect(
      try await acme.endpoint([]) { $0.apiKey = "https://X.ACME.NET/::k" }.baseURL == "https://X.ACME.NET/serving")
  }

  @Test("Underscores become hyphens in names of hosts, and headers are filled in or left out")
  func headers() async throws {
    var acme = try await Acme(baseURL: "https://{account}.acme.example", key: "my_org-acct::pat-1")
    acme.variable("account") { $0.hyphenated = true }
    acme.variable("tenant")
    acme.provider.auth.keyParts = ["account"]
    acme.provider.headers = [
      ConfiguredHeader(name: "x-account", value: KeyText("for {account}", origin: .builtin)),
      ConfiguredHeader(name: "x-tenant", value: KeyText("{tenant}", origin: .builtin)),
      ConfiguredHeader(name: "x-literal", value: KeyText("{other}", origin: .builtin)),
    ]
    let endpoint = try await acme.endpoint()
    #expect(endpoint.baseURL == "https://my-org-acct.acme.example")
    #expect(endpoint.header("x-account") == "for my-org-acct")
    #expect(endpoint.header("x-tenant") == nil)
    #expect(endpoint.header("x-literal") == "{other}")
  }

  @Test("The account of a stored login stands for the first part of a key")
  func login() async throws {
    var acme = try await Acme(
      baseURL: "https://{host}/v1",
      auth: #"{"acme": {"type": "oauth", "access": "t", "expires": 9e15, "accountId": "db.acme.example"}}"#)
    acme.variable("host")
    acme.provider.auth.keyParts = ["host"]
    #expect(try await acme.endpoint().baseURL == "https://db.acme.example/v1")
  }

  @Test("Who says that a proxy signs gets no signature, and needs no credentials")
  func unsigned() async throws {
    var acme = try await Acme(key: nil, environment: ["SKIP": "1"])
    acme.provider.auth.scheme = .aws
    #expect(await acme.failure()?.kind == .authRequired)
    acme.variable("skipAuth") { $0.environment = ["SKIP"] }
    let endpoint = try await acme.endpoint()
    #expect(endpoint.aws == nil && endpoint.variables["skipAuth"] == "1")
  }

  @Test("Nothing that is stored goes to the base URL of a call")
  func foreign() async throws {
    var acme = try await Acme(
      baseURL: "https://{tenant}.acme.example", environment: ["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s"])
    acme.variable("tenant")
    acme.provider.auth.keyParts = ["tenant"]
    acme.provider.auth.need = .optional
    acme.provider.auth.scheme = .aws
    acme.provider.credentialFile = CredentialFile(path: "~/acme.json", key: "key", variables: ["tenant": "place"])
    try acme.person.folder.write("acme.json", #"{"place": "file", "key": "sk-file"}"#, mode: 0o600)
    acme.provider.headers = [ConfiguredHeader(name: "x-secret", value: KeyText("s", origin: .builtin))]
    acme.provider.turnHeaders = [TurnHeader(name: "x-turn", value: "user", when: .userTurn)]
    let endpoint = try await acme.endpoint([Message(.user, "Hi")]) { $0.baseURL = "https://elsewhere.example/" }
    #expect(endpoint.baseURL == "https://elsewhere.example")
    #expect(endpoint.apiKey == nil && endpoint.aws == nil && endpoint.headers.isEmpty)
    #expect(endpoint.variables["tenant"] == nil)
    let own = try await acme.endpoint { call in
      call.baseURL = "https://elsewhere.example"
      call.apiKey = "mine::sk-own"
    }
    #expect(own.apiKey?.reveal() == "sk-own")
    #expect(own.variables["tenant"] == "mine")
  }
}

@Suite("How a provider knows who asks", .timeLimit(.minutes(1)))
struct EndpointKeyTests {
  @Test("Tokens go into authorization, told by how they begin or by the variable that holds them")
  func tokens() async throws {
    var acme = try await Acme(key: nil, environment: ["ACME_AUTH_TOKEN": "plain"])
    acme.provider.auth.header = "x-api-key"
    acme.provider.auth.tokenPrefixes = ["sk-acme-oat"]
    acme.provider.auth.tokenVariables = ["ACME_AUTH_TOKEN"]
    acme.provider.env = ["ACME_AUTH_TOKEN", "ACME_API_KEY"]
    #expect(try await acme.endpoint().authHeader == "authorization")
    #expect(try await acme.endpoint { $0.apiKey = "sk-acme-oat01" }.authHeader == "authorization")
    #expect(try await acme.endpoint { $0.apiKey = "sk-acme-api" }.authHeader == "x-api-key")
    acme.provider.env = ["ACME_API_KEY"]
    #expect(await acme.failure()?.kind == .authRequired)
  }

  @Test("Another program's file holds the key and the address, and is said to be ambient")
  func ambient() async throws {
    var acme = try await Acme(baseURL: "{url}/agents/v1", key: nil)
    acme.variable("url") { $0.fallback = "https://api.acme.example" }
    acme.variable("instance")
    acme.provider.headers = [ConfiguredHeader(name: "x-tenant", value: KeyText("{instance}", origin: .builtin))]
    acme.provider.credentialFile = CredentialFile(
      path: "~/.acme/acme.json", key: "acmeKey", variables: ["url": "acmeUrl", "instance": "acmeInstance"])
    #expect(await acme.failure()?.hint?.contains(".acme/acme.json") == true)
    try acme.person.folder.write(
      ".acme/acme.json", #"{"acmeUrl": "https://acme.corp", "acmeInstance": "corp", "acmeKey": "k"}"#, mode: 0o600)
    let endpoint = try await acme.endpoint()
    #expect(endpoint.baseURL == "https://acme.corp/agents/v1")
    #expect(endpoint.apiKey?.reveal() == "k")
    #expect(endpoint.header("x-tenant") == "corp")
    let place = try await acme.person.engine.place(of: acme.provider, try await acme.person.engine.catalog())
    #expect(place?.source == .ambient)
    #expect(place?.detail == acme.person.folder.file(".acme/acme.json"))
  }

  private func aws(_ environment: [String: String]) async throws -> Acme {
    var acme = try await Acme(baseURL: "https://runtime.{region}.acme.example", key: nil, environment: environment)
    acme.provider.auth.scheme = .aws
    acme.provider.env = ["ACME_BEARER"]
    acme.variable("region") {
      $0.environment = ["AWS_REGION", "AWS_DEFAULT_REGION"]
      $0.fallback = "us-east-1"
    }
    return acme
  }

  @Test("Without a key, requests to AWS are signed, in the region of the environment, the profile or the default")
  func signed() async throws {
    let pair = ["AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token"]
    let acme = try await aws(pair)
    let endpoint = try await acme.endpoint()
    #expect(
      endpoint.aws
        == AWSCredentials(accessKeyId: "AKID", secretAccessKey: Secret("secret"), sessionToken: Secret("token")))
    #expect(endpoint.apiKey == nil)
    #expect(endpoint.baseURL == "https://runtime.us-east-1.acme.example")
    #expect(Set(endpoint.secrets).isSuperset(of: [Secret("secret"), Secret("token")]))
    try acme.person.folder.write(".aws/config", "[default]\nregion = eu-west-3\n")
    #expect(try await acme.endpoint().variables["region"] == "eu-west-3")
    #expect(
      try await aws(pair.merging(["AWS_REGION": "ap-east-1"]) { $1 }).endpoint().variables["region"] == "ap-east-1")
    let bearer = try await aws(pair.merging(["ACME_BEARER": "b"]) { $1 }).endpoint()
    #expect(bearer.apiKey?.reveal() == "b" && bearer.aws == nil)
  }

  @Test("Without credentials it says which could be set, and a proxy needs none")
  func unsigned() async throws {
    let error = await (try aws([:])).failure()
    #expect(error?.kind == .authRequired)
    #expect(error?.hint?.contains("AWS_ACCESS_KEY_ID") == true)
    let proxied = try await aws(["AWS_BEDROCK_SKIP_AUTH": "1", "ACME_BEARER": "b"]).endpoint()
    #expect(proxied.aws == nil && proxied.apiKey == nil)
    #expect(proxied.variables["skipAuth"] == "1")
  }

  @Test("Headers follow the conversation, and those of the call win")
  func turns() async throws {
    var acme = try await Acme()
    acme.provider.turnHeaders = [
      TurnHeader(name: "x-initiator", value: "user", when: .userTurn),
      TurnHeader(name: "x-initiator", value: "agent", when: .agentTurn),
      TurnHeader(name: "x-vision", value: "true", when: .images),
    ]
    let image = Part.image(Media(mediaType: "image/png", source: .data("AAAA")))
    let asked = [Message(.user, "Hi")]
    let called =
      asked + [
        Message(role: .assistant, content: [.toolCall(ToolCall(id: "1", name: "f", arguments: [:]))]),
        Message(role: .tool, content: [.toolResult(ToolResult(toolCallId: "1", content: [image]))]),
      ]
    let first = try await acme.endpoint(asked)
    #expect((first.header("x-initiator"), first.header("x-vision")) == ("user", nil))
    let second = try await acme.endpoint(called)
    #expect((second.header("x-initiator"), second.header("x-vision")) == ("agent", "true"))
    let shown = try await acme.endpoint([Message(role: .user, content: [image])])
    #expect((shown.header("x-initiator"), shown.header("x-vision")) == ("user", "true"))
    #expect(try await acme.endpoint().headers.isEmpty)
    let own = try await acme.endpoint(asked) { $0.headers = [("X-Initiator", "me")] }
    #expect(
      own.post("/", [:], accept: "*/*").headers.filter { $0.name.lowercased() == "x-initiator" } == [
        HTTPHeader("X-Initiator", "me")
      ])
  }

  @Test("A provider without what its address needs is not ready, and what its key may bring is not missed")
  func report() async throws {
    var acme = try await Acme()
    acme.variable("tenant") { $0.isRequired = true }
    let engine = acme.person.engine
    let catalog = try await engine.catalog()
    await #expect(throws: ProviderError.self) {
      try await engine.checkVariables(of: acme.provider, catalog, KeyPlace(source: .config, detail: ""))
    }
    acme.provider.auth.keyParts = ["tenant"]
    await #expect(throws: Never.self) {
      try await engine.checkVariables(of: acme.provider, catalog, KeyPlace(source: .config, detail: ""))
    }
    await #expect(throws: ProviderError.self) {
      try await engine.checkVariables(of: acme.provider, catalog, nil)
    }
  }
}
