package import JSON
internal import Platform

/// One recorded answer of a real provider, with what an independent reader made of it.
package struct RecordedStream: Sendable, CustomStringConvertible {
  /// `<host>/<name>` within its API family.
  package let name: String
  /// The request body that the provider accepted.
  package let request: JSONValue
  /// The response body, byte for byte.
  package let response: [UInt8]
  /// `text`, `reasoning`, `toolCalls`, `stop`, `usage`, `error`.
  package let expected: JSONValue
  package var description: String { name }
}

/// One recorded request with its answer, which was not streamed.
package struct RecordedExchange: Sendable, CustomStringConvertible {
  /// `<host>/<file>` within its API family.
  package let name: String
  package let request: JSONValue
  package let response: JSONValue
  package var description: String { name }
}

extension SharedMaterial {
  /// The recorded streams of an API family; none where the recordings are absent.
  package static func streams(_ family: String) throws -> [RecordedStream] {
    try entries(family).map { name, folder in
      RecordedStream(
        name: name, request: try json("\(folder)/request.json")["body"] ?? .null,
        response: try bytes("\(folder)/response.bin"), expected: try json("\(folder)/expected.json"))
    }
  }

  /// The recorded whole exchanges of an API family; none where the recordings are absent.
  package static func exchanges(_ family: String) throws -> [RecordedExchange] {
    try entries("exchanges/\(family)").map { name, file in
      let exchange = try json(file)
      return RecordedExchange(
        name: name, request: exchange["request"] ?? .null, response: exchange["response"] ?? .null)
    }
  }

  /// The recorded error responses: `host`, `path`, `status`, `headers`, `body`; none where the recordings are absent.
  package static func errors() throws -> [JSONValue] {
    try recordings.map { try json("\($0)/errors.json").array ?? [] } ?? []
  }

  private static func entries(_ folder: String) throws -> [(name: String, path: String)] {
    guard let recordings else { return [] }
    let root = "\(recordings)/\(folder)"
    guard access(root, F_OK) == 0 else { return [] }
    return try FileSystem.list(root).sorted().flatMap { host in
      try FileSystem.list("\(root)/\(host)").sorted().map { ("\(host)/\($0)", "\(root)/\(host)/\($0)") }
    }
  }

  private static func bytes(_ path: String) throws -> [UInt8] {
    guard let bytes = try FileSystem.read(path) else { throw SystemError("read", path, code: ENOENT) }
    return bytes
  }

  private static func json(_ path: String) throws -> JSONValue { try JSONValue(parsing: bytes(path)) }
}
