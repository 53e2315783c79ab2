import JSON
import Platform
import SchemaTypes
import TestSupport
import Testing

@Suite("The clients' types")
struct ClientTypesTests {
  @Test(
    "They are what the protocol's document makes them",
    arguments: [
      (TypeLanguage.python, "clients/python/src/patchbay/types.py"), (.typescript, "clients/node/types.d.ts"),
      (.lua, "clients/neovim/lua/patchbay/types.lua"), (.elisp, "clients/emacs/patchbay-types.el"),
    ])
  func fresh(language: TypeLanguage, path: String) throws {
    let checkout = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    let file = String(decoding: try FileSystem.read("\(checkout)/\(path)") ?? [], as: UTF8.self)
    let types = try language.types(of: try OpenRPCDocument.load().json)
    // Not compared whole by #expect: it would print both.
    let isFresh = file == types
    #expect(isFresh, "clients/make-types makes \(path) anew")
  }
}
