internal import Platform

/// How the messages of a stream are told apart: one a line, or each behind a `Content-Length` header.
package enum Framing: Sendable, Hashable {
  case lines
  case headers
}

/// Cuts the bytes a client sends into messages, however the bytes were split on their way. The first byte that is no
/// white space decides the framing for good.
///
/// Whoever drives it calls `append`, then `next` until that returns `nil`. A message is a slice of the buffer: drop it
/// before the next `append`, or the buffer is copied.
///
/// One fact carries the recovery in header framing: a whole line `Content-Length: N`, line end included, never occurs
/// inside valid JSON (a string cannot hold a raw line end, and outside of strings there are no letters C). So wherever
/// such a line turns up, a message begins, and a wrong length costs one message only.
struct MessageFramer {
  enum Frame: Equatable {
    case message(ArraySlice<UInt8>)
    /// A message above the limit. Its bytes are dropped as they come in.
    case tooLong
    /// Bytes that are no message, and why.
    case broken(String)
  }

  enum Step {
    case frame(Frame)
    case again
    case needsInput
  }

  enum Mode: Equatable {
    case start
    case line
    case skippedLine
    case header
    case body(length: Int)
    /// Drops bytes until so many are gone or a header turns up; `Int.max` leaves only the header.
    case skipped(remaining: Int)
    /// A body was no JSON: looks for a header that begins before `bodyEnd`, for the length may have been wrong.
    case rejected(bodyEnd: Int)
  }

  /// The most bytes a message may have, its line end or header not counted.
  let limit: Int
  /// Known from the first byte on that is no white space.
  var framing: Framing?
  var mode = Mode.start
  var buffer: [UInt8] = []
  /// The first byte that no frame has taken.
  var head = 0
  /// Bytes before this one were searched already.
  var scanned = 0
  var hasEnded = false
  var block = HeaderBlock()
  private var lastBody: Range<Int>?
  private var isAtOrigin = true

  init(limit: Int) { self.limit = limit }

  /// How many bytes are held: never much more than the limit and one `append`.
  var bufferedByteCount: Int { buffer.count - head }

  mutating func append(_ bytes: some Collection<UInt8>) {
    // At most the beginning of one message is left over, and it moves once: the next time `head` is 0.
    if head == buffer.count {
      if buffer.capacity > 1 << 20 { buffer = [] } else { buffer.removeAll(keepingCapacity: true) }
    } else if head > 0 {
      buffer.removeSubrange(..<head)
    }
    if case .rejected(let bodyEnd) = mode { mode = .rejected(bodyEnd: bodyEnd - head) }
    scanned = max(0, scanned - head)
    head = 0
    lastBody = nil
    buffer.append(contentsOf: bytes)
  }

  /// No more bytes will come: what is left is a last message, or a broken one.
  mutating func finish() { hasEnded = true }

  /// The last message was no JSON. Its length may have been wrong, so the next one may begin inside it.
  mutating func rejectLastMessage() {
    guard framing == .headers, let body = lastBody else { return }
    lastBody = nil
    move(to: body.lowerBound, .rejected(bodyEnd: body.upperBound))
  }

  mutating func next() -> Frame? {
    while true {
      let step =
        switch mode {
        case .start: detectFraming()
        case .line: takeLine()
        case .skippedLine: skipLine()
        case .header: takeHeaderLine()
        case .body(let length): takeBody(length)
        case .skipped(let remaining): skip(remaining)
        case .rejected(let bodyEnd): recover(bodyEnd)
        }
      switch step {
      case .frame(let frame): return frame
      case .again: continue
      case .needsInput: return nil
      }
    }
  }

  mutating func move(to position: Int, _ mode: Mode) {
    head = position
    scanned = position
    self.mode = mode
  }

  /// The first line end in the bytes from `scanned` to `end`.
  func lineEnd(before end: Int) -> Int? {
    guard scanned < end else { return nil }
    return buffer.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress, let found = memchr(base + scanned, 0x0A, end - scanned) else { return nil }
      return UnsafeRawPointer(found) - base
    }
  }

  static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A }

  mutating func skipBlanks() {
    while head < buffer.count, Self.isBlank(buffer[head]) { head += 1 }
    scanned = max(scanned, head)
  }
}

