internal import Completion
internal import JSON

/// Turns an earlier answer back into the items it came as. The history has removed what other models sealed.
struct ResponsesReplay {
  private let message: Message
  private let replaysPlainReasoning: Bool
  private var items: [JSONValue] = []
  /// Reasoning that waits for the item behind it: without one the API refuses it.
  private var reasoning: [JSONValue] = []
  /// What the item of the next part has beside the part.
  private var next: JSONObject?
  /// Whether reasoning was left out. The ids of items that it belonged to would make the API miss it.
  private var lacksReasoning = false

  /// The ids of calls whose arguments are raw text.
  private(set) var customCalls: Set<String> = []
  /// Whether reasoning had to be left out because nothing follows it.
  private(set) var hasLooseReasoning = false

  init(_ message: Message, replaysPlainReasoning: Bool) {
    self.message = message
    self.replaysPlainReasoning = replaysPlainReasoning
  }

  /// The items in order.
  mutating func encode() -> [JSONValue] {
    let late = lateItems
    for part in message.content {
      switch part {
      case .text(let text): append(encode(text))
      case .toolCall(let call): append(encode(call))
      case .reasoning(let thought): take(thought.opaque, late)
      case .image, .file, .toolResult: break
      }
    }
    hasLooseReasoning = !reasoning.isEmpty
    return items
  }

  private mutating func append(_ item: JSONValue) {
    items += reasoning
    items.append(item)
    reasoning = []
    next = nil
  }

  // MARK: - Reasoning

  /// Items that were complete only at the end of the answer, by their ids.
  private var lateItems: [String: JSONObject] {
    var late: [String: JSONObject] = [:]
    for case .reasoning(let thought) in message.content {
      for case .object(let item) in thought.opaque?["next"]?["items"]?.array ?? [] {
        if let id = item["id"]?.string { late[id] = item }
      }
    }
    return late
  }

  private mutating func take(_ opaque: JSONValue?, _ late: [String: JSONObject]) {
    if let item = opaque?["item"]?.object ?? opaque?["next"]?["item"]?.object {
      let whole = item["id"]?.string.flatMap { late[$0] } ?? item
      if let replayable = replayable(whole) { reasoning.append(.object(replayable)) } else { lacksReasoning = true }
    } else if let next = opaque?["next"]?.object, next["items"] == nil {
      self.next = next
    }
  }

  /// The item without what only answers may say; `nil` when the provider could not read it: nothing of it is kept
  /// there, so an item without its sealed or open content is unknown to it.
  private func replayable(_ item: JSONObject) -> JSONObject? {
    let isSealed = !(item["encrypted_content"]?.string ?? "").isEmpty
    let isOpen = !(item["content"]?.array ?? []).isEmpty
    guard isSealed || isOpen || replaysPlainReasoning && item["id"] != nil else { return nil }
    var item = item
    item["status"] = nil
    if !isOpen { item["content"] = nil }
    for key in Array(item.keys) where item[key] == .null || item[key] == "" { item[key] = nil }
    item["type"] = "reasoning"
    if item["summary"] == nil { item["summary"] = [] }
    return item
  }

  // MARK: - Texts and calls

  /// Longer ids are not taken back; Copilot's are, and differ from event to event.
  private var id: JSONValue? {
    guard !lacksReasoning, let id = next?["id"]?.string, (1...64).contains(id.utf8.count) else { return nil }
    return .string(id)
  }

  private func encode(_ text: String) -> JSONValue {
    var item: JSONObject = ["type": "message", "role": "assistant"]
    item.set("id", id)
    if id != nil { item["status"] = "completed" }
    item.set("phase", next?["phase"])
    item["content"] =
      id == nil ? .string(text) : [["type": "output_text", "text": .string(text), "annotations": []]]
    return .object(item)
  }

  private mutating func encode(_ call: ToolCall) -> JSONValue {
    let isCustom = next?["custom"] == true
    if isCustom { customCalls.insert(call.id) }
    var item: JSONObject = ["type": isCustom ? "custom_tool_call" : "function_call"]
    item.set("id", id)
    item["call_id"] = .string(call.id)
    item["name"] = .string(call.name)
    item.set("namespace", next?["namespace"])
    if isCustom {
      item["input"] = call.arguments["input"] ?? ""
    } else {
      item["arguments"] = .string(JSONValue.object(call.arguments).text)
    }
    return .object(item)
  }
}
