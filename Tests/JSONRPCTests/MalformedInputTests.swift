import JSON
import JSONRPC
import TestSupport
import Testing

@Suite("Bad input", .timeLimit(.minutes(1)))
struct MalformedInputTests {
  static let seeds: [String] = [
    #"{"jsonrpc":"2.0","id":1,"method":"echo","params":{"text":"a\u00e9\ud83d\ude00","list":[1,2.5e3,null,true]}}"#,
    #"{"jsonrpc":"2.0","id":"two","method":"fail","params":[]}"#,
    #"[{"jsonrpc":"2.0","id":3,"method":"echo"},{"jsonrpc":"2.0","method":"note"},{"jsonrpc":"2.0","id":4,"method":"x"}]"#,
    #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}"#,
    #"{"jsonrpc":"2.0","id":5,"result":{"text":"Content-Length: 3"}}"#,
    "{\"jsonrpc\":\"2.0\",\n \"id\":6,\n \"method\":\"echo\"}",
  ]

  static func damage(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
    for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
      let position = Int.random(in: bytes.indices, using: &generator)
      switch Int.random(in: 0..<6, using: &generator) {
      case 0: bytes[position] = UInt8.random(in: 0...255, using: &generator)
      case 1: bytes.removeSubrange(position...)
      case 2: bytes.insert(contentsOf: Array(repeating: bytes[position], count: 20), at: position)
      case 3: bytes.insert(contentsOf: [0xC3, 0x28, 0xFF], at: position)
      case 4: bytes.remove(at: position)
      default: bytes.swapAt(position, Int.random(in: bytes.indices, using: &generator))
      }
    }
  }

  /// A damaged message in its framing; in header framing the header may be damaged too.
  static func input(_ framing: Framing, _ generator: inout SeededGenerator) -> [UInt8] {
    var bytes = Array(seeds.randomElement(using: &generator, orEmpty: "").utf8)
    let isHeaderDamaged = framing == .headers && Bool.random(using: &generator)
    if !isHeaderDamaged { damage(&bytes, &generator) }
    guard framing == .headers else { return bytes.filter { $0 != 0x0A } + [0x0A] }
    let lengths = ["\(bytes.count)", "-1", "99999999999999999999", "9223372036854775807", "70000000", "abc", "0", "7"]
    let length = isHeaderDamaged ? lengths.randomElement(using: &generator, orEmpty: "") : lengths[0]
    var header = Array("Content-Length: \(length)\r\n\r\n".utf8)
    if isHeaderDamaged, Bool.random(using: &generator) { damage(&header, &generator) }
    return header + bytes
  }

  /// Counts the responses a well-formed id of its own was given.
  static func count(_ message: JSONValue, into counts: inout [String: Int]) {
    if let elements = message.array { return elements.forEach { count($0, into: &counts) } }
    if let id = message["id"]?.string, id.hasPrefix("good") { counts[id, default: 0] += 1 }
  }

  @Test("Among 5,000 damaged messages every good one is answered once", arguments: [Framing.lines, .headers])
  func survives(_ framing: Framing) async throws {
    let rounds = 5000
    try await withConnection(.socket) { pair, connection, _ in
      let writing = Task {
        var generator = SeededGenerator(seed: 42)
        // The first message settles the framing.
        try await pair.write(framing == .lines ? [0x7B, 0x0A] : Array("Content-Length: 1\r\n\r\n{".utf8))
        for number in 0..<rounds {
          let good = Array(#"{"jsonrpc":"2.0","id":"good\#(number)","method":"echo"}"#.utf8)
          try await pair.write(
            Self.input(framing, &generator) + (framing == .lines ? good + [0x0A] : MessageTests.framed(good)))
        }
        pair.endWriting()
      }
      var counts: [String: Int] = [:]
      for message in try await MessageTests.messages(pair, framing) { Self.count(message, into: &counts) }
      try await writing.value
      #expect(await connection.finished() == .inputEnded)
      let missing = (0..<rounds).filter { counts["good\($0)"] != 1 }
      #expect(missing.isEmpty, "\(missing.count) of \(rounds), for one \(missing.first ?? 0)")
    }
  }
}

extension Array {
  fileprivate func randomElement(using generator: inout SeededGenerator, orEmpty empty: Element) -> Element {
    randomElement(using: &generator) ?? empty
  }
}