// MARK: - The start, and lines

extension MessageFramer {
  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  private mutating func detectFraming() -> Step {
    if isAtOrigin {
      let start = buffer[head...].prefix(3)
      if start.count < 3, !hasEnded, Self.byteOrderMark.starts(with: start) { return .needsInput }
      if start.elementsEqual(Self.byteOrderMark) { head += 3 }
      isAtOrigin = false
    }
    skipBlanks()
    guard head < buffer.count else { return .needsInput }
    let isJSON = buffer[head] == UInt8(ascii: "{") || buffer[head] == UInt8(ascii: "[")
    framing = isJSON ? .lines : .headers
    mode = isJSON ? .line : .header
    return .again
  }

  private mutating func takeLine() -> Step {
    let end: Int
    let next: Int
    if let found = lineEnd(before: buffer.count) {
      (end, next) = (found, found + 1)
    } else {
      scanned = buffer.count
      // One byte more than the limit may be the first half of CR LF.
      if bufferedByteCount > limit + 1 {
        move(to: buffer.count, .skippedLine)
        return .frame(.tooLong)
      }
      guard hasEnded, head < buffer.count else { return .needsInput }
      (end, next) = (buffer.count, buffer.count)
    }
    var line = buffer[head..<end]
    if line.last == 0x0D { line.removeLast() }
    move(to: next, .line)
    if line.count > limit { return .frame(.tooLong) }
    return line.allSatisfy(Self.isBlank) ? .again : .frame(.message(line))
  }

  private mutating func skipLine() -> Step {
    guard let end = lineEnd(before: buffer.count) else {
      move(to: buffer.count, .skippedLine)
      return .needsInput
    }
    move(to: end + 1, .line)
    return .again
  }
}

// MARK: - Bodies behind headers

extension MessageFramer {
  private mutating func takeBody(_ length: Int) -> Step {
    let end = length > bufferedByteCount ? buffer.count : head + length
    if let start = headerStart(before: end) {
      let count = start - head
      move(to: start, .header)
      return .frame(.broken("Content-Length says \(length) bytes, but the next header follows after \(count)"))
    }
    if end - head == length {
      let body = head..<end
      move(to: end, .header)
      lastBody = body
      return .frame(.message(buffer[body]))
    }
    guard hasEnded else { return .needsInput }
    let count = bufferedByteCount
    move(to: buffer.count, .header)
    return .frame(.broken("the input ended after \(count) of \(length) bytes of a message"))
  }

  private mutating func skip(_ remaining: Int) -> Step {
    let end = remaining > bufferedByteCount ? buffer.count : head + remaining
    if let start = headerStart(before: end) {
      move(to: start, .header)
      return .again
    }
    if end - head == remaining {
      move(to: end, .header)
      return .again
    }
    // Keeps what may be the beginning of a header line.
    let kept = min(HeaderBlock.longestLengthLine, end - head)
    if remaining != .max { mode = .skipped(remaining: remaining - (end - head - kept)) }
    head = end - kept
    return .needsInput
  }

  private mutating func recover(_ bodyEnd: Int) -> Step {
    let horizon = min(buffer.count, bodyEnd + HeaderBlock.longestLengthLine)
    let start = headerStart(before: horizon)
    if let start, start < bodyEnd {
      move(to: start, .header)
      return .again
    }
    let isDecided = start != nil || scanned > bodyEnd && buffer[bodyEnd..<scanned].contains(0x0A)
    guard isDecided || hasEnded || horizon < buffer.count else { return .needsInput }
    move(to: bodyEnd, .header)
    return .again
  }

  /// Where the next whole `Content-Length` line before `end` begins. Goes on where the last search stopped.
  private mutating func headerStart(before end: Int) -> Int? {
    while let lineEnd = lineEnd(before: end) {
      scanned = lineEnd + 1
      if let start = HeaderBlock.lengthLineStart(in: buffer[head..<lineEnd]) { return start }
    }
    scanned = max(scanned, end)
    return nil
  }
}
