import HTTP
import Platform
import Synchronization
import Testing
import Upstream

/// A client that sees exactly these environment variables.
func makeClient(_ environment: [String: String] = [:], clock: MonotonicClock = .system) -> HTTPClient {
  HTTPClient(environment: Environment(environment), clock: clock, userAgent: "patchbay/test")
}

extension HTTPClient {
  /// The whole of a response's body, as text.
  nonisolated func text(of request: HTTPRequest) async throws -> String {
    try await withResponse(to: request) { response in
      String(decoding: try await response.body.readAll(limit: 1 << 27), as: UTF8.self)
    }
  }

  /// The whole of a response's body, as text.
  nonisolated func text(of url: String) async throws -> String { try await text(of: HTTPRequest(url: url)) }

  /// The error of a request that must fail, whether at its head or in its body.
  nonisolated func failure(of request: HTTPRequest) async -> HTTPError? {
    do {
      _ = try await text(of: request)
      return nil
    } catch {
      return error as? HTTPError
    }
  }

  /// The error of a request that must fail.
  nonisolated func failure(of url: String) async -> HTTPError? { await failure(of: HTTPRequest(url: url)) }
}

extension HTTPError {
  /// The name of the case, for tables.
  var kind: String { String("\(self)".prefix { $0 != "(" }) }
}

/// What a response brought before it failed.
final class Received: Sendable {
  private let bytes = Mutex<[UInt8]>([])

  func append(_ more: [UInt8]) { bytes.withLock { $0 += more } }
  var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
}
