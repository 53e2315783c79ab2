import Completion
import Credentials
import HTTP
import JSON
import Platform
import TestSupport
import Testing
import Upstream

private let hasOpenSSL = access("/usr/bin/openssl", X_OK) == 0

@Suite("A service account's key", .timeLimit(.minutes(1)))
struct ServiceAccountTests {
  /// A new RSA key in PEM.
  private static func key() async throws -> String {
    let arguments = ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
    let process = try ChildProcess("/usr/bin/openssl", arguments, environment: [:])
    let exit = try await process.waitForExit(seconds: 2 * patience)
    guard exit == .status(0) else { throw ChildFailure("openssl: \(process.summary)") }
    return process.outputText
  }

  private static func file(_ customer: Customer, _ key: String) -> JSONValue {
    [
      "type": "service_account", "project_id": "p", "private_key_id": "k1", "private_key": .string(key),
      "client_email": "sa@p.iam.gserviceaccount.com", "token_uri": .string("\(customer.server.url)/token"),
    ]
  }

  @Test(
    "Google's own library takes the assertion for what it is",
    .enabled(if: hasOpenSSL, "openssl is not installed"),
    .enabled(if: Testbed.has("v-google/bin/python"), "google-auth is not installed (testbed: setup google)"))
  func referee() async throws {
    let customer = try Customer()
    let (key, other) = (try await Self.key(), try await Self.key())
    // The referee's clock is the real one.
    customer.pass(seconds: KeyResolver.systemTime() / 1000 - 1_800_000_000)
    let environment = try customer.environment(file: Self.file(customer, key))
    #expect(try await customer.token(.google, environment) == "token-1")
    let form = try #require(customer.server.requests.first?.form)
    #expect(form.keys.sorted() == ["assertion", "grant_type"])
    #expect(form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer")
    let assertion = try #require(form["assertion"])
    let tests = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    let judge = try LineServer("\(Testbed.programs)/v-google/bin/python", ["\(tests)/Referees/google_jwt.py"])
    let verdicts = try await judge.answers(
      to: [key, other].map { JSONValue.object(["assertion": .string(assertion), "key": .string($0)]).text }
    ).map { try JSONValue(parsing: $0) }
    #expect(verdicts[0]["header"] == ["alg": "RS256", "typ": "JWT", "kid": "k1"])
    let claims = try #require(verdicts[0]["claims"])
    #expect(claims["iss"] == "sa@p.iam.gserviceaccount.com")
    #expect(claims["scope"] == "https://www.googleapis.com/auth/cloud-platform")
    #expect((claims["exp"]?.int ?? 0) - (claims["iat"]?.int ?? 0) == 3600)
    #expect(verdicts[1]["error"] != nil, "another key must not fit")
  }

  @Test("The key reaches openssl by its input alone")
  func hidden() async throws {
    let customer = try Customer()
    let bin = customer.folder.file("bin")
    // In the place of openssl: writes down what anybody could see of it.
    let script = """
      #!/bin/sh
      { for process in /proc/[0-9]*; do tr '\\0' ' ' <"$process/cmdline"; done; env; } >"\(bin)/seen" 2>/dev/null
      cat /dev/fd/3 >"\(bin)/key"; cat >"\(bin)/text"; printf signature
      """
    try customer.folder.write("bin/openssl", script, mode: 0o700)
    let key = "-----BEGIN PRIVATE KEY-----\nSECRETSECRET\n-----END PRIVATE KEY-----\n"
    let environment = try customer.environment(file: Self.file(customer, key), ["PATH": "\(bin):/usr/bin:/bin"])
    #expect(try await customer.token(.google, environment) == "token-1")
    func text(_ name: String) throws -> String {
      String(decoding: try FileSystem.read("\(bin)/\(name)") ?? [], as: UTF8.self)
    }
    #expect(try text("key") == key)
    let seen = try text("seen")
    #expect(seen.contains("-sha256 -sign /dev/fd/3") && !seen.contains("SECRETSECRET"))
    let assertion = try #require(customer.server.requests.first?.form["assertion"])
    #expect(assertion == "\(try text("text")).c2lnbmF0dXJl")
  }

  @Test("Without openssl the error says what to install, and a key that it refuses is no secret either")
  func failures() async throws {
    let customer = try Customer()
    let key = "-----BEGIN PRIVATE KEY-----\nSECRETSECRET\n-----END PRIVATE KEY-----\n"
    let file = Self.file(customer, key)
    let bin = customer.folder.file("bin")
    try customer.folder.write("bin/other", "")
    let without = try #require(await customer.failure(.google, customer.environment(file: file, ["PATH": bin])))
    #expect(without.kind == .unsupported && without.hint?.contains("apt install openssl") == true)
    try customer.folder.write("bin/openssl", "#!/bin/sh\ncat >&2 <&3\nexit 1\n", mode: 0o700)
    let path = "\(bin):/usr/bin:/bin"
    let refused = try #require(await customer.failure(.google, customer.environment(file: file, ["PATH": path])))
    #expect(refused.kind == .authRequired && refused.message.contains("private_key"))
    for error in [without, refused] { #expect(!"\(error)".contains("SECRETSECRET")) }
    #expect(customer.server.requests.isEmpty)
  }
}
