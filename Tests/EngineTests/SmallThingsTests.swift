import Catalog
import Completion
import Credentials
import Dialects
import HTTP
import JSON
import Platform
import TestSupport
import Testing

@testable import Engine

@Suite("Timestamps")
struct TimestampTests {
  @Test(
    "A point in time is written in UTC with milliseconds",
    arguments: [
      (0, 0, "1970-01-01T00:00:00.000Z"), (951_827_696, 7, "2000-02-29T12:34:56.007Z"),
      (1_767_225_599, 999, "2025-12-31T23:59:59.999Z"), (4_102_444_800, 50, "2100-01-01T00:00:00.050Z"),
    ])
  func text(_ seconds: Int, _ milliseconds: Int, _ expected: String) {
    #expect(Timestamp.text(seconds: seconds, milliseconds: milliseconds) == expected)
  }

  @Test("The present lies between two looks at the clock")
  func now() {
    func look() -> String {
      let time = KeyTime.milliseconds
      return Timestamp.text(seconds: time / 1000, milliseconds: time % 1000)
    }
    let (before, now, after) = (look(), Timestamp.now(), look())
    #expect(before <= now && now <= after)
  }

  private enum KeyTime {
    static var milliseconds: Int {
      var time = timespec()
      clock_gettime(CLOCK_REALTIME, &time)
      return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }
  }
}

@Suite("Failures of the network")
struct HTTPErrorMappingTests {
  @Test(
    "Each has its kind",
    arguments: [
      (HTTPError.cancelled, ErrorKind.cancelled), (.badURL("WHERE"), .invalidParams),
      (.badHeader("WHERE"), .invalidParams),
      (.noLibrary("WHERE"), .unsupported), (.dns("WHERE"), .network), (.refused("WHERE"), .network),
      (.unreachable("WHERE"), .network),
      (.tls("WHERE"), .network),
      (.proxy("WHERE"), .network), (.reset("WHERE"), .network), (.truncated("WHERE"), .upstreamInvalid),
      (.malformed("WHERE"), .upstreamInvalid), (.tooLarge("WHERE"), .upstreamInvalid),
      (.redirect(to: "WHERE"), .upstreamError),
      (.timeout(.connect), .timeout), (.timeout(.firstToken), .timeout), (.timeout(.idle), .timeout),
      (.timeout(.total), .timeout), (.transport(code: 7, message: "WHERE"), .network),
    ])
  func kinds(_ error: HTTPError, _ kind: ErrorKind) {
    let mapped = ProviderError(error)
    #expect(mapped.kind == kind)
    if case .timeout(let phase) = error {
      #expect(mapped.phase?.rawValue == phase.rawValue)
      #expect(mapped.hint?.contains("timeout.\(phase.rawValue)Ms") == true)
    } else {
      #expect(mapped.phase == nil)
      #expect(error == .cancelled || mapped.message.contains("WHERE"))
    }
  }

  @Test("Keys that an upstream quotes are dots in every text; what is too short to be one stays")
  func redaction() {
    var error = ProviderError(.authRejected, "bad key sk-secret, sk-secret!", hint: "was sk-secret")
    error.upstreamCode = "sk-secret"
    let redacted = error.redacting([Secret("sk-secret"), Secret("bad"), Secret("")])
    #expect(redacted.message == "bad key •••, •••!")
    #expect(redacted.hint == "was •••")
    #expect(redacted.upstreamCode == "•••")
  }

  @Test("A key within another one leaves nothing of the longer one")
  func overlapping() {
    let error = ProviderError(.authRejected, "bad header Bearer sk-secret-long")
    let redacted = error.redacting([Secret("sk-secret"), Secret("sk-secret-long")])
    #expect(redacted.message == "bad header Bearer •••")
  }
}

