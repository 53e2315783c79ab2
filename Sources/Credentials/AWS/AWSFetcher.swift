internal import Completion
internal import HTTP
internal import JSON
internal import Platform

/// Gets the keys of a source: asks services and runs programs.
struct AWSFetcher: Sendable {
  /// For services on the Internet.
  let http: HTTPClient
  /// For services on this machine: no proxy sees their tokens.
  let near: HTTPClient
  /// Every variable, for programs.
  let variables: [String: String]
  /// How long a program may take.
  let limit: Duration
  /// The time in milliseconds since 1970.
  let now: @Sendable () -> Int
  /// Waits before a service is asked again.
  let pause: @Sendable (Duration) async throws -> Void

  /// More is no answer with keys.
  static let maximumAnswer = 1 << 18

  /// The keys of `source`; `nil` when it is the machine's service, which is not there or has no role.
  /// - Throws: which source failed and what to do.
  func keys(of source: AWSSource) async throws(ProviderError) -> AWSKeys? {
    switch source {
    case .keys(let keys, let place):
      if let end = keys.expiresAt, end <= now() {
        throw ProviderError(
          .authRequired, "the AWS keys in \(place.detail) have expired (\(AWSTime.text(milliseconds: end)))",
          hint: "Set fresh ones, with their AWS_CREDENTIAL_EXPIRATION.")
      }
      return keys
    case .role(let role, let other, let place):
      guard let keys = try await self.keys(of: other) else {
        throw ProviderError(
          .authRequired, "\(place.detail) asks for a role with the machine's own, but there is none",
          hint: "This works on EC2 only; name a source_profile elsewhere.")
      }
      return try await assume(role, with: keys)
    case .webIdentity(let role, let file, _): return try await assume(role, tokenFile: file)
    case .singleSignOn(let signOn, _): return try await keys(of: signOn)
    case .process(let command, let place): return try await keys(printedBy: command, place)
    case .container(let container, let place): return try await keys(of: container, place)
    case .instance(let instance, _): return try await keys(of: instance)
    }
  }

  /// An answer, whatever its status.
  struct Answer: Sendable {
    let status: Int
    let bytes: [UInt8]
    var text: String { String(decoding: bytes, as: UTF8.self) }
    var json: JSONValue? { try? JSONValue(parsing: bytes) }
  }

  /// Sends `request` and reads the whole answer.
  func send(
    _ request: HTTPRequest, _ client: HTTPClient, timeoutMs: Int = 30_000
  ) async throws(HTTPError) -> Answer {
    var request = request
    request.timeouts.connectMs = min(timeoutMs, 10_000)
    request.timeouts.totalMs = timeoutMs
    do {
      return try await client.withResponse(to: request) { response in
        Answer(status: response.status, bytes: try await response.body.readAll(limit: Self.maximumAnswer))
      }
    } catch let error as HTTPError {
      throw error
    } catch {
      throw .malformed("\(error)")
    }
  }

  /// As `send`, with errors that begin with who was asked for what.
  func ask(_ what: String, _ request: HTTPRequest) async throws(ProviderError) -> Answer {
    do {
      return try await send(request, http)
    } catch {
      var error = ProviderError(error)
      error.message = "\(what): \(error.message)"
      throw error
    }
  }

  /// What a small text file holds.
  func text(of path: String, _ what: String) async throws(ProviderError) -> String {
    try await BlockingQueue.run { () throws(ProviderError) in
      do throws(SystemError) {
        guard let bytes = try FileSystem.read(path) else {
          throw SystemError("read", path, code: ENOENT)
        }
        return String(decoding: bytes, as: UTF8.self)
      } catch {
        throw ProviderError(
          .authRequired, "\(what): \(error)", hint: "Let the variable or setting name the token's file.")
      }
    }
  }

  /// The keys in an answer whose members have these names; `nil` when one of them is missing.
  static func keys(
    in value: JSONValue?, id: String = "AccessKeyId", secret: String = "SecretAccessKey", token: String
  ) -> AWSKeys? {
    guard let id = value?[id]?.string, let secret = value?[secret]?.string else { return nil }
    return AWSKeys(id: id, secret: Secret(secret), token: value?[token]?.string.map { Secret($0) })
  }
}
