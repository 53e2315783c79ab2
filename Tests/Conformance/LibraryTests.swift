internal import JSON
internal import Platform
internal import TestSupport
internal import Testing
internal import Upstream

#if os(Linux)
@Suite("A machine whose libcurl cannot be loaded", .timeLimit(.minutes(1)))
struct LibraryTests {
  @Test("requests fail with what is missing and what to install, and the rest works")
  func broken() async throws {
    let home = try TemporaryFolder()
    // The first file of that name decides.
    try home.write("lib/libcurl.so.4", "no library")
    let upstream = try Upstream { _, exchange in try exchange.send() }
    let provider: JSONValue = ["api": "openai-completions", "baseURL": .string(upstream.url), "model": "m"]
    let environment = ["LD_LIBRARY_PATH": "\(home.path)/lib"]
    try await withPatchbay(home: home, config: ["providers": ["local": provider]], environment: environment) {
      patchbay in
      for _ in 0..<2 {
        let error = try await patchbay.callForError("complete", ["provider": "local", "input": "hello"])
        #expect(error.kind == "unsupported", "\(error)")
        #expect(error.message.contains("libcurl.so.4"), "\(error)")
        #expect(error.data?["hint"]?.string?.contains("apt install libcurl4") == true, "\(error)")
      }
      let result = try await patchbay.call("complete", echo("hello there"))
      #expect(text(of: result["message"]) == "hello there")
    }
  }
}
#endif
