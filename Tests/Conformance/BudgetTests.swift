internal import Platform
internal import TestSupport
internal import Testing

/// The build that ships: the Swift runtime inside, of Foundation only the small part, nothing else but libcurl.
private let isRelease = (try? PatchbayProcess.binary()).map { !$0.contains("/debug/") } ?? true

@Suite(
  "What the program weighs", .enabled(if: isRelease, "only a debug build is there; clients/shell/build makes the other")
)
struct BudgetTests {
  @Test("it is smaller than 20 MB, and stripped")
  func size() throws {
    let path = try PatchbayProcess.binary()
    let bytes = try #require(try FileSystem.read(path))
    print("figure: the program has \(bytes.count / 100_000 * 100) kB")
    #expect(bytes.count < 20_000_000)
    #expect(!contains(bytes, Array(".symtab".utf8)), "it has a symbol table")
  }

  @Test("full Foundation and its Unicode tables are not linked in")
  func foundation() throws {
    let bytes = try #require(try FileSystem.read(try PatchbayProcess.binary()))
    // Type metadata names its module; the tables carry their own name.
    for text in ["FoundationInternationalization", "FoundationNetworking", "icudt", "\0Foundation\0"] {
      #expect(!contains(bytes, Array(text.utf8)), "\(text)")
    }
  }

  @Test("it loads neither Foundation nor the Swift runtime from elsewhere")
  func libraries() async throws {
    let home = try TemporaryFolder()
    let child = try ChildProcess(
      "/usr/bin/env", ["ldd", try PatchbayProcess.binary()], environment: PatchbayProcess.environment(home: home))
    child.closeInput()
    let exit = try await child.waitForExit()
    #expect(exit == .status(0), "\(child.summary)")
    #expect(child.outputText.contains("libcurl"))
    for name in ["libFoundation", "lib_Foundation", "libswift", "libicu", "not found"] {
      #expect(!child.outputText.contains(name), "\(name)")
    }
  }
}
