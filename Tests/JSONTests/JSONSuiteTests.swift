import JSON
import Platform
import TestSupport
import Testing

/// A file of the public suite: `y_` must be accepted, `n_` refused, `i_` is left to the parser.
struct SuiteFile: Sendable, CustomTestStringConvertible {
  let name: String
  let path: String
  var testDescription: String { name }

  static let all: [SuiteFile] = {
    guard let folder = SharedMaterial.jsonTestSuite, let names = try? FileSystem.list(folder) else { return [] }
    return names.filter { $0.hasSuffix(".json") }.sorted().map { SuiteFile(name: $0, path: "\(folder)/\($0)") }
  }()

  static func named(_ prefix: String) -> [SuiteFile] { all.filter { $0.name.hasPrefix(prefix) } }

  func bytes() throws -> [UInt8] { try #require(try FileSystem.read(path)) }
}

@Suite(
  "The public JSON suite",
  .enabled(if: !SuiteFile.all.isEmpty, "the folder shared/json-test-suite is not beside this checkout"))
struct JSONSuiteTests {
  @Test("The suite is whole")
  func whole() {
    #expect(SuiteFile.named("y_").count >= 90)
    #expect(SuiteFile.named("n_").count >= 180)
  }

  @Test("What is JSON is accepted, and reads the same once written", arguments: SuiteFile.named("y_"))
  func accepted(file: SuiteFile) throws {
    let value = try JSONValue(parsing: try file.bytes())
    #expect(try JSONValue(parsing: value.bytes) == value)
    #expect(try JSONValue(parsing: value.prettyText) == value)
  }

  @Test("What is no JSON is refused", arguments: SuiteFile.named("n_"))
  func refused(file: SuiteFile) throws {
    let bytes = try file.bytes()
    #expect(throws: JSONError.self) { try JSONValue(parsing: bytes) }
  }

  @Test("What RFC 8259 leaves open is accepted or refused, and nothing worse", arguments: SuiteFile.named("i_"))
  func open(file: SuiteFile) throws {
    let bytes = try file.bytes()
    guard let value = try? JSONValue(parsing: bytes) else { return }
    #expect(try JSONValue(parsing: value.bytes) == value)
  }

  @Test("Bytes that are no UTF-8 are repaired where that was asked for", arguments: SuiteFile.named("i_string"))
  func repaired(file: SuiteFile) throws {
    let bytes = try file.bytes()
    // Texts in UTF-16 are no JSON in any reading.
    guard !file.name.contains("utf16"), !file.name.contains("UTF-16LE") else { return }
    let value = try JSONValue(parsing: bytes, options: .upstream)
    #expect(try JSONValue(parsing: value.bytes) == value)
  }
}
