/// The header lines of one message as far as they were read.
struct HeaderBlock {
  /// The most bytes all lines of a block may have together.
  static let limit = 8192
  /// No `Content-Length` line that anybody writes is longer.
  static let longestLengthLine = 128
  private static let lengthName = Array("content-length".utf8)

  private(set) var length: Int?
  private(set) var byteCount = 0

  /// Whether no line was read yet.
  var isEmpty: Bool { byteCount == 0 }

  /// Takes one line without its end; the answer is what is wrong with it. Names are compared without case, and of all
  /// headers only `Content-Length` means anything.
  mutating func take(_ line: ArraySlice<UInt8>) -> String? {
    byteCount += line.count + 1
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return "a header line without ':'" }
    let name = Self.trimmed(line[..<colon])
    guard !name.isEmpty, name.allSatisfy(Self.isNameByte) else { return "a header name with characters not allowed" }
    guard Self.isLengthName(name) else {
      // The line end before it was lost, perhaps with a body.
      return Self.lengthLineStart(in: line) == nil ? nil : "a header line with a Content-Length inside"
    }
    let digits = Self.trimmed(line[(colon + 1)...])
    guard !digits.isEmpty, digits.allSatisfy(Self.isDigit) else { return "Content-Length must be digits only" }
    guard let value = Int(String(decoding: digits, as: UTF8.self)) else { return "Content-Length is too large" }
    guard length == nil || length == value else { return "two different Content-Length headers" }
    length = value
    return nil
  }

  /// Where in `bytes`, which a line feed follows, a `Content-Length: N` begins that reaches to the end.
  static func lengthLineStart(in bytes: ArraySlice<UInt8>) -> Int? {
    var line = bytes.suffix(longestLengthLine)
    if line.last == 0x0D { line.removeLast() }
    line = trimmedEnd(line)
    let digits = line.suffix(while: isDigit)
    guard !digits.isEmpty else { return nil }
    line = trimmedEnd(line[..<digits.startIndex])
    guard line.popLast() == UInt8(ascii: ":") else { return nil }
    let name = trimmedEnd(line).suffix(lengthName.count)
    return isLengthName(name) ? name.startIndex : nil
  }

  private static func isLengthName(_ name: ArraySlice<UInt8>) -> Bool {
    name.count == lengthName.count && zip(name, lengthName).allSatisfy { $0 | 0x20 == $1 }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

  /// RFC 9110's `tchar`, roughly: printable ASCII but for the quotes and brackets that begin JSON.
  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x30...0x39, 0x41...0x5A, 0x5E...0x7A, 0x7C, 0x7E: true
    default: false
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
  private static func trimmedEnd(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    bytes.dropLast(bytes.suffix(while: isSpace).count)
  }
  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    trimmedEnd(bytes.drop(while: isSpace))
  }
}

extension MessageFramer {
  mutating func takeHeaderLine() -> Step {
    if block.isEmpty { skipBlanks() }
    guard let end = lineEnd(before: buffer.count) else {
      scanned = buffer.count
      if block.byteCount + bufferedByteCount > HeaderBlock.limit { return abandonBlock(Self.tooLongBlock, after: head) }
      guard hasEnded, !block.isEmpty || bufferedByteCount > 0 else { return .needsInput }
      block = HeaderBlock()
      move(to: buffer.count, .header)
      return .frame(.broken("the input ended inside a header"))
    }
    let start = head
    var line = buffer[start..<end]
    if line.last == 0x0D { line.removeLast() }
    move(to: end + 1, .header)
    if line.isEmpty { return endBlock() }
    if let problem = block.take(line) { return abandonBlock(problem, after: start) }
    return block.byteCount > HeaderBlock.limit ? abandonBlock(Self.tooLongBlock, after: start) : .again
  }

  private static let tooLongBlock = "a header of more than \(HeaderBlock.limit) bytes"

  private mutating func endBlock() -> Step {
    let length = block.length
    block = HeaderBlock()
    guard let length else {
      mode = .skipped(remaining: .max)
      return .frame(.broken("a header without Content-Length"))
    }
    mode = length > limit ? .skipped(remaining: length) : .body(length: length)
    return length > limit ? .frame(.tooLong) : .again
  }

  /// Gives the block up and looks for the next one, at the earliest one byte behind `lineStart`, so that a line that
  /// was refused is not found again.
  private mutating func abandonBlock(_ problem: String, after lineStart: Int) -> Step {
    block = HeaderBlock()
    move(to: lineStart + 1, .skipped(remaining: .max))
    return .frame(.broken(problem))
  }
}

extension ArraySlice {
  fileprivate func suffix(while matches: (Element) -> Bool) -> ArraySlice {
    self[((lastIndex { !matches($0) }).map { $0 + 1 } ?? startIndex)...]
  }
}
