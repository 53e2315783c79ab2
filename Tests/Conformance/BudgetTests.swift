internal import Platform
internal import TestSupport
internal import Testing

/// The build that ships: the Swift runtime inside, of Foundation only the small part, nothing else from elsewhere.
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

  @Test("it starts without loading Foundation, the Swift runtime or libcurl")
  func libraries() async throws {
    let home = try TemporaryFolder()
    let child = try ChildProcess(
      "/usr/bin/env", ["ldd", try PatchbayProcess.binary()], environment: PatchbayProcess.environment(home: home))
    child.closeInput()
    let exit = try await child.waitForExit()
    #expect(exit == .status(0), "\(child.summary)")
    #expect(child.outputText.contains("libc.so"), "no list of libraries: \(child.outputText)")
    for name in ["libFoundation", "lib_Foundation", "libswift", "libicu", "libcurl", "libssl", "not found"] {
      #expect(!child.outputText.contains(name), "\(name)")
    }
  }

  /// The budget is 20 MB, the goal beyond it 12 MB; this tells of growth before the budget is spent.
  @Test("it has less than 16 MB resident when it has answered initialize")
  func resident() async throws {
    try await withPatchbay { patchbay in
      let peak = try peakMemory(of: patchbay.child.id)
      print("figure: \(peak >> 10) kB resident after initialize")
      #expect(peak < 16 << 20, "\(peak >> 10) kB")
    }
  }
}
