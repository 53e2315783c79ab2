import JSON
import Testing

@testable import JSONRPC

@Suite("Cutting a stream into messages")
struct MessageFramerTests {
  /// What a client sent, and the frames it stands for: a message as its text, `!` for a broken one, `>` for one too
  /// long (the limit is 40 bytes).
  struct Case: CustomTestStringConvertible, Sendable {
    let name: String
    let input: String
    let frames: [String]
    var testDescription: String { name }
  }

  static let lines: [Case] = [
    Case(name: "two lines", input: "{\"a\":1}\n[2]\n", frames: ["{\"a\":1}", "[2]"]),
    Case(name: "CR LF", input: "{\"a\":1}\r\n{}\r\n", frames: ["{\"a\":1}", "{}"]),
    Case(name: "blank lines", input: "\n \r\n{}\n\t\n\r\n{}\n\n", frames: ["{}", "{}"]),
    Case(name: "a last line without end", input: "{}\n{\"b\":2}", frames: ["{}", "{\"b\":2}"]),
    Case(
      name: "U+2028 and U+2029 are data", input: "[\"\u{2028}\u{2029}\u{85}\"]\n{}\n",
      frames: ["[\"\u{2028}\u{2029}\u{85}\"]", "{}"]),
    Case(name: "a byte order mark", input: "\u{FEFF}{}\n", frames: ["{}"]),
    Case(name: "no JSON between", input: "{}\nhello\n{}\n", frames: ["{}", "hello", "{}"]),
    Case(
      name: "as long as allowed", input: "[\"\(String(repeating: "x", count: 36))\"]\r\n{}\n",
      frames: ["[\"\(String(repeating: "x", count: 36))\"]", "{}"]),
    Case(name: "one byte too long", input: "[\"\(String(repeating: "x", count: 37))\"]\n{}\n", frames: [">", "{}"]),
    Case(
      name: "far too long", input: "{}\n[\"\(String(repeating: "x", count: 5000))\"]\r\n{}\n",
      frames: ["{}", ">", "{}"]),
    Case(name: "too long to the end", input: "[\(String(repeating: "1", count: 99))", frames: [">"]),
    Case(name: "nothing", input: "", frames: []),
    Case(name: "only white space", input: " \r\n\t\n", frames: []),
  ]

