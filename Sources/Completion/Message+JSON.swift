package import JSON

/// The JSON form of messages: what clients send and see, and what sessions store. `origin` is not part of it; a
/// stored message says beside it who wrote it.
extension Message {
  /// Reads `{"role": …, "content": "text" | [part, …]}`; `path` is where `json` stands, for errors.
  package init(json: JSONValue, path: [String] = []) throws(JSONFieldError) {
    var fields = try JSONFields(json, path: path)
    try self.init(reading: &fields)
    try fields.finish()
  }

  /// Reads `role` and `content` and leaves other members to the caller.
  init(reading fields: inout JSONFields) throws(JSONFieldError) {
    let role = try fields.require("role", fields.choice("role", Role.self))
    let content = try Part.content(of: &fields) { json, path throws(JSONFieldError) in try Part(json: json, path: path)
    }
    self.init(role: role, content: content)
  }

  /// `{"role": …, "content": [part, …]}`: content is always written as an array.
  package var json: JSONValue { ["role": .string(role.rawValue), "content": .array(content.map(\.json))] }
}

/// The names of the parts, as `type` says them.
private enum PartType: String, CaseIterable { case text, image, file, reasoning, toolCall, toolResult }

extension Part {
  /// Reads one part of a message by its `type`.
  package init(json: JSONValue, path: [String] = []) throws(JSONFieldError) {
    var fields = try JSONFields(json, path: path)
    switch try fields.require("type", fields.choice("type", PartType.self)) {
    case .text: self = .text(try fields.require("text", fields.string("text")))
    case .image: self = .image(try Media(reading: &fields))
    case .file:
      let media = try Media(reading: &fields)
      self = .file(media, name: try fields.nonEmptyString("name"))
    case .reasoning: self = .reasoning(try Reasoning(reading: &fields))
    case .toolCall: self = .toolCall(try ToolCall(reading: &fields))
    case .toolResult: self = .toolResult(try ToolResult(reading: &fields))
    }
    try fields.finish()
  }

  /// The part with its `type`.
  package var json: JSONValue {
    switch self {
    case .text(let text): return ["type": "text", "text": .string(text)]
    case .image(let media): return .object(media.members(type: .image))
    case .file(let media, let name):
      var members = media.members(type: .file)
      members.set("name", name.map(JSONValue.string))
      return .object(members)
    case .reasoning(let reasoning): return reasoning.json
    case .toolCall(let call): return call.json
    case .toolResult(let result): return result.json
    }
  }

  /// The required member `content`: one string, or an array of parts.
  fileprivate static func content(
    of fields: inout JSONFields, _ read: (JSONValue, [String]) throws(JSONFieldError) -> Part
  ) throws(JSONFieldError) -> [Part] {
    switch fields.value("content") {
    case .string(let text): return [.text(text)]
    case .array: return try fields.list("content", read) ?? []
    case nil: throw fields.error("content", "is required")
    case .some(let other):
      throw fields.error("content", "must be a string or an array of parts, but is \(other.kindName)")
    }
  }
}

extension Media {
  fileprivate init(reading fields: inout JSONFields) throws(JSONFieldError) {
    let mediaType = try fields.require("mediaType", fields.nonEmptyString("mediaType"))
    let data = try fields.string("data")
    let url = try fields.nonEmptyString("url")
    let path = try fields.nonEmptyString("path")
    let sources = [data.map(Source.data), url.map(Source.url), path.map(Source.path)].compactMap(\.self)
    guard let source = sources.first, sources.count == 1 else {
      throw JSONFieldError(path: fields.path, message: "must have exactly one of \"data\", \"url\" and \"path\"")
    }
    if let data { try Self.checkBase64(data, fields) }
    self.init(mediaType: mediaType, source: source)
  }

  private static func checkBase64(_ data: String, _ fields: JSONFields) throws(JSONFieldError) {
    if data.hasPrefix("data:") {
      throw fields.error("data", "is a data URL; give only what follows the comma, or use \"url\"")
    }
    let digits = data.utf8.prefix { $0 != UInt8(ascii: "=") }
    let padding = data.utf8.count - digits.count
    let isSound = digits.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
        true
      default: false
      }
    }
    let isPadded = data.utf8.suffix(padding).allSatisfy { $0 == UInt8(ascii: "=") }
    guard isSound, isPadded, data.utf8.count.isMultiple(of: 4), padding <= 2, !data.isEmpty else {
      throw fields.error("data", "is not base64 (RFC 4648, with padding and without line breaks)")
    }
  }

  fileprivate func members(type: PartType) -> JSONObject {
    var members: JSONObject = ["type": .string(type.rawValue), "mediaType": .string(mediaType)]
    switch source {
    case .data(let text): members["data"] = .string(text)
    case .url(let text): members["url"] = .string(text)
    case .path(let text): members["path"] = .string(text)
    }
    return members
  }
}

extension Reasoning {
  fileprivate init(reading fields: inout JSONFields) throws(JSONFieldError) {
    self.init(
      text: try fields.require("text", fields.string("text")), signature: try fields.string("signature"),
      redacted: try fields.bool("redacted") ?? false, opaque: fields.value("opaque"))
  }

  fileprivate var json: JSONValue {
    var members: JSONObject = ["type": "reasoning", "text": .string(text)]
    members.set("signature", signature.map(JSONValue.string))
    if redacted { members["redacted"] = true }
    members.set("opaque", opaque)
    return .object(members)
  }
}

extension ToolCall {
  fileprivate init(reading fields: inout JSONFields) throws(JSONFieldError) {
    let id = try fields.require("id", fields.nonEmptyString("id"))
    let name = try fields.require("name", fields.nonEmptyString("name"))
    let arguments = try fields.require("arguments", fields.object("arguments"))
    let invalid = try fields.bool("invalid") ?? false
    let text = try fields.string("argumentsText")
    guard invalid else {
      if text != nil { throw fields.error("argumentsText", "belongs to a call with \"invalid\": true") }
      self.init(id: id, name: name, arguments: arguments)
      return
    }
    guard arguments.isEmpty else { throw fields.error("arguments", "must be empty in a call with \"invalid\": true") }
    self = .invalid(id: id, name: name, argumentsText: text ?? "")
  }

  fileprivate var json: JSONValue {
    var members: JSONObject = [
      "type": "toolCall", "id": .string(id), "name": .string(name), "arguments": .object(arguments),
    ]
    if invalid {
      members["invalid"] = true
      members["argumentsText"] = .string(argumentsText ?? "")
    }
    return .object(members)
  }
}

extension ToolResult {
  fileprivate init(reading fields: inout JSONFields) throws(JSONFieldError) {
    let id = try fields.require("toolCallId", fields.nonEmptyString("toolCallId"))
    let content = try Part.content(of: &fields) { json, path throws(JSONFieldError) in
      let part = try Part(json: json, path: path)
      switch part {
      case .text, .image, .file: return part
      default: throw JSONFieldError(path: path + ["type"], message: "must be text, image or file inside a toolResult")
      }
    }
    self.init(toolCallId: id, content: content, isError: try fields.bool("isError") ?? false)
  }

  fileprivate var json: JSONValue {
    var members: JSONObject = [
      "type": "toolResult", "toolCallId": .string(toolCallId), "content": .array(content.map(\.json)),
    ]
    if isError { members["isError"] = true }
    return .object(members)
  }
}
