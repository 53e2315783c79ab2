import HTTP
import Testing

@Suite("Lines")
struct LineDecoderTests {
  static func lines(_ pieces: [[UInt8]], lineEnd: LineDecoder.LineEnd = .lineFeed, limit: Int = 1 << 20) throws
    -> [String]
  {
    var decoder = LineDecoder(lineEnd: lineEnd, limit: limit)
    var lines: [String] = []
    for piece in pieces {
      var rest = piece[...]
      while let line = try decoder.next(in: &rest) { lines.append(String(decoding: line, as: UTF8.self)) }
      #expect(rest.isEmpty)
    }
    if let line = decoder.finish() { lines.append(String(decoding: line, as: UTF8.self)) }
    return lines
  }

  @Test("LF and CR LF end a line, a lone CR is data, and the last line needs no end")
  func lineFeeds() throws {
    #expect(try Self.lines([Array("{\"a\":1}\r\n\nb\rc\nlast".utf8)]) == ["{\"a\":1}", "", "b\rc", "last"])
    #expect(try Self.lines([Array("last\r".utf8)]) == ["last"])
    #expect(try Self.lines([[]]) == [])
  }

  @Test("LF, CR and CR LF all end a line of an event stream, also when CR LF is split")
  func anyEnd() throws {
    #expect(try Self.lines([Array("a\rb\nc\r\nd\r\r\n\n".utf8)], lineEnd: .any) == ["a", "b", "c", "d", "", ""])
    #expect(
      try Self.lines([Array("a\r".utf8), Array("\nb\r".utf8), Array("c".utf8)], lineEnd: .any) == ["a", "b", "c"])
    #expect(try Self.lines([Array("a\r".utf8), [], Array("\nb".utf8)], lineEnd: .any) == ["a", "b"])
  }

  @Test("every split gives the same lines", arguments: [LineDecoder.LineEnd.lineFeed, .any])
  func splits(lineEnd: LineDecoder.LineEnd) throws {
    let bytes = Array("one\r\ntwo\n\r\nthrée\rfour\r\n\rfive".utf8)
    let whole = try Self.lines([bytes], lineEnd: lineEnd)
    for first in 0...bytes.count {
      for second in first...bytes.count {
        let pieces = [Array(bytes[..<first]), Array(bytes[first..<second]), Array(bytes[second...])]
        #expect(try Self.lines(pieces, lineEnd: lineEnd) == whole)
      }
    }
  }

  @Test("a line may be as long as the limit and no longer, in however many pieces it comes")
  func limit() throws {
    let line = [UInt8](repeating: 0x61, count: 10)
    #expect(try Self.lines([line + [0x0A]], limit: 10).count == 1)
    #expect(throws: HTTPError.tooLarge("a line of more than 9 bytes")) { try Self.lines([line + [0x0A]], limit: 9) }
    #expect(throws: HTTPError.tooLarge("a line of more than 9 bytes")) {
      try Self.lines(line.map { [$0] } + [[0x0A]], limit: 9)
    }
  }

  @Test("a line inside one piece is a slice of it, not a copy")
  func noCopy() throws {
    let bytes = Array("first\nsecond\n".utf8)
    var decoder = LineDecoder()
    var rest = bytes[...]
    let line = try #require(try decoder.next(in: &rest))
    let isShared = bytes.withUnsafeBytes { whole in
      line.withUnsafeBytes { $0.baseAddress == whole.baseAddress }
    }
    #expect(isShared)
  }
}
