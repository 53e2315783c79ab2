import Completion
import Dialects
import JSON
import Testing

@Suite("Messages: conversations")
struct MessagesHistoryTests {
  let dialect = AnthropicMessages()
  let plain: JSONObject = ["supportsCacheControl": false]
  static let own = Origin(provider: "prov", api: "anthropic-messages", model: "model-1")
  static let other = Origin(provider: "prov", api: "anthropic-messages", model: "model-2")

  static func text(_ text: String) -> JSONValue { ["type": "text", "text": .string(text)] }

  // MARK: - Turns

  @Test("results come first in one user turn with what the user says, in the order of the calls")
  func turns() throws {
    let written = try dialect.write(
      plain,
      messages: [
        Message(.user, "a"), Message(.user, "b"),
        Message(role: .assistant, content: [.text("c"), .call("t1", "f", ["x": 1]), .call("t:2", "g")]),
        Message(.user, "e"), Message(role: .tool, content: [.result("t:2", "two", isError: true)]),
        Message(role: .tool, content: [.result("t1", "")]), Message(.user, " "), Message(.user, "g"),
      ]
    ) { $0.tools = [.weather] }
    let id = try #require(written.body["messages"]?[1]?["content"]?[2]?["id"])
    #expect(id.string?.allSatisfy { $0.isLetter || $0.isNumber } == true)
    #expect(
      written.body["messages"] == [
        ["role": "user", "content": [Self.text("a"), Self.text("b")]],
        [
          "role": "assistant",
          "content": [
            Self.text("c"), ["type": "tool_use", "id": "t1", "name": "f", "input": ["x": 1]],
            ["type": "tool_use", "id": id, "name": "g", "input": [:]],
          ],
        ],
        [
          "role": "user",
          "content": [
            ["type": "tool_result", "tool_use_id": id, "content": [Self.text("two")], "is_error": true],
            ["type": "tool_result", "tool_use_id": "t1", "content": [Self.text("(no output)")]],
            Self.text("e"), Self.text("g"),
          ],
        ],
      ])
  }

  @Test("system texts stand first, later ones in the user's turn, and the user always begins")
  func system() throws {
    let written = try dialect.write(
      plain,
      messages: [
        Message(.system, "s3"), Message(.assistant, "a"), Message(.system, "s4"), Message(.user, "b"),
      ]
    ) { ($0.system, $0.instructions) = ("s1", "s2") }
    #expect(written.body["system"] == [Self.text("s1"), Self.text("s2"), Self.text("s3")])
    let messages = try #require(written.body["messages"]?.array)
    #expect(messages.compactMap { $0["role"]?.string } == ["user", "assistant", "user"])
    #expect(messages[2]["content"] == [Self.text("<system>\ns4\n</system>"), Self.text("b")])
    #expect(try dialect.write(plain) { $0.system = " " }.body["system"] == nil)
  }

  @Test("images and PDFs, by bytes and by address, in messages and in results")
  func media() throws {
    let seeing = ModelInfo.with { $0.input = ["text", "image", "pdf"] }
    let link = Part.image(Media(mediaType: "image/png", source: .url("https://a.test/b.png")))
    let pdfLink = Part.file(Media(mediaType: "application/pdf", source: .url("https://a.test/b.pdf")), name: nil)
    let bitmap = Part.image(Media(mediaType: "image/bmp", source: .data("Qk0=")))
    let word = Part.file(Media(mediaType: "application/msword", source: .data("AA==")), name: "a.doc")
    let written = try dialect.write(
      plain,
      messages: [
        Message(role: .user, content: [.png, link, .pdf, pdfLink, bitmap, word]),
        Message(role: .assistant, content: [.call("t1", "f"), .call("t2", "f")]),
        Message(
          role: .tool, content: [.toolResult(ToolResult(toolCallId: "t1", content: [.text("x"), .png, .pdf]))]),
        Message(role: .tool, content: [.result("t2", "y")]),
      ], model: seeing)
    let png: JSONValue = [
      "type": "image", "source": ["type": "base64", "media_type": "image/png", "data": "iVBO"],
    ]
    let pdf: JSONValue = [
      "type": "document", "source": ["type": "base64", "media_type": "application/pdf", "data": "JVBE"],
      "title": "a.pdf",
    ]
    let input = try #require(written.body["messages"]?[0]?["content"]?.array)
    #expect(
      input.prefix(4) == [
        png, ["type": "image", "source": ["type": "url", "url": "https://a.test/b.png"]], pdf,
        ["type": "document", "source": ["type": "url", "url": "https://a.test/b.pdf"]],
      ])
    #expect(input.dropFirst(4).allSatisfy { $0["text"]?.string?.contains("left out") == true })
    #expect(written.losses == ["image/bmp", "a.doc"])
    #expect(
      written.body["messages"]?[2]?["content"] == [
        ["type": "tool_result", "tool_use_id": "t1", "content": [Self.text("x"), png]],
        ["type": "tool_result", "tool_use_id": "t2", "content": [Self.text("y")]], pdf,
      ])
    let blind = try dialect.write(plain, messages: [Message(role: .user, content: [.png])])
    #expect(blind.losses == ["messages[0].content[0]"])
    let offline = try dialect.write(
      ["supportsMediaURLs": false], messages: [Message(role: .user, content: [link])], model: seeing)
    #expect(offline.losses == ["messages[0].content[0]"])
  }

  // MARK: - Replay

  static let redacted: JSONValue = ["type": "redacted_thinking", "data": "d"]
  static let search: JSONValue = ["type": "server_tool_use", "id": "s", "name": "web_search", "input": [:]]
  static let thoughts: [Part] = [
    .reasoning(Reasoning(text: "hm", signature: "sig")), .reasoning(Reasoning(text: "", signature: "hidden")),
    .reasoning(Reasoning(text: "", redacted: true, opaque: ["block": redacted])),
    .reasoning(Reasoning(text: "", opaque: ["block": search])), .reasoning(Reasoning(text: "cut off")),
    .reasoning(Reasoning(text: "", opaque: ["next": ["id": "x"]])), .text("done"),
  ]

  func replay(_ origin: Origin?, _ quirks: JSONObject = [:], extra: JSONObject = [:]) throws -> Written {
    let messages = [Message(.user, "a"), Message(role: .assistant, content: Self.thoughts, origin: origin)]
    return try dialect.write(quirks, messages: messages) { $0.extra = extra }
  }

  @Test("the same model gets its thoughts back untouched; what has no seal becomes text")
  func sameModel() throws {
    let sealed: [JSONValue] = [
      ["type": "thinking", "thinking": "hm", "signature": "sig"],
      ["type": "thinking", "thinking": "", "signature": "hidden"], Self.redacted,
    ]
    let rest = [Self.text("cut off"), Self.text("done")]
    #expect(try replay(Self.own).body["messages"]?[1]?["content"] == .array(sealed + rest))
    #expect(try replay(nil).body["messages"]?[1]?["content"] == .array(sealed + rest))
    let withTools = try replay(Self.own, extra: ["tools": []])
    #expect(withTools.body["messages"]?[1]?["content"] == .array(sealed + [Self.search] + rest))
    let open = try replay(Self.own, ["allowsEmptySignature": true])
    let unsealed: JSONValue = ["type": "thinking", "thinking": "cut off", "signature": ""]
    #expect(open.body["messages"]?[1]?["content"] == .array(sealed + [unsealed, Self.text("done")]))
  }

  @Test("another model gets thoughts as text, without seals")
  func otherModel() throws {
    let written = try replay(Self.other, extra: ["tools": []])
    #expect(
      written.body["messages"]?[1]?["content"] == [Self.text("hm"), Self.text("cut off"), Self.text("done")])
    #expect(written.losses.count == 4)
  }

  // MARK: - Caching

  /// The places that have a marker, and how long it lasts.
  static func markers(_ body: JSONValue) -> [String] {
    var places: [String] = []
    func look(_ name: String, _ blocks: JSONValue?) {
      for (index, block) in (blocks?.array ?? []).enumerated() {
        guard let marker = block["cache_control"] else { continue }
        places.append("\(name)[\(index)] \(marker["ttl"]?.string ?? marker["type"]?.string ?? "")")
      }
    }
    look("tools", body["tools"])
    look("system", body["system"])
    for (index, message) in (body["messages"]?.array ?? []).enumerated() {
      look("messages[\(index)]", message["content"])
    }
    return places
  }

  static let long = [
    Message(.user, "a"), Message(.assistant, "b"), Message(.user, "c"), Message(.assistant, "d"), Message(.user, "e"),
  ]
  static func full(_ options: inout CompletionOptions) {
    (options.system, options.instructions, options.tools) = ("s", "i", [.weather, .weather])
  }

  @Test("markers end the tools, the system text, the instructions and the last turn: never more than four")
  func caching() throws {
    #expect(
      Self.markers(try dialect.write(messages: Self.long, Self.full).body) == [
        "tools[1] ephemeral", "system[0] ephemeral", "system[1] ephemeral", "messages[4][0] ephemeral",
      ])
    #expect(
      Self.markers(try dialect.write(messages: Self.long).body) == [
        "messages[2][0] ephemeral", "messages[4][0] ephemeral",
      ])
    let hour = try dialect.write(messages: Self.long) {
      Self.full(&$0); $0.cache = .long
    }
    #expect(Self.markers(hour.body) == ["tools[1] 1h", "system[0] 1h", "system[1] 1h", "messages[4][0] 1h"])
    let apart = try dialect.write(messages: Self.long) {
      Self.full(&$0)
      ($0.cachesSystem, $0.cachesInstructions) = (false, false)
    }
    #expect(
      Self.markers(apart.body) == ["tools[1] ephemeral", "messages[2][0] ephemeral", "messages[4][0] ephemeral"])
    #expect(
      Self.markers(
        try dialect.write(messages: Self.long) {
          Self.full(&$0); $0.cache = .off
        }.body) == [])
    let automatic = try dialect.write(messages: Self.long) {
      Self.full(&$0)
      $0.extra = ["cache_control": ["type": "ephemeral"]]
    }
    #expect(Self.markers(automatic.body).count == 3)
  }

  @Test("servers that cache less get fewer markers, and the loss is told")
  func lesserCaching() throws {
    let all: (inout CompletionOptions) -> Void = {
      Self.full(&$0); $0.cache = .long
    }
    let tools = try dialect.write(["supportsCacheControlOnTools": false], messages: Self.long, all)
    #expect(Self.markers(tools.body).first == "system[0] 1h")
    let short = try dialect.write(["supportsLongCacheRetention": false], messages: Self.long, all)
    #expect(Self.markers(short.body).allSatisfy { $0.hasSuffix("ephemeral") })
    #expect(short.losses == ["cache"])
    let none = try dialect.write(["supportsCacheControl": false], messages: Self.long, all)
    #expect(Self.markers(none.body) == [])
    #expect(none.losses == ["cache"])
  }
}
