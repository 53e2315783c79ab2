internal import HTTP
package import JSON

/// Frames of `application/vnd.amazon.eventstream`, made as AWS makes them.
package enum AmazonFrame {
  /// An event with this payload.
  package static func event(_ type: String, _ payload: [UInt8]) -> [UInt8] {
    frame([(":event-type", type), (":content-type", "application/json"), (":message-type", "event")], payload)
  }

  /// The end that an error makes.
  package static func exception(_ type: String, _ payload: JSONValue) -> [UInt8] {
    frame(
      [(":exception-type", type), (":content-type", "application/json"), (":message-type", "exception")],
      payload.bytes)
  }

  /// A frame with headers that are strings.
  package static func frame(_ headers: [(String, String)], _ payload: [UInt8]) -> [UInt8] {
    var block: [UInt8] = []
    for (name, value) in headers {
      block.append(UInt8(name.utf8.count))
      block += Array(name.utf8)
      block.append(7)
      block += number(value.utf8.count).suffix(2)
      block += Array(value.utf8)
    }
    var bytes = prelude(payload: payload.count, headers: block.count)
    bytes += block + payload
    return bytes + number(Int(CRC32.checksum(of: bytes[...])))
  }

  /// The beginning of a frame whose headers and payload have these sizes.
  package static func prelude(payload: Int, headers: Int) -> [UInt8] {
    let lengths = number(16 + headers + payload) + number(headers)
    return lengths + number(Int(CRC32.checksum(of: lengths[...])))
  }

  private static func number(_ value: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }
}
