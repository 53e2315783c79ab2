import Completion
import JSON
import Platform
import TestSupport
import Testing

@testable import Engine

@Suite("Sessions on disk", .timeLimit(.minutes(1)))
struct SessionStoreTests {
  let folder: TemporaryFolder
  let store: SessionStore

  init() throws {
    folder = try TemporaryFolder()
    store = SessionStore(stateDirectory: folder.path)
  }

  private var names: [String] { (try? FileSystem.list(folder.file("session-names"))) ?? [] }
  private var folders: [String] { (try? FileSystem.list(folder.file("sessions"))) ?? [] }

  @Test("A session is found by its id and by its name, with all that was said of it")
  func create() throws {
    #expect(try store.find("work") == nil)
    #expect(try FileSystem.list(folder.path).isEmpty)
    var new = record("work")
    new.system = "Be \"brief\".\n"
    new.cwd = "/somewhere"
    #expect(try store.create(new) == new)
    #expect(try store.find("work") == new)
    #expect(try store.find(new.id) == new)
    let unnamed = try store.create(record())
    #expect(try store.find(unnamed.id) == unnamed)
    #expect(try store.list().map(\.record.id).sorted() == [new.id, unnamed.id].sorted())
    var status = stat()
    #expect(stat(folder.file("sessions/\(new.id)"), &status) == 0 && status.st_mode & 0o777 == 0o700)
    #expect(stat(folder.file("sessions/\(new.id)/session.json"), &status) == 0 && status.st_mode & 0o777 == 0o600)
  }

  @Test(
    "Any name will do that a person can read",
    arguments: [
      "a/b", "/", "..", ".", ".hidden", "../../etc/passwd", "%2F", "a b", "ünïcödé", "👩‍👩‍👧‍👦", "-rf", "a\\b", "\"'`$(x)",
      String(repeating: "n", count: 80), String(repeating: "字", count: 80), "session-names",
    ])
  func oddNames(_ name: String) throws {
    try SessionStore.check(name: name)
    let new = try store.create(record(name))
    #expect(try store.find(name) == new)
    #expect(names.count == 1)
    #expect(Set(try FileSystem.list(folder.path)) == ["sessions", "session-names"])
    #expect(try store.find(name + "x") == nil)
    try store.delete(new)
    #expect(try store.find(name) == nil)
    #expect(names.isEmpty && folders.isEmpty)
  }

  @Test("Names that differ do not meet in one file")
  func distinctNames() throws {
    let all = ["a/b", "a%2Fb", "a%252Fb", ".a", "%2Ea", "a"]
    let ids = try all.map { try store.create(record($0)).id }
    #expect(try all.map { try store.find($0)?.id } == ids)
    #expect(names.count == all.count)
  }

  @Test(
    "Names that cannot be kept are refused, with the reason",
    arguments: ["", String(repeating: "n", count: 81), "a\nb", "\u{0}", "tab\t", String(repeating: "😀", count: 80)])
  func badNames(_ name: String) {
    let error = #expect(throws: ProviderError.self) { try SessionStore.check(name: name) }
    #expect(error?.kind == .invalidParams)
    #expect(error?.path == "name")
    #expect(error?.message.contains(name.contains("😀") ? "bytes" : "80 characters") == true)
  }

  @Test("A reference with a zero byte does not reach the session before it")
  func zeroByte() throws {
    _ = try store.create(record("work"))
    #expect(try store.find("work\u{0}x") == nil)
    #expect(try store.find("") == nil)
  }

  @Test("Eight creators of one name end up with the same session")
  func concurrentCreators() async throws {
    for round in 0..<10 {
      let name = "name \(round)"
      let ids = try await withThrowingTaskGroup(of: String.self) { group in
        for _ in 0..<8 {
          group.addTask { [store] in
            try await BlockingQueue.run { () throws(ProviderError) in try store.create(record(name)).id }
          }
        }
        return try await group.reduce(into: Set<String>()) { $0.insert($1) }
      }
      #expect(ids.count == 1)
      #expect(try store.find(name)?.id == ids.first)
    }
    #expect(names.count == 10)
    #expect(folders.count == 10)
  }

  @Test("A folder that a killed process left without a session file is taken over")
  func leftoverFolder() throws {
    try FileSystem.makeDirectory(folder.file("sessions/ses_left"))
    #expect(try store.find("ses_left") == nil)
    #expect(try store.list().isEmpty)
    let new = try store.create(record("work", id: "ses_left"))
    #expect(try store.find("work") == new)
    #expect(throws: ProviderError.self) { try store.create(record(id: "ses_left")) }
  }

  @Test("A name whose session is gone is free again")
  func danglingName() throws {
    let gone = try store.create(record("work"))
    try FileSystem.remove(folder.file("sessions/\(gone.id)"))
    let next = try store.create(record("work"))
    #expect(next.id != gone.id)
    #expect(try store.find("work") == next)
    try FileSystem.remove(folder.file("sessions/\(next.id)"))
    #expect(try store.find("work") == nil)
    #expect(names.isEmpty)
    let other = try store.create(record("other"))
    symlink("ses_nobody", folder.file("session-names/work"))
    #expect(try store.rename(other.id, to: "work").name == "work")
  }

