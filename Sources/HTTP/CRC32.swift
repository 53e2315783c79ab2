/// CRC-32 as zlib, gzip and Amazon's event streams use it (ISO-HDLC: reflected polynomial 0xEDB88320).
package struct CRC32: Sendable {
  private var remainder: UInt32 = 0xFFFF_FFFF

  /// The checksum of nothing yet.
  package init() {}

  /// The checksum of `bytes`.
  package static func checksum(of bytes: ArraySlice<UInt8>) -> UInt32 {
    var crc = CRC32()
    crc.take(bytes)
    return crc.value
  }

  /// Goes on with `bytes`.
  package mutating func take(_ bytes: ArraySlice<UInt8>) {
    var remainder = remainder
    Self.table.withUnsafeBufferPointer { table in
      bytes.withUnsafeBufferPointer { bytes in
        for byte in bytes { remainder = table[Int(UInt8(truncatingIfNeeded: remainder) ^ byte)] ^ remainder >> 8 }
      }
    }
    self.remainder = remainder
  }

  /// The checksum of all that was taken.
  package var value: UInt32 { ~remainder }

  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
  }
}
