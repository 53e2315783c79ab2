import Platform
import TestSupport
import Testing

@Suite("Files")
struct FileSystemTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func text(_ name: String) throws -> String? {
    try FileSystem.read(folder.file(name)).map { String(decoding: $0, as: UTF8.self) }
  }

  private func mode(_ name: String) throws -> mode_t {
    var status = stat()
    try #require(stat(folder.file(name), &status) == 0)
    return status.st_mode & 0o777
  }

  @Test("replace makes a file, replaces one, and leaves nothing else behind")
  func replace() throws {
    try FileSystem.replace(folder.file("a"), with: Array("old".utf8))
    #expect(try text("a") == "old")
    try FileSystem.replace(folder.file("a"), with: [])
    #expect(try text("a")?.isEmpty == true)
    #expect(try FileSystem.list(folder.path) == ["a"])
  }

  @Test("A file is its owner's alone unless another mode is asked for")
  func modes() throws {
    try FileSystem.replace(folder.file("own"), with: [])
    try FileSystem.replace(folder.file("read"), with: [], mode: 0o400)
    #expect(try mode("own") == 0o600)
    #expect(try mode("read") == 0o400)
  }

  @Test("A reader that opened the old file still reads the whole of it")
  func atomic() throws {
    try FileSystem.replace(folder.file("a"), with: Array("old".utf8))
    let descriptor = open(folder.file("a"), O_RDONLY)
    defer { close(descriptor) }
    try FileSystem.replace(folder.file("a"), with: Array("new text".utf8))
    #expect(try FileSystem.read(descriptor, path: "a") == Array("old".utf8))
    #expect(try text("a") == "new text")
  }

  @Test("A replacement that fails says so, changes nothing and leaves no temporary file")
  func failing() throws {
    try folder.write("taken/inside", "x")
    let error = #expect(throws: SystemError.self) { try FileSystem.replace(folder.file("taken"), with: [1]) }
    #expect(error?.path == folder.file("taken"))
    #expect(error?.description.hasPrefix("cannot replace \(folder.file("taken")): ") == true)
    #expect(try FileSystem.list(folder.path) == ["taken"])
    #expect(throws: SystemError.self) { try FileSystem.replace(folder.file("missing/file"), with: [1]) }
  }

  @Test("Folders are made with those above them; existing ones are left as they are")
  func makeDirectory() throws {
    try FileSystem.makeDirectory(folder.file("a/b/c"))
    #expect(try mode("a/b") == 0o700)
    chmod(folder.file("a"), 0o755)
    try FileSystem.makeDirectory(folder.file("a/b/c"))
    #expect(try mode("a") == 0o755)
    try folder.write("file", "")
    let error = #expect(throws: SystemError.self) { try FileSystem.makeDirectory(folder.file("file/below")) }
    #expect(error?.code == ENOTDIR)
  }

  @Test("A missing file is no file, anything else that cannot be read is an error")
  func read() throws {
    #expect(try FileSystem.read(folder.file("missing")) == nil)
    #expect(throws: SystemError.self) { try FileSystem.read(folder.path) }
    let large = [UInt8](repeating: 7, count: 200_001)
    try FileSystem.replace(folder.file("large"), with: large)
    #expect(try FileSystem.read(folder.file("large")) == large)
  }

  @Test("list has every name, of any form, and is empty for what is not there")
  func list() throws {
    let names: Set = [".hidden", "with space", "ünï😀", String(repeating: "n", count: 255)]
    for name in names { try FileSystem.makeDirectory(folder.file(name)) }
    #expect(Set(try FileSystem.list(folder.path)) == names)
    #expect(try FileSystem.list(folder.file("missing")).isEmpty)
    try folder.write("file", "")
    #expect(throws: SystemError.self) { try FileSystem.list(folder.file("file")) }
  }

  @Test("remove takes a folder with all it holds, but only the link of a link")
  func remove() throws {
    try folder.write("kept/file", "x")
    try folder.write("gone/deep/er/file", "x")
    symlink(folder.file("kept"), folder.file("gone/deep/link"))
    try FileSystem.remove(folder.file("gone"))
    #expect(try FileSystem.list(folder.path) == ["kept"])
    #expect(try text("kept/file") == "x")
    try FileSystem.remove(folder.file("gone"))
    try FileSystem.remove(folder.file("kept/file"))
    #expect(try FileSystem.list(folder.file("kept")).isEmpty)
  }

  @Test("randomHex has two digits for each byte and does not repeat itself")
  func random() {
    let texts = (0..<100).map { _ in randomHex(8) }
    #expect(texts.allSatisfy { $0.utf8.count == 16 && $0.allSatisfy(\.isHexDigit) })
    #expect(Set(texts).count == 100)
  }
}

@Suite("Places")
struct DirectoriesTests {
  private func places(_ environment: [String: String]) -> [String] {
    let directories = Directories(Environment(environment))
    return [directories.config, directories.data, directories.state]
  }

  @Test("PATCHBAY_HOME holds everything and goes before all else")
  func ownHome() {
    let environment = ["PATCHBAY_HOME": "/p", "HOME": "/h", "XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s"]
    #expect(places(environment) == ["/p/config", "/p/data", "/p/state"])
  }

  @Test("Each XDG variable moves its own place; a relative or blank one is ignored")
  func xdg() {
    #expect(
      places(["HOME": "/h"]) == ["/h/.config/patchbay", "/h/.local/share/patchbay", "/h/.local/state/patchbay"])
    #expect(
      places(["HOME": "/h", "XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "/d", "XDG_STATE_HOME": "/s"])
        == ["/c/patchbay", "/d/patchbay", "/s/patchbay"])
    #expect(
      places([
        "HOME": "/h", "PATCHBAY_HOME": " ", "XDG_CONFIG_HOME": "relative", "XDG_DATA_HOME": "", "XDG_STATE_HOME": "/s",
      ])
        == ["/h/.config/patchbay", "/h/.local/share/patchbay", "/s/patchbay"])
  }

  @Test("A variable that is blank counts as unset, but a child still gets it")
  func blank() {
    let environment = Environment(["A": " \t", "B": " b "])
    #expect(environment["A"] == nil)
    #expect(environment["B"] == " b ")
    #expect(environment["C"] == nil)
    #expect(environment.all == ["A": " \t", "B": " b "])
  }

  @Test("The process's own variables are all seen")
  func process() throws {
    let path = try #require(getenv("PATH").map { String(cString: $0) })
    #expect(Environment.process["PATH"] == path)
    #expect(Environment.process.all.keys.allSatisfy { getenv($0) != nil })
  }
}
