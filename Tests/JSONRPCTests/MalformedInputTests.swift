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
    #"{"jsonrpc":"2.0","id":8,"method":"hang"}"#,
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
  static func input(_ framing: JSONRPC.Framing, _ generator: inout SeededGenerator) -> [UInt8] {
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

  /// Whether a line has to be answered, said once more in other words than the connection's.
  static func isAnswered(_ line: [UInt8]) -> Bool {
    guard let value = try? JSONValue(parsing: line) else { return true }
    guard let elements = value.array, !elements.isEmpty else { return isAnswered(value) }
    return elements.contains(where: isAnswered)
  }

  private static func isAnswered(_ message: JSONValue) -> Bool {
    let isResponse = message["method"] == nil && (message["result"] != nil || message["error"] != nil)
    let isNotification = message["id"] == nil && message["jsonrpc"] == "2.0" && message["method"]?.string != nil
    return !isResponse && !isNotification
  }

  /// The ids of the well-formed requests among the answers.
  static func goodIDs(_ message: JSONValue) -> [String] {
    if let elements = message.array { return elements.flatMap(goodIDs) }
    guard let id = message["id"]?.string, id.hasPrefix("good") else { return [] }
    return [id]
  }

  /// What a client sends: damaged messages, each followed by a good request.
  static func stream(_ framing: JSONRPC.Framing, rounds: Int) -> [[UInt8]] {
    var generator = SeededGenerator(seed: 42)
    // The first message settles the framing.
    var pieces = [framing == .lines ? [0x7B, 0x0A] : Array("Content-Length: 1\r\n\r\n{".utf8)]
    for number in 0..<rounds {
      let good = Array(#"{"jsonrpc":"2.0","id":"good\#(number)","method":"echo"}"#.utf8)
      pieces.append(input(framing, &generator))
      pieces.append(framing == .lines ? good + [0x0A] : MessageTests.framed(good))
    }
    let last = Array(#"{"jsonrpc":"2.0","method":"cancelAll"}"#.utf8)
    return pieces + [framing == .lines ? last + [0x0A] : MessageTests.framed(last)]
  }

  @Test("Among 5,000 damaged messages every good one is answered once", arguments: [JSONRPC.Framing.lines, .headers])
  func survives(_ framing: JSONRPC.Framing) async throws {
    let rounds = 5000
    try await withConnection(.socket) { pair, connection, _ in
      let pieces = Self.stream(framing, rounds: rounds)
      let writing = Task {
        for piece in pieces { try await pair.write(piece) }
        pair.endWriting()
      }
      let answers = try await MessageTests.messages(pair, framing)
      try await writing.value
      #expect(await connection.finished() == .inputEnded)
      let good = answers.flatMap(Self.goodIDs)
      #expect(good.count == rounds)
      #expect(Set(good) == Set((0..<rounds).map { "good\($0)" }))
      if framing == .lines {
        let lines = pieces.map { $0.dropLast() }.filter { !$0.allSatisfy { $0 == 0x20 || $0 == 0x0D || $0 == 0x09 } }
        #expect(answers.count == lines.count { Self.isAnswered(Array($0)) })
      }
    }
  }
}

extension Array {
  fileprivate func randomElement(using generator: inout SeededGenerator, orEmpty empty: Element) -> Element {
    randomElement(using: &generator) ?? empty
  }
}