  @Test("A name is changed, taken away, and refused when it is another's")
  func rename() throws {
    let (one, two) = (try store.create(record("one")), try store.create(record("two")))
    #expect(try store.rename(one.id, to: "three").name == "three")
    #expect(try store.find("one") == nil)
    #expect(try store.find("three")?.id == one.id)
    #expect(try store.rename(one.id, to: "three").name == "three")
    let error = #expect(throws: ProviderError.self) { try store.rename(one.id, to: "two") }
    #expect(error?.kind == .invalidParams)
    #expect(try store.find("three")?.id == one.id)
    #expect(try store.find("two") == two)
    #expect(try store.rename(one.id, to: nil).name == nil)
    #expect(try store.find("three") == nil)
    #expect(names == ["two"])
    #expect(throws: ProviderError.self) { try store.rename("ses_nobody", to: "x") }
  }

  @Test("A deleted session leaves nothing, and cannot be changed any more")
  func delete() throws {
    let new = try store.create(record("work"))
    let file = try #require(try store.thread(new.id, "p", create: true))
    try file.append(Array("x\n".utf8), sync: false)
    try store.delete(new)
    #expect(names.isEmpty && folders.isEmpty)
    let error = #expect(throws: ProviderError.self) { try store.update(new.id) { $0.model = "x" } }
    #expect(error?.kind == .sessionNotFound)
    try store.delete(new)
  }

  @Test("Changes made at the same time are all kept")
  func concurrentUpdates() async throws {
    let new = try store.create(record())
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<20 {
        group.addTask { [store] in
          _ = await BlockingQueue.run {
            try? store.update(new.id) { $0.system = ($0.system ?? "") + "\(number);" }
          }
        }
      }
    }
    let numbers = try store.find(new.id)?.system?.split(separator: ";").compactMap { Int($0) }
    #expect(numbers?.sorted() == Array(0..<20))
  }

  @Test(
    "A damaged session file is named, with what is wrong and what to do",
    arguments: ["", "{", "[]", "{\"version\":1}", "{\"provider\":1,\"model\":\"m\",\"createdAt\":\"x\"}"])
  func damaged(_ text: String) throws {
    let new = try store.create(record("work"))
    let path = try folder.write("sessions/\(new.id)/session.json", text)
    for reference in ["work", new.id] {
      let error = #expect(throws: ProviderError.self) { try store.find(reference) }
      #expect(error?.kind == .storage)
      #expect(error?.message.contains(path) == true)
      #expect(error?.hint?.contains(".jsonl") == true)
    }
  }

  @Test("Threads are listed by provider; other files in the folders are no sessions and no threads")
  func threads() throws {
    let new = try store.create(record())
    #expect(try store.thread(new.id, "p", create: false) == nil)
    _ = try store.thread(new.id, "q", create: true)
    _ = try store.thread(new.id, "p", create: true)
    try folder.write("sessions/\(new.id)/notes.txt", "")
    try folder.write("sessions/.DS_Store", "")
    try folder.write("sessions/stray", "")
    #expect(store.providers(new.id) == ["p", "q"])
    #expect(try store.list().map(\.record) == [new])
  }

  @Test("The newest change comes first")
  func newest() throws {
    let records = try (0..<3).map { try store.create(record("\($0)")) }
    for (number, record) in records.enumerated() {
      var times = [timeval(tv_sec: 1000 + number, tv_usec: 5000), timeval(tv_sec: 1000 + number, tv_usec: 5000)]
      utimes(folder.file("sessions/\(record.id)/session.json"), &times)
    }
    let list = try store.list()
    #expect(list.map(\.record.name) == ["2", "1", "0"])
    #expect(list.map(\.updatedAt).first == "1970-01-01T00:16:42.005Z")
  }

  @Test(
    "Ids are told from names",
    arguments: [
      ("abc", true), ("a.b-c_D9", true), (".a", false), ("", false), ("a/b", false), ("ü", false),
      (String(repeating: "i", count: 64), true), (String(repeating: "i", count: 65), false),
    ])
  func ids(_ text: String, _ isID: Bool) {
    #expect(SessionStore.isID(text) == isID)
    #expect(SessionStore.isGeneratedID(SessionStore.newID()))
    #expect(!SessionStore.isGeneratedID("ses_mine"))
  }

  @Test("A state folder that cannot be written is named with a remedy")
  func readOnly() throws {
    try folder.write("sessions", "a file where the folder should be")
    let error = #expect(throws: ProviderError.self) { try store.create(record()) }
    #expect(error?.kind == .storage)
    #expect(error?.message.contains(folder.file("sessions")) == true)
    #expect(SessionStore.storageError(SystemError("x", "/f", code: ENOSPC)).hint?.contains("Free some space") == true)
    #expect(SessionStore.storageError(SystemError("x", "/f", code: EACCES)).hint?.contains("PATCHBAY_HOME") == true)
  }
}
