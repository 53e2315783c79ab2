import Completion
import Credentials
import JSON
import Platform
import Synchronization
import TestSupport
import Testing
import Upstream

/// A wall clock that stands still until a test moves it.
private final class WallClock: Sendable {
  /// 2030-01-01T00:00:00Z.
  private let time = Mutex(1_893_456_000_000)
  var now: @Sendable () -> Int { { self.time.withLock { $0 } } }
  func advance(minutes: Int) { time.withLock { $0 += minutes * 60_000 } }
}

/// Credentials that end.
@Suite("AWS credentials: renewal", .timeLimit(.minutes(1)))
struct AWSRenewalTests {
  static let config = """
    [profile base]
    aws_access_key_id = AKIDBASE
    aws_secret_access_key = s
    [profile role]
    role_arn = arn:aws:iam::1:role/one
    source_profile = base
    [profile slow]
    credential_process = /bin/sh -c 'echo $$ > @HOME/pid; sleep 1000'
    [profile login]
    sso_session = corp
    sso_account_id = 1
    sso_role_name = Admin
    [sso-session corp]
    sso_start_url = https://corp.example/start
    sso_region = us-east-1
    """

  /// A service that gives a role for an hour, a new key each time, and refuses while `isDown`.
  private final class Roles: Sendable {
    let isDown = Mutex(false)
    let gate = Gate()

    func start(now: @escaping @Sendable () -> Int, waits: Bool = false) throws -> Upstream {
      let count = Mutex(0)
      return try Upstream { _, exchange in
        if waits { self.gate.wait() }
        if self.isDown.withLock({ $0 }) { return try exchange.respond(status: 500) }
        let number = count.withLock { count in
          count += 1
          return count
        }
        let end = AWSRenewalTests.text(now() + 3_600_000)
        let xml =
          "<AccessKeyId>KEY\(number)</AccessKeyId><SecretAccessKey>s</SecretAccessKey><Expiration>\(end)</Expiration>"
        try exchange.respond(body: Array("<Credentials>\(xml)</Credentials>".utf8))
      }
    }
  }

  private static func text(_ milliseconds: Int) -> String {
    let minutes = (milliseconds - 1_893_456_000_000) / 60_000
    let (hour, minute) = (minutes / 60, minutes % 60)
    return "2030-01-01T\(hour < 10 ? "0" : "")\(hour):\(minute < 10 ? "0" : "")\(minute):00Z"
  }

  @Test("A role is kept until a quarter of an hour before its end, and survives a service that is away for a while")
  func window() async throws {
    let (clock, roles) = (WallClock(), Roles())
    let services = try roles.start(now: clock.now)
    let home = try AWSHome(url: services.url, config: Self.config)
    let resolver = try home.resolver(["AWS_PROFILE": "role", "AWS_ENDPOINT_URL": "@URL"], now: clock.now)
    func key() async throws -> String? { try await resolver.aws(for: home.query)?.accessKeyId }
    #expect(try await key() == "KEY1")
    clock.advance(minutes: 45)
    #expect(try await key() == "KEY1")
    clock.advance(minutes: 1)
    roles.isDown.withLock { $0 = true }
    #expect(try await key() == "KEY1", "fourteen minutes are left")
    clock.advance(minutes: 5)
    await #expect(throws: ProviderError.self, "nine minutes are left") { try await key() }
    roles.isDown.withLock { $0 = false }
    #expect(try await key() == "KEY2", "a failure is not kept")
    #expect(services.requests.count == 4)
  }

