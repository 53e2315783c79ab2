import Completion
import JSON
import Platform
import TestSupport
import Testing

@testable import Engine

@Suite("Threads on disk", .timeLimit(.minutes(1)))
struct ThreadLogTests {
  let folder: TemporaryFolder
  var path: String { folder.file("thread.jsonl") }

  init() throws { folder = try TemporaryFolder() }

  private func file() throws -> LineFile { try #require(try LineFile(path: path, create: true)) }
  private func opened() throws -> OpenThread { try #require(try OpenThread(file(), cached: nil, wait: false)) }
  private func content() throws -> ThreadContent { try ThreadContent(file()) }
  private func raw() throws -> String { String(decoding: try FileSystem.read(path) ?? [], as: UTF8.self) }
  private func line(_ message: StoredMessage) -> String { message.json.text + "\n" }

  private func write(_ text: String) throws { try folder.write("thread.jsonl", text) }

  @Test("What is appended is read back, by this holder and by the next")
  func roundTrip() throws {
    let messages = [stored(.user, "a\nb\u{2028}😀"), stored(.assistant, "c")]
    let thread = try opened()
    try thread.append(messages, sync: true)
    #expect(thread.current.messages == messages)
    thread.close()
    #expect(try content().messages == messages)
    #expect(try content().warnings.isEmpty)
    #expect(try raw() == messages.map(line).joined())
    var status = stat()
    #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
  }

  @Test("Without create, a thread that is not there stays away")
  func missing() throws {
    #expect(try LineFile(path: path, create: false) == nil)
    #expect(try FileSystem.list(folder.path).isEmpty)
    #expect(throws: SystemError.self) { try LineFile(path: folder.file("no/such"), create: true) }
  }

  @Test(
    "The next writer drops a torn last line, and nothing else",
    arguments: [
      "{", "{\"id\":\"x\"", "\u{0}\u{0}", String(repeating: "x", count: 70_000), String(repeating: "y", count: 65_536),
    ])
  func torn(_ tail: String) throws {
    let (first, second) = (stored(.user, "first"), stored(.assistant, "second"))
    try write(line(first) + tail)
    // Readers leave it where it is: its writer may be about to finish it.
    #expect(try content().messages == [first])
    #expect(try raw() == line(first) + tail)
    try opened().append([second], sync: false)
    #expect(try raw() == line(first) + line(second))
  }

  @Test("A file that is nothing but a torn line begins anew")
  func tornFirst() throws {
    try write("{\"id")
    let thread = try opened()
    #expect(thread.current.messages.isEmpty)
    let message = stored(.user, "a")
    try thread.append([message], sync: false)
    #expect(try raw() == line(message))
  }

  @Test("A whole line that cannot be read stays in the file and is reported with its number")
  func unreadable() throws {
    let (first, last) = (stored(.user, "first"), stored(.assistant, "last"))
    let damaged = line(first) + "{\"id\": \n" + "{\"id\":\"x\",\"unknown\":1}\n" + "\u{FF}\n" + line(last)
    try write(damaged)
    let content = try content()
    #expect(content.messages == [first, last])
    #expect(content.warnings.count == 3)
    #expect(content.warnings.first?.hasPrefix("line 2 of \(path) is damaged and was left out: ") == true)
    let more = stored(.user, "more")
    try opened().append([more], sync: false)
    #expect(try raw() == damaged + line(more))
  }

  @Test("Numbers of damaged lines count blank ones too")
  func blankLines() throws {
    let first = stored(.user, "first")
    try write("\n\n" + line(first) + "\nnonsense\n")
    let content = try content()
    #expect(content.messages == [first])
    #expect(content.warnings.count == 1)
    #expect(content.warnings.first?.hasPrefix("line 5 of ") == true)
  }

  @Test("A void line takes back the messages of its completion, and only those before it")
  func void() throws {
    let kept = [stored(.user, "a", completion: "one"), stored(.assistant, "b", completion: "one")]
    let failed = stored(.user, "c", completion: "two")
    let thread = try opened()
    try thread.append(kept + [failed], sync: false)
    try thread.void("two")
    #expect(thread.current.messages == kept)
    try thread.void("never")
    let after = stored(.user, "d", completion: "two")
    try thread.append([after], sync: false)
    #expect(thread.current.messages == kept + [after])
    #expect(try content().messages == kept + [after])
    #expect(try content().warnings.isEmpty)
    #expect(try raw().contains("\"void\":\"two\""))
  }

  @Test("The lock excludes a second holder until it is given back")
  func lock() async throws {
    let first = try opened()
    #expect(try OpenThread(file(), cached: nil, wait: false) == nil)
    // Reading needs no lock.
    #expect(try content().messages.isEmpty)
    let other = try file()
    async let second = BlockingQueue.run { () throws(SystemError) in
      try OpenThread(other, cached: nil, wait: true)?.current.messages ?? []
    }
    let message = stored(.user, "a")
    try first.append([message], sync: false)
    first.close()
    #expect(try await second == [message])
  }

  @Test("What was read before is used while the file is the same, and read again when it is not")
  func cache() throws {
    let message = stored(.user, "a")
    try opened().append([message], sync: false)
    var cached = try content()
    cached.warnings = ["from the cache"]
    let thread = try #require(try OpenThread(file(), cached: cached, wait: false))
    #expect(thread.current.warnings == ["from the cache"])
    thread.close()
    let other = try opened()
    try other.append([stored(.user, "b")], sync: false)
    other.close()
    let fresh = try #require(try OpenThread(file(), cached: cached, wait: false))
    #expect(fresh.current.warnings.isEmpty)
    #expect(fresh.current.messages.count == 2)
  }

  @Test("The history joins questions that were never answered, and leaves out what is empty")
  func history() throws {
    var cancelled = stored(.assistant, "")
    cancelled.message.content = []
    let image = Part.image(Media(mediaType: "image/png", source: .url("u")))
    var picture = stored(.user, "")
    picture.message.content = [image]
    try opened().append(
      [
        stored(.user, "a"), stored(.user, "b"), cancelled, stored(.user, "c"), stored(.assistant, "d"), picture,
        stored(.user, "e"), stored(.user, "f"),
      ], sync: false)
    let history = try content().history
    #expect(history.map(\.role) == [.user, .assistant, .user])
    #expect(history[0].content == [.text("a\n\nb\n\nc")])
    #expect(history[2].content == [image, .text("e\n\nf")])
  }

  @Test("Tool results and questions are not joined")
  func historyOfTools() throws {
    var result = stored(.tool, "")
    result.message.content = [.toolResult(ToolResult(toolCallId: "i", content: [.text("x")]))]
    try opened().append([stored(.user, "a"), stored(.assistant, "b"), result, stored(.user, "c")], sync: false)
    #expect(try content().history.map(\.role) == [.user, .assistant, .tool, .user])
  }
}

@Suite("Lanes")
struct ThreadLanesTests {
  @Test("A second completion in a thread is busy and says with which, or waits when it may")
  func busy() throws {
    let lanes = ThreadLanes()
    let key = ThreadLanes.Key(session: "s", provider: "p")
    let first = try lanes.enter(key, "cmp_1", mayWait: false)
    let error = #expect(throws: ProviderError.self) { try lanes.enter(key, "cmp_2", mayWait: false) }
    #expect(error?.kind == .busy)
    #expect(error?.completionId == "cmp_1")
    _ = try lanes.enter(key, "cmp_3", mayWait: true)
    let other = try lanes.enter(ThreadLanes.Key(session: "s", provider: "q"), "cmp_4", mayWait: false)
    #expect(Set(lanes.all(in: "s")) == ["cmp_1", "cmp_3", "cmp_4"])
    #expect(lanes.all(in: "t").isEmpty)
    #expect(lanes.active(in: "t") == nil)
    lanes.leave(other)
    lanes.leave(first)
    #expect(lanes.active(in: "s") == "cmp_3")
  }
}
