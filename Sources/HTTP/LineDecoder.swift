internal import Platform

/// Cuts bytes that arrive in any pieces into lines: the framing of NDJSON, and the lowest layer of event streams.
/// A line that lies inside one piece is handed out as a slice of it, without a copy.
package struct LineDecoder: Sendable {
  /// What ends a line.
  package enum LineEnd: Sendable {
    /// LF, or CR LF: NDJSON, where a lone CR is data.
    case lineFeed
    /// LF, CR LF, or CR alone: event streams.
    case any
  }

  /// The longest line that is put together, in bytes, unless told otherwise.
  package static let defaultLimit = 16 << 20

  private let lineEnd: LineEnd
  private let limit: Int
  /// The start of a line whose end has not come yet.
  private var partial: [UInt8] = []
  /// Whether the last line ended with a CR, so that an LF right after it belongs to that end.
  private var skipsLineFeed = false

  /// A decoder at the start of a body.
  package init(lineEnd: LineEnd = .lineFeed, limit: Int = LineDecoder.defaultLimit) {
    self.lineEnd = lineEnd
    self.limit = limit
  }

  /// Takes the next line off the front of `bytes`, without its end. `nil` means that all of `bytes` was taken and a
  /// line's end is still to come.
  /// - Throws: `HTTPError.tooLarge` when a line exceeds the limit.
  package mutating func next(in bytes: inout ArraySlice<UInt8>) throws(HTTPError) -> ArraySlice<UInt8>? {
    if skipsLineFeed, let first = bytes.first {
      skipsLineFeed = false
      if first == 0x0A { bytes.removeFirst() }
    }
    guard let end = firstLineEnd(in: bytes) else {
      guard partial.count + bytes.count <= limit else { throw tooLarge }
      partial.append(contentsOf: bytes)
      bytes = []
      return nil
    }
    guard partial.count + (end - bytes.startIndex) <= limit else { throw tooLarge }
    let piece = bytes[bytes.startIndex..<end]
    skipsLineFeed = lineEnd == .any && bytes[end] == 0x0D
    bytes = bytes[(end + 1)...]
    guard !partial.isEmpty else { return trimmed(piece) }
    partial.append(contentsOf: piece)
    defer { partial = [] }
    return trimmed(partial[...])
  }

  /// The last line, when the body ended without ending it.
  package mutating func finish() -> ArraySlice<UInt8>? {
    defer { partial = [] }
    return partial.isEmpty ? nil : trimmed(partial[...])
  }

  private func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    lineEnd == .lineFeed && line.last == 0x0D ? line.dropLast() : line
  }

  private func firstLineEnd(in bytes: ArraySlice<UInt8>) -> Int? {
    let offset = bytes.withUnsafeBytes { buffer -> Int? in
      guard let start = buffer.baseAddress else { return nil }
      let lineFeed = memchr(start, 0x0A, buffer.count).map { UnsafeRawPointer($0) - start }
      guard lineEnd == .any else { return lineFeed }
      let carriageReturn = memchr(start, 0x0D, lineFeed ?? buffer.count).map { UnsafeRawPointer($0) - start }
      return carriageReturn ?? lineFeed
    }
    return offset.map { bytes.startIndex + $0 }
  }

  private var tooLarge: HTTPError { .tooLarge("a line of more than \(limit) bytes") }
}
