/// One event of a `text/event-stream` body.
package struct ServerSentEvent: Sendable, Hashable {
  /// The `event` field; `nil` when there was none, which means "message".
  package var type: String?
  /// The `data` lines, joined by LF: bytes as they came, not checked to be UTF-8.
  package var data: ArraySlice<UInt8>

  /// An event.
  package init(type: String? = nil, data: ArraySlice<UInt8>) {
    self.type = type
    self.data = data
  }
}

/// Reads an event stream by the rules of the WHATWG standard (HTML §9.2.6) from bytes that arrive in any pieces, with
/// one deviation that providers need: an event that the end of the body cuts before its blank line still counts.
package struct ServerSentEventDecoder: Sendable {
  /// The last `id` field: what `Last-Event-ID` would say on a reconnect.
  package private(set) var lastEventID: String?
  /// The last `retry` field, in milliseconds.
  package private(set) var retryMs: Int?

  private let limit: Int
  private var lines: LineDecoder
  private var isFirstLine = true
  private var type: String?
  /// The data of the event being read; shares the storage of the piece it came in until a second line joins it.
  private var data: ArraySlice<UInt8>?

  /// A decoder at the start of a body. `limit` bounds one line and one event's data, in bytes.
  package init(limit: Int = LineDecoder.defaultLimit) {
    self.limit = limit
    lines = LineDecoder(lineEnd: .any, limit: limit)
  }

  /// Takes the next event off the front of `bytes`. `nil` means that all of `bytes` was taken and no event is complete.
  /// - Throws: `HTTPError.tooLarge` when a line or an event exceeds the limit.
  package mutating func next(in bytes: inout ArraySlice<UInt8>) throws(HTTPError) -> ServerSentEvent? {
    while let line = try lines.next(in: &bytes) {
      if let event = try take(line) { return event }
    }
    return nil
  }

  /// The event that the end of the body completes, if one was begun.
  /// - Throws: `HTTPError.tooLarge` when its last line makes it exceed the limit.
  package mutating func finish() throws(HTTPError) -> ServerSentEvent? {
    if let line = lines.finish(), let event = try take(line) { return event }
    return dispatch()
  }

  private mutating func take(_ line: ArraySlice<UInt8>) throws(HTTPError) -> ServerSentEvent? {
    var line = line
    if isFirstLine {
      isFirstLine = false
      if line.starts(with: [0xEF, 0xBB, 0xBF]) { line = line.dropFirst(3) }
    }
    guard !line.isEmpty else { return dispatch() }
    let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
    var value = line[min(colon + 1, line.endIndex)...]
    if value.first == 0x20 { value = value.dropFirst() }
    try setField(line[..<colon], to: value)
    return nil
  }

  private mutating func dispatch() -> ServerSentEvent? {
    defer {
      type = nil
      data = nil
    }
    return data.map { ServerSentEvent(type: type, data: $0) }
  }

  /// Fields with other names are ignored, and so is a comment, which is a field without a name.
  private mutating func setField(_ name: ArraySlice<UInt8>, to value: ArraySlice<UInt8>) throws(HTTPError) {
    if name.elementsEqual("data".utf8) {
      try append(value)
    } else if name.elementsEqual("event".utf8) {
      type = value.isEmpty ? nil : String(decoding: value, as: UTF8.self)
    } else if name.elementsEqual("id".utf8) {
      if !value.contains(0) { lastEventID = String(decoding: value, as: UTF8.self) }
    } else if name.elementsEqual("retry".utf8) {
      let isNumber = value.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      if isNumber, let retry = Int(String(decoding: value, as: UTF8.self)) { retryMs = retry }
    }
  }

  private mutating func append(_ value: ArraySlice<UInt8>) throws(HTTPError) {
    guard var joined = data else { return data = value }
    guard joined.count + 1 + value.count <= limit else {
      throw .tooLarge("an event of more than \(limit) bytes")
    }
    data = nil
    joined.append(0x0A)
    joined.append(contentsOf: value)
    data = joined
  }
}
