package import JSON

/// A request as the server received it.
package struct Request: Sendable {
  package let method: String
  /// As the request line has it: a path with its query, a whole URL at a proxy, or `host:port` after `CONNECT`.
  package let target: String
  /// In the order they came; the names in lower case.
  package let headers: [(String, String)]
  package let body: [UInt8]

  /// The target without its query.
  package var path: String { String(target.prefix { $0 != "?" }) }
  /// The body as JSON; `nil` when it is none.
  package var json: JSONValue? { try? JSONValue(parsing: body) }
  /// The value of the first header called `name` (lower case); `nil` when there is none.
  package func header(_ name: String) -> String? { headers.first { $0.0 == name }?.1 }

  /// Reads the next request; `nil` when the client goes, or sends something else. Bodies need a `Content-Length`.
  init?(from connection: Connection) {
    guard let head = connection.read(through: Array("\r\n\r\n".utf8)) else { return nil }
    let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
    let words = lines.first?.split(separator: " ") ?? []
    guard words.count == 3 else { return nil }
    method = String(words[0])
    target = String(words[1])
    headers = lines.dropFirst().compactMap { line in
      guard let colon = line.firstIndex(of: ":") else { return nil }
      return (line[..<colon].lowercased(), String(line[line.index(after: colon)...].drop { $0 == " " }))
    }
    let length = headers.first { $0.0 == "content-length" }.flatMap { Int($0.1) } ?? 0
    guard let body = connection.read(length) else { return nil }
    self.body = body
  }
}