@Suite("Media by path", .timeLimit(.minutes(1)))
struct MediaReaderTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write("cwd/picture", "pixels")
    try folder.write("cwd/sub/inner", "inner")
    try folder.write("outside", "secret")
    try folder.write("cwd-sibling/file", "sibling")
  }

  private func resolve(_ path: String, from directory: String? = nil) throws(ProviderError) -> Media.Source? {
    let reader = MediaReader(directory: directory ?? folder.file("cwd"))
    let message = Message(
      role: .user, content: [.text("look"), .image(Media(mediaType: "image/png", source: .path(path)))])
    guard case .image(let media) = try reader.resolve([message])[0].content[1] else { return nil }
    #expect(media.mediaType == "image/png")
    return media.source
  }

  @Test(
    "A relative path inside the folder is read",
    arguments: [
      ("picture", "cGl4ZWxz"), ("sub/inner", "aW5uZXI="), ("sub/../picture", "cGl4ZWxz"), ("./picture", "cGl4ZWxz"),
    ])
  func inside(_ path: String, _ base64: String) throws {
    #expect(try resolve(path) == .data(base64))
  }

  @Test(
    "A relative path out of the folder is refused",
    arguments: ["../outside", "sub/../../outside", "../cwd-sibling/file"])
  func outside(_ path: String) throws {
    let error = #expect(throws: ProviderError.self) { try self.resolve(path) }
    #expect(error?.kind == .invalidParams)
    #expect(error?.path == "input[0].content[1].path")
    #expect(error?.message.contains("leads out of") == true)
  }

  @Test("A link out of the folder is refused, one within it is not")
  func links() throws {
    symlink(folder.file("outside"), folder.file("cwd/out"))
    symlink("sub/inner", folder.file("cwd/in"))
    symlink(folder.path, folder.file("cwd/up"))
    #expect(try resolve("in") == .data("aW5uZXI="))
    #expect(throws: ProviderError.self) { try self.resolve("out") }
    #expect(throws: ProviderError.self) { try self.resolve("up/outside") }
  }

  @Test("An absolute path is read wherever it leads; the root folder holds everything")
  func absolute() throws {
    #expect(try resolve(folder.file("outside")) == .data("c2VjcmV0"))
    #expect(try resolve(String(folder.file("outside").dropFirst()), from: "/") == .data("c2VjcmV0"))
  }

  @Test(
    "What is not there, or no file, is refused with the field's name",
    arguments: ["missing", "sub", "pipe", "/dev/zero"])
  func unreadable(_ path: String) throws {
    mkfifo(folder.file("cwd/pipe"), 0o600)
    let error = #expect(throws: ProviderError.self) { try self.resolve(path) }
    #expect(error?.kind == .invalidParams)
    #expect(error?.path == "input[0].content[1].path")
  }

  @Test("A file that no provider would take is refused without being read")
  func tooLarge() throws {
    let path = try folder.write("cwd/large", "")
    #expect(truncate(path, 1 << 40) == 0)
    let error = #expect(throws: ProviderError.self) { try self.resolve("large") }
    #expect(error?.message.contains("\(1 << 40) bytes") == true)
  }

  @Test("Files keep their names, other parts are left alone, and no path means nothing to do")
  func others() throws {
    let data = Part.image(Media(mediaType: "image/png", source: .data("AAAA")))
    let url = Part.file(Media(mediaType: "a/b", source: .url("https://x")), name: nil)
    let named = Part.file(Media(mediaType: "a/b", source: .path("picture")), name: "p")
    let reader = MediaReader(directory: folder.file("cwd"))
    let resolved = try reader.resolve([Message(.user, "a"), Message(role: .user, content: [data, url, named])])
    let read = Part.file(Media(mediaType: "a/b", source: .data("cGl4ZWxz")), name: "p")
    #expect(resolved == [Message(.user, "a"), Message(role: .user, content: [data, url, read])])
    #expect(MediaReader.isNeeded([Message(role: .user, content: [data, named])]))
    #expect(!MediaReader.isNeeded([Message(role: .user, content: [data, url])]))
  }

  @Test(
    "Base64 as RFC 4648 has it",
    arguments: [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
      ("foobar", "Zm9vYmFy"),
    ])
  func base64Vectors(_ text: String, _ expected: String) {
    #expect(Base64.encode(Array(text.utf8)) == expected)
  }

  @Test("Base64 of every byte")
  func base64Alphabet() {
    let text = Base64.encode([0xFB, 0xFF, 0xBF, 0x00, 0x10, 0x83])
    #expect(text == "+/+/ABCD")
  }
}