  @Test("Those who ask at once get one answer, and one who is cancelled neither waits for it nor ends it")
  func singleFlight() async throws {
    let (clock, roles) = (WallClock(), Roles())
    let services = try roles.start(now: clock.now, waits: true)
    let home = try AWSHome(url: services.url, config: Self.config)
    let resolver = try home.resolver(["AWS_PROFILE": "role", "AWS_ENDPOINT_URL": "@URL"], now: clock.now)
    let impatient = Task { try await resolver.aws(for: home.query)?.accessKeyId }
    let others = (0..<8).map { _ in Task { try await resolver.aws(for: home.query)?.accessKeyId } }
    impatient.cancel()
    let ended = await impatient.result
    #expect(throws: ProviderError.self) { try ended.get() }
    roles.gate.open()
    for other in others { #expect(try await other.value == "KEY1") }
    #expect(services.requests.count == 1)
  }

  @Test("A login is renewed before its end and stored for the other tools, with what else stood there")
  func login() async throws {
    let clock = WallClock()
    let services = try FakeAWS.start()
    let home = try AWSHome(url: services.url, config: Self.config)
    let name = "ee0bfd2552fbd840c02cc48b6e823320543c450f"
    try home.storeLogin(name, token: "old", expires: "2030-01-01T00:14:00Z")
    let resolver = try home.resolver(["AWS_PROFILE": "login", "AWS_ENDPOINT_URL": "@URL"], now: clock.now)
    let identity = try #require(try await resolver.aws(for: home.query))
    #expect(identity.accessKeyId == "sso:account_id=1&role_name=Admin:renewed")
    let path = home.folder.file(".aws/sso/cache/\(name).json")
    let stored = try JSONValue(parsing: try #require(try FileSystem.read(path)))
    #expect(stored["accessToken"] == "renewed")
    #expect(stored["refreshToken"] == "next")
    #expect(stored["expiresAt"] == "2030-01-01T08:00:00Z")
    #expect(stored["unknown"] == 1)
    var status = stat()
    #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
    let sent = try #require(services.requests.first { $0.path == "/token" }?.json)
    let expected: JSONValue = [
      "grantType": "refresh_token", "clientId": "c", "clientSecret": "s", "refreshToken": "r",
    ]
    #expect(sent == expected)
  }

  @Test("A program that takes too long is ended")
  func slowProgram() async throws {
    let home = try AWSHome(url: "", config: Self.config)
    let resolver = try home.resolver(["AWS_PROFILE": "slow"], commandLimit: .milliseconds(300))
    await #expect(throws: ProviderError.self) { try await resolver.aws(for: home.query) }
    let text = String(decoding: try FileSystem.read(home.folder.file("pid")) ?? [], as: UTF8.self)
    if let child = Int32(text.filter(\.isNumber)) { #expect(kill(child, 0) != 0) }
  }

  @Test("Nothing is asked and nothing is run to tell where credentials would come from")
  func place() async throws {
    let services = try FakeAWS.start()
    let home = try AWSHome(url: services.url, config: Self.config)
    for (profile, section) in [("role", "role"), ("slow", "slow"), ("login", "login")] {
      let resolver = try home.resolver(["AWS_PROFILE": profile, "AWS_ENDPOINT_URL": "@URL"])
      let place = try #require(try await resolver.place(of: home.query))
      #expect(place.detail == "\(home.folder.file(".aws/config")) [\(section)]")
    }
    let machine = try home.resolver(["AWS_EC2_METADATA_SERVICE_ENDPOINT": "@URL/imds"])
    #expect(try await machine.place(of: home.query) == nil)
    #expect(services.requests.isEmpty)
    #expect(try FileSystem.read(home.folder.file("pid")) == nil)
  }

  @Test(
    "Errors name the file, the line and the remedy",
    arguments: [
      ("[default]\nregion = a\nnonsense", 3), ("a = b", 1), ("# c\n\n[x]\na = 1\n\n[x]", 6), ("[x]\na = 1\nA = 2", 3),
      ("[x]\na =\n  b = c\n  d", 2),
    ])
  func lines(_ text: String, _ line: Int) async throws {
    let home = try AWSHome(url: "", config: text)
    let resolver = try home.resolver()
    await #expect {
      _ = try await resolver.aws(for: home.query)
    } throws: { error in
      let error = error as? ProviderError
      return error?.kind == .storage && error?.hint != nil
        && error?.message.hasPrefix("\(home.folder.file(".aws/config")):\(line): ") == true
    }
  }
}
