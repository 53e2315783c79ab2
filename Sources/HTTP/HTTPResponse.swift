/// A response whose head has come and whose body is coming. Valid inside the closure of `HTTPClient.withResponse`.
package struct HTTPResponse: Sendable {
  /// The status code, as it came: 400 and above is no error here.
  package let status: Int
  /// In the order they came; the names in lower case.
  package let headers: [(String, String)]
  /// How long it took to get here.
  package let timing: Timing
  /// The bytes after the head.
  package let body: Body

  /// Milliseconds since the request was made.
  package struct Timing: Sendable, Hashable {
    /// Until the connection stood: name look-up, TCP and TLS. Next to nothing for one that was kept.
    package let connectMs: Double
    /// Until the head had come.
    package let headMs: Double
  }

  /// The value of the first header called `name` (lower case); `nil` when there is none.
  package func header(_ name: String) -> String? { headers.first { $0.0 == name }?.1 }

  /// The body as it arrives, already decompressed. One task at a time may read it.
  package struct Body: Sendable {
    let transfer: Transfer

    /// Everything that has arrived since the last call, at least one byte, as one batch; waits when nothing has, and
    /// returns `nil` at the true end of the body. A body that was cut short throws once its bytes have been read.
    /// Bytes that nobody asks for stay in the socket beyond 256 KiB.
    package func next() async throws(HTTPError) -> [UInt8]? { try await transfer.next() }

    /// What was read held content, or showed otherwise that the server is at work: the time without a first token, or
    /// between two, starts anew. Bytes alone do not count, for many servers send comments to keep the connection open.
    package func noteProgress(isContent: Bool = true) { transfer.noteProgress(isContent: isContent) }

    /// All that matters was read: a body that does not end within this time fails with the idle timeout, whatever the
    /// request's own limit is. Reading on to the end lets the connection be used again.
    package func expectEnd(withinMs milliseconds: Int) { transfer.expectEnd(withinMs: milliseconds) }

    /// The whole body, every byte of which counts as progress. Throws `tooLarge` beyond `limit` bytes.
    package func readAll(limit: Int) async throws(HTTPError) -> [UInt8] {
      var all: [UInt8] = []
      while let bytes = try await next() {
        noteProgress()
        guard bytes.count <= limit - all.count else {
          throw .tooLarge("the response body is larger than \(limit) bytes")
        }
        if all.isEmpty { all = bytes } else { all.append(contentsOf: bytes) }
      }
      return all
    }
  }
}