  static let headers: [Case] = [
    Case(
      name: "two messages", input: "Content-Length: 2\r\n\r\n{}Content-Length: 3\r\n\r\n[1]", frames: ["{}", "[1]"]),
    Case(
      name: "names in any case, other headers",
      input: "content-type: application/vscode-jsonrpc; charset=utf-8\r\nX-Other: a:b\r\nCONTENT-LENGTH:2\r\n\r\n{}",
      frames: ["{}"]),
    Case(
      name: "line feeds alone", input: "Content-Length: 2\nContent-Type: x\n\n{}\nContent-Length : 3 \n\n[1]",
      frames: ["{}", "[1]"]),
    Case(
      name: "white space between messages",
      input: "\r\nContent-Length: 2\r\n\r\n{}\r\n \nContent-Length: 3\r\n\r\n[1]\n", frames: ["{}", "[1]"]),
    Case(
      name: "line ends inside a body", input: "Content-Length: 11\r\n\r\n{\r\n\"a\":\n1\n}Content-Length: 2\r\n\r\n{}",
      frames: ["{\r\n\"a\":\n1\n}", "{}"]),
    Case(
      name: "a header as text inside a string",
      input: "Content-Length: 25\r\n\r\n[\"Content-Length: 9\\r\\n\"]Content-Length: 2\r\n\r\n{}",
      frames: ["[\"Content-Length: 9\\r\\n\"]", "{}"]),
    Case(name: "an empty body", input: "Content-Length: 0\r\n\r\nContent-Length: 2\r\n\r\n{}", frames: ["", "{}"]),
    Case(name: "the same length twice", input: "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", frames: ["{}"]),
    Case(name: "a byte order mark", input: "\u{FEFF}Content-Length: 2\r\n\r\n{}", frames: ["{}"]),
    Case(name: "no length", input: "Content-Type: x\r\n\r\n{}Content-Length: 2\r\n\r\n[]", frames: ["!", "[]"]),
    Case(name: "no colon", input: "hello\r\nContent-Length: 2\r\n\r\n[]", frames: ["!", "[]"]),
    Case(name: "garbage on the same line", input: "hello Content-Length: 2\r\n\r\n[]", frames: ["!", "[]"]),
    Case(
      name: "a header line that lost its end", input: "X-Other: 1{}Content-Length: 2\r\n\r\n[]", frames: ["!", "[]"]),
    Case(
      name: "a negative length", input: "Content-Length: -2\r\n\r\n{}Content-Length: 2\r\n\r\n[]", frames: ["!", "[]"]),
    Case(
      name: "a length that is no number", input: "Content-Length: 0x2\r\n\r\n{}Content-Length: 2\r\n\r\n[]",
      frames: ["!", "[]"]),
    Case(name: "no digits", input: "Content-Length: \r\n\r\n{}Content-Length: 2\r\n\r\n[]", frames: ["!", "[]"]),
    Case(
      name: "a length beyond 64 bits",
      input: "Content-Length: 99999999999999999999\r\n\r\n{}Content-Length: 2\r\n\r\n[]", frames: ["!", "[]"]),
    Case(
      name: "a giant length", input: "Content-Length: 9223372036854775807\r\n\r\n{}Content-Length: 2\r\n\r\n[]",
      frames: [">", "[]"]),
    Case(
      name: "two lengths", input: "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}Content-Length: 2\r\n\r\n[]",
      frames: ["!", "[]"]),
    Case(
      name: "a length too great", input: "Content-Length: 12\r\n\r\n{}Content-Length: 2\r\n\r\n[]",
      frames: ["{}Content-Le", "[]"]),
    Case(
      name: "a length that takes in the next header",
      input: "Content-Length: 30\r\n\r\n{}Content-Length: 2\r\n\r\n[]Content-Length: 2\r\n\r\n{}",
      frames: ["!", "[]", "{}"]),
    Case(
      name: "a length too small", input: "Content-Length: 3\r\n\r\n{\"a\":1}Content-Length: 2\r\n\r\n[]",
      frames: ["{\"a", "!", "[]"]),
    Case(
      name: "a body that is no JSON",
      input: "Content-Length: 5\r\n\r\nhelloContent-Type: x\r\nContent-Length: 2\r\n\r\n[]", frames: ["hello", "[]"]),
    Case(
      name: "a body that is no JSON, then a broken header",
      input: "Content-Length: 5\r\n\r\nhelloFoo\r\n\r\nContent-Length: 2\r\n\r\n[]", frames: ["hello", "!", "[]"]),
    Case(name: "a body that is no JSON at the end", input: "Content-Length: 5\r\n\r\nhello", frames: ["hello"]),
    Case(
      name: "too long",
      input:
        "Content-Length: 41\r\n\r\n[\(String(repeating: "1", count: 39))]Content-Type: x\r\nContent-Length: 2\r\n\r\n[]",
      frames: [">", "[]"]),
    Case(
      name: "far too long",
      input: "Content-Length: 5000\r\n\r\n\(String(repeating: "\nab", count: 1666))]]Content-Length: 2\r\n\r\n[]",
      frames: [">", "[]"]),
    Case(
      name: "a header without end",
      input: "\(String(repeating: "x", count: 9000)): 1\r\n\r\nContent-Length: 2\r\n\r\n[]", frames: ["!", "[]"]),
    Case(
      name: "too many headers", input: "\(String(repeating: "X-A: b\r\n", count: 1500))\r\nContent-Length: 2\r\n\r\n[]",
      frames: ["!", "[]"]),
    Case(name: "the end inside a header", input: "Content-Length: 2\r\n", frames: ["!"]),
    Case(name: "the end inside a header line", input: "Content-Len", frames: ["!"]),
    Case(name: "the end inside a body", input: "Content-Length: 9\r\n\r\n{}", frames: ["!"]),
    Case(
      name: "a line of JSON that is neither object nor array", input: "42\nContent-Length: 2\r\n\r\n[]",
      frames: ["!", "[]"]),
  ]

