import Completion
import Credentials
import HTTP
import JSON
import Platform
import Synchronization
import TestSupport
import Upstream

/// The time in milliseconds since 1970.
private final class Clock: Sendable { let time = Mutex(1_800_000_000_000) }

private final class Counter: Sendable {
  private let count = Mutex(0)
  func next() -> Int {
    count.withLock { count in
      count += 1
      return count
    }
  }
}

/// A person with a home and a cloud that is a test server.
final class Customer: Sendable {
  let folder: TemporaryFolder
  let server: Upstream
  let clouds: CloudCredentials
  private let clock = Clock()

  /// `answer` gets what the server is asked.
  init(_ answer: @escaping @Sendable (Request) -> (status: Int, body: JSONValue)) throws {
    folder = try TemporaryFolder()
    server = try Upstream { request, exchange in
      let (status, body) = answer(request)
      try exchange.send(status: status, headers: [("content-type", "application/json")])
      try exchange.write(body.string ?? body.text)
      try exchange.finish()
    }
    let clock = clock
    clouds = CloudCredentials(
      http: HTTPClient(environment: Environment([:]), userAgent: "test"), now: { clock.time.withLock { $0 } },
      machine: folder.path)
  }

  /// Grants "token-1", "token-2", ….
  convenience init(seconds: Int = 3600) throws {
    let count = Counter()
    try self.init { _ in
      let number = count.next()
      return (200, ["access_token": .string("token-\(number)"), "expires_in": .number(JSONNumber(seconds))])
    }
  }

  func pass(seconds: Int) { clock.time.withLock { $0 += seconds * 1000 } }

  func environment(_ variables: [String: String]) -> Environment {
    Environment(variables.merging(["HOME": folder.path, "PATH": "/usr/bin:/bin"]) { mine, _ in mine })
  }

  /// The environment of a person whose credentials are `file`.
  func environment(file: JSONValue, _ variables: [String: String] = [:]) throws -> Environment {
    let path = try folder.write("credentials.json", file.text)
    return environment(variables.merging(["GOOGLE_APPLICATION_CREDENTIALS": path]) { $1 })
  }

  /// How many requests there have been once a token was wanted so much later.
  func requests(_ cloud: Cloud, _ environment: Environment, after seconds: Int) async throws(ProviderError) -> Int {
    pass(seconds: seconds)
    _ = try await token(cloud, environment)
    return server.requests.count
  }

  func token(_ cloud: Cloud, _ environment: Environment) async throws(ProviderError) -> String? {
    try await clouds.access(cloud, environment)?.token.reveal()
  }

  func failure(_ cloud: Cloud, _ environment: Environment) async -> ProviderError? {
    do throws(ProviderError) {
      _ = try await clouds.access(cloud, environment)
      return nil
    } catch {
      return error
    }
  }
}

extension Request {
  /// The fields of a form.
  var form: [String: String] {
    var form: [String: String] = [:]
    for pair in String(decoding: body, as: UTF8.self).split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      form[parts[0].percentDecoded] = parts.last?.percentDecoded
    }
    return form
  }
}

/// A setting that a test's server reads.
final class Switch: Sendable {
  private let state: Mutex<Bool>
  init(_ value: Bool) { state = Mutex(value) }
  var value: Bool {
    get { state.withLock { $0 } }
    set { state.withLock { $0 = newValue } }
  }
}
