/// A JSON text that was read from a file, with the line each key stands on: what an error about a setting needs.
package struct JSONSource: Sendable {
  /// The file's name, as errors print it.
  package let file: String
  /// The value.
  package let value: JSONValue
  private let lines: [[String]: Int]

  /// Reads `bytes` as the config file's dialect (comments, trailing commas).
  package init(parsing bytes: [UInt8], file: String, options: JSONOptions = .config) throws(JSONError) {
    var lines: [[String]: Int] = [:]
    self.file = file
    value = try bytes.withUnsafeBufferPointer { buffer in
      Result { () throws(JSONError) in
        // Keys come in the order of the text, so each line break is counted once.
        var line = 1
        var counted = 0
        var parser = JSONParser(buffer, options) { path, offset in
          line += buffer[counted..<offset].count { $0 == 0x0A }
          counted = offset
          lines[path] = line
        }
        return try parser.parseDocument()
      }
    }.get()
    self.lines = lines
  }

  /// The line that the key at `path` stands on, counted from 1; `nil` when there is no such key.
  package func line(of path: [String]) -> Int? { lines[path] }
}