  /// Feeds the pieces and parses as the connection does.
  static func frames(_ pieces: [ArraySlice<UInt8>], limit: Int = 40) -> [String] {
    var framer = MessageFramer(limit: limit)
    var frames: [String] = []
    func drain(_ framer: inout MessageFramer) {
      while let frame = framer.next() {
        switch frame {
        case .message(let bytes):
          frames.append(String(decoding: bytes, as: UTF8.self))
          if (try? JSONValue(parsing: bytes)) == nil { framer.rejectLastMessage() }
        case .tooLong: frames.append(">")
        case .broken: frames.append("!")
        }
        #expect(framer.bufferedByteCount <= 100_000)
      }
    }
    for piece in pieces {
      framer.append(piece)
      drain(&framer)
    }
    framer.finish()
    drain(&framer)
    return frames
  }

  static func split(_ bytes: [UInt8], at cuts: [Int]) -> [ArraySlice<UInt8>] {
    let edges = [0] + cuts.sorted() + [bytes.count]
    return zip(edges, edges.dropFirst()).map { bytes[$0..<$1] }
  }

  @Test("Every message comes out, whole, byte by byte and however split", arguments: lines + headers)
  func splits(_ test: Case) {
    let bytes = Array(test.input.utf8)
    #expect(Self.frames([bytes[...]]) == test.frames)
    #expect(Self.frames(Self.split(bytes, at: Array(bytes.indices))) == test.frames)
    for cut in bytes.indices.prefix(200) {
      #expect(Self.frames(Self.split(bytes, at: [cut])) == test.frames, "cut at \(cut)")
    }
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<20 {
      let cuts = (0..<Int.random(in: 1...9, using: &generator)).map { _ in
        Int.random(in: 0...bytes.count, using: &generator)
      }
      #expect(Self.frames(Self.split(bytes, at: cuts)) == test.frames, "cut at \(cuts)")
    }
  }

  @Test("Damaged streams fall into the same frames however they are split", arguments: [lines, headers])
  func damagedSplits(_ cases: [Case]) {
    var generator = SeededGenerator(seed: 2)
    // Short cases only: which of two complaints a header of 8 KiB gets may depend on the split.
    let stream = cases.map(\.input).filter { $0.utf8.count < 200 }.joined()
    for _ in 0..<100 {
      var bytes = Array(stream.utf8)
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        let position = Int.random(in: bytes.indices, using: &generator)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: bytes[position] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes.remove(at: position)
        default: bytes.insert(UInt8.random(in: 0x20...0x7E, using: &generator), at: position)
        }
      }
      let whole = Self.frames([bytes[...]])
      let cuts = (0..<20).map { _ in Int.random(in: 0...bytes.count, using: &generator) }
      #expect(Self.frames(Self.split(bytes, at: cuts)) == whole)
      #expect(Self.frames(Self.split(bytes, at: Array(bytes.indices))) == whole)
    }
  }

  @Test("A message over the limit is not buffered", arguments: ["", "Content-Length: 100000000\r\n\r\n"])
  func oversize(_ header: String) {
    var framer = MessageFramer(limit: 10_000)
    framer.append(Array((header + "[\"").utf8))
    #expect(header.isEmpty ? framer.next() == nil : framer.next() == .tooLong)
    let chunk = [UInt8](repeating: UInt8(ascii: "x"), count: 65_536)
    var frames: [MessageFramer.Frame] = []
    for _ in 0..<1000 {
      framer.append(chunk)
      while let frame = framer.next() { frames.append(frame) }
      #expect(framer.bufferedByteCount <= 128)
    }
    #expect(frames == (header.isEmpty ? [.tooLong] : []))
    framer.append(Array((header.isEmpty ? "\"]\n{}\n" : "\"]Content-Length: 2\r\n\r\n{}").utf8))
    #expect(framer.next() == .message(Array("{}".utf8)[...]))
  }

  @Test("The first byte that is no white space decides the framing")
  func detection() {
    for (text, framing) in [
      (" \r\n\t{", JSONRPC.Framing.lines), ("[", .lines), ("\u{FEFF} {", .lines), ("C", .headers), ("\"", .headers),
      ("1", .headers),
    ] {
      var framer = MessageFramer(limit: 10)
      framer.append(Array(text.utf8))
      _ = framer.next()
      #expect(framer.framing == framing, "\(text)")
    }
  }
}
