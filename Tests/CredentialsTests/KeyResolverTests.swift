import Completion
import Credentials
import HTTP
import Platform
import TestSupport
import Testing

@Suite("Where keys are looked for", .timeLimit(.minutes(1)))
struct KeyResolverTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var call: String?
    var auth: String?
    var environment: [String: String] = [:]
    var config: String?
    var expected: (key: String, source: KeySource, detail: String)?

    var testDescription: String {
      "\(call ?? "-") \(auth ?? "-") \(environment) \(config ?? "-") → \(expected.map { "\($0)" } ?? "nothing")"
    }
  }

  static let auth = #"{"acme": {"type": "api_key", "key": "stored"}}"#

  static let order = [
    Case(
      call: "param", auth: auth, environment: ["ACME_KEY": "env"], config: "conf",
      expected: ("param", .param, "apiKey")),
    Case(
      auth: auth, environment: ["ACME_KEY": "env"], config: "conf",
      expected: ("stored", .authFile, "HOME/data/auth.json")
    ),
    Case(environment: ["ACME_KEY": "env"], config: "conf", expected: ("env", .env, "ACME_KEY")),
    Case(
      environment: ["ACME_KEY": "env", "ACME_TOKEN": "second"], config: "conf", expected: ("env", .env, "ACME_KEY")),
    Case(
      environment: ["ACME_KEY": " ", "ACME_TOKEN": "second"], config: "conf", expected: ("second", .env, "ACME_TOKEN")),
    Case(config: "conf", expected: ("conf", .config, "HOME/config/config.json:7")),
    Case(call: " ", config: "conf", expected: ("conf", .config, "HOME/config/config.json:7")),
    Case(environment: ["OTHER": "x"], config: "$OTHER", expected: ("x", .config, "HOME/config/config.json:7")),
    // The value of a variable is the key itself, in no format.
    Case(environment: ["ACME_KEY": "$OTHER", "OTHER": "x"], expected: ("$OTHER", .env, "ACME_KEY")),
    Case(auth: #"{"other": {"type": "api_key", "key": "stored"}}"#, config: " ", expected: nil),
    Case(expected: nil),
    Case(
      auth: #"{"acme": {"type": "api_key", "key": "$MINE", "env": {"MINE": "own"}}}"#, environment: ["MINE": "env"],
      expected: ("own", .authFile, "HOME/data/auth.json")),
    Case(
      auth: #"{"acme": {"type": "api_key", "env": {"ACME_TOKEN": "own"}}}"#, environment: ["ACME_TOKEN": "env"],
      expected: ("own", .authFile, "HOME/data/auth.json")),
    Case(
      auth: #"{"acme": {"type": "api_key"}}"#, environment: ["ACME_TOKEN": "env"],
      expected: ("env", .authFile, "HOME/data/auth.json")),
    Case(
      auth: #"{"acme": {"type": "oauth", "access": "token", "refresh": "r", "expires": 1001, "accountId": "a"}}"#,
      environment: ["ACME_KEY": "env"], expected: ("token", .authFile, "HOME/data/auth.json")),
  ]

  @Test("The request's key, the stored one, the environment's, the config file's: in this order", arguments: order)
  func precedence(_ test: Case) async throws {
    let user = try User(auth: test.auth, environment: test.environment)
    let query = user.query(call: test.call, config: test.config)
    let found = try await user.resolver.key(for: query)
    #expect(found?.secret.reveal() == test.expected?.key)
    #expect(found?.source == test.expected?.source)
    #expect(found?.detail.replacing(user.folder.path, with: "HOME") == test.expected?.detail)
    #expect(found?.isToken == (test.auth?.contains("oauth") ?? false) || found == nil)
    let place = try await user.resolver.place(of: query)
    #expect(place?.source == found?.source)
    #expect(place?.detail == found?.detail)
  }

  static let owned: [(auth: String, kind: ErrorKind, message: String)] = [
    (
      #"{"acme": {"type": "oauth", "access": "t", "expires": 1000}}"#, .authRequired,
      "the login for acme in HOME/data/auth.json has expired"
    ),
    (
      #"{"acme": {"type": "api_key", "key": " "}}"#, .authRequired,
      "the entry \"acme\" in HOME/data/auth.json holds no key"
    ),
    (
      "{\n\"acme\": {\n\"type\": \"api_key\",\n\"key\": \"$NO\"}}", .authRequired,
      "the key at HOME/data/auth.json:4 is taken from the variable NO, which is not set"
    ),
    (
      "{\n\"acme\": {\n\"type\": \"wellknown\"}}", .storage,
      "HOME/data/auth.json:3: acme.type: \"wellknown\" is no kind of login; there are \"api_key\" and \"oauth\""
    ),
    (
      "{\"acme\": {\"type\": \"oauth\", \"access\": \"t\"}}", .storage,
      "HOME/data/auth.json:1: acme.expires: is required"
    ),
    (
      "{\"acme\": {\"type\": \"api_key\",\n\"key\": 5}}", .storage,
      "HOME/data/auth.json:2: acme.key: must be a string, but is 5"
    ),
    ("{\"acme\": {\"type\": ", .storage, "HOME/data/auth.json:1:19: unexpected end of text, expected a value"),
    ("[]", .storage, "HOME/data/auth.json:1: must be an object, but is an array"),
    ("", .storage, "HOME/data/auth.json:1:1: unexpected end of text, expected a value"),
  ]

  @Test(
    "A stored entry owns its provider: what is wrong with it is an error, and nothing else is tried", arguments: owned)
  func useless(auth: String, kind: ErrorKind, message: String) async throws {
    let user = try User(auth: auth, environment: ["ACME_KEY": "env"])
    let query = user.query(config: "conf")
    let error = await user.error { () throws(ProviderError) in try await user.resolver.key(for: query) }
    #expect(error?.kind == kind)
    #expect(error?.message == message)
    #expect(error?.provider == "acme")
    #expect(error?.hint != nil)
    #expect(try FileSystem.read(user.authPath) == Array(auth.utf8))
  }

  @Test("An odd entry of another provider harms nobody")
  func otherEntries() async throws {
    let user = try User(auth: #"{"odd": 5, "acme": {"type": "api_key", "key": "k"}}"#)
    #expect(try await user.resolver.key(for: user.query())?.secret.reveal() == "k")
    #expect(try user.resolver.storedProvidersBlocking() == ["odd", "acme"])
  }

  @Test(
    "A file of keys that others can read is refused, with the command that mends it",
    arguments: [0o640, 0o604, 0o660] as [mode_t])
  func permissions(mode: mode_t) async throws {
    let user = try User(auth: Self.auth, authMode: mode)
    let error = await user.error { () throws(ProviderError) in try await user.resolver.key(for: user.query()) }
    #expect(error?.kind == .storage)
    #expect(
      error?.message
        == "HOME/data/auth.json holds keys, but others may use it (mode \(String(mode, radix: 8))), so it is not read")
    #expect(error?.hint == "Run: chmod 600 HOME/data/auth.json")
    #expect(chmod(user.authPath, 0o600) == 0)
    #expect(try await user.resolver.key(for: user.query())?.secret.reveal() == "stored")
  }

  @Test("A file that was replaced is read again")
  func replaced() async throws {
    let user = try User(auth: Self.auth)
    #expect(try await user.resolver.key(for: user.query())?.secret.reveal() == "stored")
    try user.folder.write("data/auth.json", #"{"acme": {"type": "api_key", "key": "newkey"}}"#)
    #expect(try await user.resolver.key(for: user.query())?.secret.reveal() == "newkey")
    try FileSystem.remove(user.authPath)
    #expect(try await user.resolver.key(for: user.query()) == nil)
  }

  @Test("Saying where a key would come from runs no command and tells what has expired")
  func places() async throws {
    let user = try User(auth: #"{"acme": {"type": "oauth", "access": "t", "expires": 999}}"#)
    let expired = try await user.resolver.place(of: user.query())
    #expect(expired?.source == .authFile)
    #expect(expired?.isExpired == true)
    #expect(expired?.expiresAt == 999)

    let other = try User()
    let mark = other.folder.file("mark")
    let place = try await other.resolver.place(of: other.query(config: "!touch \(mark)"))
    #expect(place?.source == .config)
    #expect(access(mark, F_OK) != 0)
    #expect(try await other.resolver.place(of: other.query(config: "$UNSET")) == nil)
  }

  @Test("A missing key is an error with every way to set one")
  func missing() throws {
    let user = try User()
    let error = user.resolver.missingKey(user.query())
    #expect(error.kind == .authRequired)
    #expect(error.provider == "acme")
    #expect(error.message == "there is no key for acme")
    #expect(
      error.hint == """
        You can set ACME_KEY, or run patchbay login acme, or put "acme": {"type": "api_key", "key": …} into \(user.resolver.authPath), or put "apiKey" \
        into \(user.configPath) under providers.acme.
        """)
    let several = user.resolver.missingKey(user.query(variables: ["ACME_OAUTH_TOKEN", "ACME_API_KEY"]))
    #expect(several.hint?.hasPrefix("You can set ACME_API_KEY, or") == true)
  }

  @Test("A resolved key never shows")
  func hidden() async throws {
    let key = try #require(try await User(auth: Self.auth).resolver.key(for: User(auth: Self.auth).query(call: "hush")))
    #expect(key.secret.reveal() == "hush")
    var dumped = ""
    dump(key, to: &dumped)
    #expect(!"\(key) \(String(reflecting: key)) \(dumped)".contains("hush"))
  }
}
