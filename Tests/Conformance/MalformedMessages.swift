internal import JSON
internal import TestSupport

/// An endless supply of messages that are wrong in one way or another, the same for the same seed.
struct MalformedMessages {
  private var generator: SeededGenerator
  private var number = 0

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  /// A sound message, spoilt: never empty, never with a line end in it.
  mutating func next() -> [UInt8] {
    let message = nextSound()
    var bytes =
      switch Int.random(in: 0..<6, using: &generator) {
      case 0: flipped(message.bytes)
      case 1: Array(message.bytes.prefix(Int.random(in: 1..<message.bytes.count, using: &generator)))
      case 2: retyped(message).bytes
      case 3: swollen(message)
      case 4: inserting(Self.invalidUTF8.randomElement(using: &generator) ?? [], into: message.bytes)
      default: inserting(nextSound().bytes, into: message.bytes)
      }
    for index in bytes.indices where bytes[index] == 0x0A || bytes[index] == 0x0D { bytes[index] = 0x20 }
    return bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) ? [0x78] : bytes
  }

  /// A header block without a usable length.
  mutating func nextHeaderBlock() -> [UInt8] {
    let lengths = ["", "abc", "-1", "0x10", "12 34", "1e3", "99999999999999999999999999", "５"]
    let header: [UInt8] =
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: Array("Content-Length: \(lengths.randomElement(using: &generator) ?? "")".utf8)
      case 1: Array("Content-Type: application/json\r\nX-Other: \(Int.random(in: 0..<99, using: &generator))".utf8)
      case 2: noise(Int.random(in: 1..<40, using: &generator))
      default: noise(Int.random(in: 1_000..<20_000, using: &generator))
      }
    return header + Array("\r\n\r\n".utf8)
  }

  /// A few framed messages, the first of them a handshake, with bytes changed anywhere and often no end.
  mutating func nextGarbledStream() -> [UInt8] {
    let framing = Framing.allCases.randomElement(using: &generator) ?? .lines
    let initialize: JSONValue = ["jsonrpc": "2.0", "id": "i", "method": "initialize", "params": [:]]
    var bytes = framing.frame(initialize.bytes)
    for _ in 0..<4 { bytes += framing.frame(nextSound().bytes) }
    bytes = flipped(bytes)
    return Bool.random(using: &generator)
      ? bytes : Array(bytes.prefix(Int.random(in: 1..<bytes.count, using: &generator)))
  }

  /// A request or notification as a client might send it; its id is a string that no other has.
  private mutating func nextSound() -> JSONValue {
    let calls: [(String, JSONValue)] = [
      ("ping", [:]), ("listProviders", [:]), ("listModels", ["provider": "echo", "limit": 3]),
      ("complete", ["provider": "echo", "input": "one two three"]),
      ("complete", ["provider": "echo", "model": "think", "input": [["role": "user", "content": "häl🦙lo"]]]),
      (
        "complete",
        ["provider": "echo", "input": "x", "session": "fuzz", "queue": true, "stop": ["a"], "temperature": 0.5]
      ),
      ("createSession", ["name": "made", "provider": "echo"]), ("getSession", ["session": "made", "messages": true]),
      ("switchProvider", ["session": "made", "provider": "echo"]), ("cancel", ["completionId": "nothing"]),
      ("deleteSession", ["session": "made"]), ("$/cancelRequest", ["id": "nothing"]), ("getConfig", [:]),
    ]
    let (method, params) = calls.randomElement(using: &generator) ?? ("ping", [:])
    number += 1
    var message: JSONObject = ["jsonrpc": "2.0"]
    if method != "$/cancelRequest" { message["id"] = .string("m\(number)") }
    message["method"] = .string(method)
    message["params"] = params
    return .object(message)
  }

  /// Up to eight bytes replaced, inserted or removed.
  private mutating func flipped(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...8, using: &generator) where bytes.count > 1 {
      let place = bytes.indices.randomElement(using: &generator) ?? 0
      switch Int.random(in: 0..<3, using: &generator) {
      case 0: bytes[place] = .random(in: .min ... .max, using: &generator)
      case 1: bytes.insert(.random(in: .min ... .max, using: &generator), at: place)
      default: bytes.remove(at: place)
      }
    }
    return bytes
  }

  /// One value somewhere in the message replaced by one of another type.
  private mutating func retyped(_ value: JSONValue) -> JSONValue {
    guard case .object(var object) = value, let key = Array(object.keys).randomElement(using: &generator) else {
      let others: [JSONValue] = [.null, true, 1.5, -1, 1e300, "x", "", [], [[]], [:], ["a": ["b": [.null]]]]
      return others.randomElement(using: &generator) ?? .null
    }
    object[key] = retyped(object[key] ?? .null)
    return .object(object)
  }

  /// Something far too large or too deep in the place of the parameters.
  private mutating func swollen(_ message: JSONValue) -> [UInt8] {
    let depth = Int.random(in: 100...3_000, using: &generator)
    let sizes = [
      String(repeating: "[", count: depth), String(repeating: "[", count: depth) + String(repeating: "]", count: depth),
      String(repeating: "{\"a\":", count: depth), String(repeating: "9", count: depth),
      "\"" + String(repeating: "x", count: depth * 20) + "\"", "1e\(depth)", "\"\\ud800\"", "\"\\u12\"",
    ]
    guard case .object(var object) = message else { return message.bytes }
    object["params"] = "@"
    let text = JSONValue.object(object).text
    return Array(text.replacing("\"@\"", with: sizes.randomElement(using: &generator) ?? "", maxReplacements: 1).utf8)
  }

  private static let invalidUTF8: [[UInt8]] = [
    [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82], [0x80], [0x00],
  ]

  private mutating func inserting(_ piece: [UInt8], into bytes: [UInt8]) -> [UInt8] {
    let place = Int.random(in: 0...bytes.count, using: &generator)
    return Array(bytes[..<place]) + piece + Array(bytes[place...])
  }

  /// Bytes that are neither line ends nor, by any chance, a header.
  private mutating func noise(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in
      let byte = UInt8.random(in: 0x21...0xFF, using: &generator)
      return byte == UInt8(ascii: ":") ? UInt8(ascii: "!") : byte
    }
  }
}
