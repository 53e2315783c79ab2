import Catalog
import Completion
import JSON
import TestSupport
import Testing

@Suite("The settings in effect")
struct SettingsTests {
  @Test("Every value comes with its source, and no secret comes at all")
  func settings() throws {
    let (catalog, file) = try makeCatalog(
      """
      {
        "model": "box/m",
        "providers": {
          "box": {
            "api": "openai", "baseURL": "https://me:hunter2@box/v1?key=hunter2",
            "apiKey": "hunter2",
            "headers": { "X-Key": "hunter2" },
            "timeout": 3
          }
        }
      }
      """, environment: ["OLLAMA_HOST": "gpu"])
    let settings = catalog.settings()
    func value(_ key: String) -> JSONValue? { settings.first { $0.key == key }?.value }
    func origin(_ key: String) -> ValueOrigin? { settings.first { $0.key == key }?.origin }
    #expect(!"\(settings)".contains("hunter2"))
    #expect(Set(settings.map(\.key)).count == settings.count)
    #expect(value("model") == "box/m")
    #expect(origin("model") == .file(file, line: 2))
    #expect(value("limits.maxMessageBytes") == 67_108_864)
    #expect(origin("limits.maxMessageBytes") == .builtin)
    #expect(value("providers.box.api") == "openai-completions")
    #expect(origin("providers.box.api") == .file(file, line: 5))
    #expect(value("providers.box.baseURL") == "https://•••@box/v1?•••")
    #expect(value("providers.box.apiKey") == "•••")
    #expect(origin("providers.box.apiKey") == .file(file, line: 6))
    #expect(value("providers.box.headers.X-Key") == "•••")
    #expect(origin("providers.box.headers.X-Key") == .file(file, line: 7))
    #expect(value("providers.box.timeout") == ["firstTokenMs": 3000, "idleMs": 3000])
    #expect(value("providers.ollama.baseURL") == "http://gpu:11434")
    #expect(origin("providers.ollama.baseURL") == .environment("OLLAMA_HOST"))
    #expect(origin("providers.ollama.api") == .builtin)
  }

  @Test("A key text never shows in a description, a dump or an interpolation")
  func keyText() throws {
    let (catalog, _) = try makeCatalog("{\"providers\": {\"vllm\": {\"apiKey\": \"hunter2\"}}}")
    let provider = try catalog.provider(named: "vllm")
    var dumped = ""
    dump(provider, to: &dumped)
    #expect(provider.apiKey?.text == "hunter2")
    #expect(!dumped.contains("hunter2"))
    #expect(!"\(provider)".contains("hunter2"))
    #expect(!String(reflecting: provider).contains("hunter2"))
  }
}
