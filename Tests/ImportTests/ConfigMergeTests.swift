import Completion
@testable import Import
import JSON
import Platform
import TestSupport
import Testing

@Suite("Adding settings to the config file")
struct ConfigMergeTests {
  private let settings: JSONObject = [
    "defaultProvider": "openai",
    "providers": ["google": ["model": "gemini-3", "timeout": 9], "groq": ["apiKey": "k", "model": "m"]],
  ]

  private func merged(_ text: String?, _ settings: JSONObject? = nil) throws -> (text: String, kept: [String]) {
    let user = try User()
    if let text { try user.folder.write("patchbay/config/config.json", text, mode: 0o644) }
    let merge = try ConfigMerge(settings ?? self.settings, into: user.configPath, environment: user.environment)
    try merge.write()
    let written = String(decoding: try FileSystem.read(user.configPath) ?? [], as: UTF8.self)
    #expect(Array(written.utf8) == merge.bytes)
    return (written, merge.kept)
  }

  @Test("a new file is for this user alone")
  func newFile() throws {
    let user = try User()
    try ConfigMerge(settings, into: user.configPath, environment: user.environment).write()
    var status = stat()
    #expect(stat(user.configPath, &status) == 0 && status.st_mode & 0o777 == 0o600)
    let text = try #require(try FileSystem.read(user.configPath))
    #expect(try JSONValue(parsing: text) == .object(settings))
  }

  @Test("comments, order and what is set already stay; aliases are understood")
  func keeps() throws {
    let old = """
      // mine
      {
        "defaultProvider": "groq", // fast {
        "providers": {
          "gemini": { "model": "mine" /* } */ }, // alias
          // the end
        }
      }
      """
    let (text, kept) = try merged(old)
    #expect(
      text == """
        // mine
        {
          "defaultProvider": "groq", // fast {
          "providers": {
            "gemini": { "model": "mine", /* } */ "timeout": 9 }, // alias
            // the end
            "groq": {
              "apiKey": "k",
              "model": "m"
            },
          }
        }
        """, "\(text)")
    #expect(kept == ["defaultProvider", "providers.gemini.model"])
    #expect(text.contains("// mine") && text.contains("// fast {") && text.contains("// the end"))
    let value = try JSONValue(parsing: text, options: .config)
    #expect(value["providers"]?["gemini"] == ["model": "mine", "timeout": 9])
    #expect(value["providers"]?["groq"] == ["apiKey": "k", "model": "m"])
  }

  @Test(
    "members are added to a text of any shape",
    arguments: [
      "{}", "{ }", "{\n}", "", "{\"providers\": {}}", "{\"providers\":{\"groq\":{}}}\n", "{\"limits\":{},}",
      "{\n  \"limits\": {} // x\n}\n", "{\r\n  \"limits\": {}\r\n}\r\n", "/* { */ {\"limits\": {}, /* , */ } // }",
      "\u{FEFF}{\n\t\"limits\": {\"maxCompletions\": 5}\n}", "{\"limits\": {} // x\n}",
    ])
  func shapes(text: String) throws {
    let (new, kept) = try merged(text)
    #expect(kept.isEmpty)
    let bytes = new.unicodeScalars.first == "\u{FEFF}" ? String(new.unicodeScalars.dropFirst()) : new
    let value = try JSONValue(parsing: bytes, options: .config)
    #expect(value["providers"] == settings["providers"], "\(new)")
    #expect(value["defaultProvider"] == "openai")
    let again = try merged(new)
    #expect(again.text == new && again.kept.isEmpty)
  }

  @Test("a key never meets an address that it was not written for")
  func connections() throws {
    let old = #"{"providers": {"openai": {"apiKey": "$MINE"}}}"#
    let (text, kept) = try merged(old, ["providers": ["openai": ["baseURL": "https://else.example/v1", "model": "m"]]])
    #expect(kept == ["providers.openai.baseURL"])
    #expect(!text.contains("else.example") && text.contains("\"model\": \"m\""))
  }

  @Test("a config file that is damaged is left as it is")
  func damaged() throws {
    let user = try User()
    try user.folder.write("patchbay/config/config.json", "{\n  \"modl\": 1\n}")
    #expect {
      try ConfigMerge(settings, into: user.configPath, environment: user.environment)
    } throws: { error in
      (error as? ProviderError)?.message.contains("config.json:2: modl") == true
    }
  }
}
