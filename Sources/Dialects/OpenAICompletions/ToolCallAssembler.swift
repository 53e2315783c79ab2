internal import Completion
internal import JSON

/// Puts tool calls together from deltas of every shape servers send: with or without index or id, an id repeated or
/// changed at the same index, names in pieces, whole calls in one delta, arguments as text or as an object.
///
/// A call is announced when its first argument text comes, or another call, or the end: only then is its name whole.
/// Calls are announced in their order, so one without a name holds back those behind it. They end together at the end of
/// the answer, since deltas of parallel calls may alternate. What a delta costs does not depend on how many calls there
/// are.
struct ToolCallAssembler {
  private struct Call {
    var id = ""
    var name = ""
    var arguments = ""
    var brackets = Brackets()
    /// Where in the events the call stands; `nil` until it is announced, and for ever when it is the answer.
    var eventIndex: Int?
    var role = Role.call

    enum Role { case call, answer, surplusAnswer }
  }

  private let answerTool: String?
  private var calls: [Call] = []
  /// The last call of each index and of each id.
  private var byWireIndex: [Int: Int] = [:]
  private var byID: [String: Int] = [:]
  /// How many of `calls` are announced: those in front.
  private var announced = 0
  private var eventCount = 0
  /// Whether the forced tool was called: its arguments were handed out as text.
  private(set) var hasAnswer = false

  init(answerTool: String? = nil) { self.answerTool = answerTool }

  /// Whether no call was seen, nor the answer of a forced tool.
  var isEmpty: Bool { calls.isEmpty }
  /// Whether there are calls for the client to run.
  var hasCalls: Bool { eventCount > 0 }

  /// Takes one element of `tool_calls`. In a whole answer each element is a call of its own.
  mutating func take(_ value: JSONValue, isWhole: Bool = false, into events: inout [StreamEvent]) {
    guard case .object(let delta) = value else { return }
    let function = delta["function"]?.object ?? delta
    let position = isWhole ? nil : position(of: delta, function)
    guard let position = position ?? begin(delta, function, isWhole, &events) else { return }
    if calls[position].id.isEmpty { name(position, delta["id"]?.string ?? "") }
    add(function, to: position, &events)
  }

  /// Takes a `function_call` from before there were several.
  mutating func takeLegacy(_ function: JSONValue, into events: inout [StreamEvent]) {
    take(["index": -1, "function": function], into: &events)
  }

  /// Announces what is left and ends all calls.
  /// - Throws: `upstreamInvalid` for a call that never got a name.
  mutating func finish(into events: inout [StreamEvent]) throws(ProviderError) {
    guard !calls.contains(where: \.name.isEmpty) else {
      throw ProviderError(.upstreamInvalid, "the provider sent a tool call without the tool's name")
    }
    announce(through: calls.count - 1, &events)
    for case let index? in calls.map(\.eventIndex) { events.append(.toolCallEnd(index: index)) }
  }

  // MARK: - Which call a delta belongs to

  private func position(of delta: JSONObject, _ function: JSONObject) -> Int? {
    let id = delta["id"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    let hasName = !(function["name"]?.string ?? "").isEmpty
    if let index = delta["index"]?.int {
      guard let position = byWireIndex[index] else { return nil }
      let call = calls[position]
      if let id { return call.id.isEmpty || call.id == id ? position : nil }
      // Some servers give every call the same index and no id: a new name after complete arguments is a new call.
      let startsAnew = hasName && Self.text(function["arguments"]) != "" && call.brackets.areClosed
      return startsAnew ? nil : position
    }
    if let id { return byID[id] }
    guard let last = calls.indices.last else { return nil }
    return hasName && !calls[last].name.isEmpty ? nil : last
  }

  private mutating func name(_ position: Int, _ id: String) {
    calls[position].id = id
    if !id.isEmpty { byID[id] = max(position, byID[id] ?? 0) }
  }

  private mutating func begin(
    _ delta: JSONObject, _ function: JSONObject, _ isWhole: Bool, _ events: inout [StreamEvent]
  ) -> Int? {
    guard delta["id"] != nil || function["name"] != nil || function["arguments"] != nil else {
      events.append(.warning("a tool call that names no function was left out"))
      return nil
    }
    announce(through: calls.count - 1, &events)
    calls.append(Call())
    if !isWhole, let index = delta["index"]?.int { byWireIndex[index] = calls.count - 1 }
    return calls.count - 1
  }

  // MARK: - What it adds

  private mutating func add(_ function: JSONObject, to position: Int, _ events: inout [StreamEvent]) {
    if let piece = function["name"]?.string, position >= announced { addName(piece, to: position) }
    let text = Self.text(function["arguments"])
    guard !text.isEmpty else { return }
    calls[position].arguments += text
    calls[position].brackets.take(text)
    if position < announced { return emit(text, of: calls[position], &events) }
    announce(through: position, &events)
  }

  /// A name may come in pieces, whole again with every delta, or longer each time.
  private mutating func addName(_ piece: String, to position: Int) {
    let name = calls[position].name
    if piece.hasPrefix(name) { calls[position].name = piece } else { calls[position].name += piece }
  }

  /// The text of arguments that come as text, or as an object.
  private static func text(_ arguments: JSONValue?) -> String {
    switch arguments {
    case nil, .null?: ""
    case .string(let text)?: text
    case let value?: value.text
    }
  }

  private mutating func announce(through last: Int, _ events: inout [StreamEvent]) {
    while announced <= last, !calls[announced].name.isEmpty {
      announce(announced, &events)
      announced += 1
    }
  }

  private mutating func announce(_ position: Int, _ events: inout [StreamEvent]) {
    if calls[position].name == answerTool {
      if hasAnswer { events.append(.warning("a second structured answer was left out")) }
      calls[position].role = hasAnswer ? .surplusAnswer : .answer
      hasAnswer = true
    } else {
      if calls[position].id.isEmpty { name(position, "call_\(position)") }
      calls[position].eventIndex = eventCount
      events.append(.toolCallStart(index: eventCount, id: calls[position].id, name: calls[position].name))
      eventCount += 1
    }
    if !calls[position].arguments.isEmpty { emit(calls[position].arguments, of: calls[position], &events) }
  }

  private func emit(_ text: String, of call: Call, _ events: inout [StreamEvent]) {
    if let index = call.eventIndex {
      events.append(.toolArguments(index: index, text: text))
    } else if call.role == .answer {
      events.append(.text(text))
    }
  }
}

/// The brackets of a JSON text that comes in pieces.
private struct Brackets {
  private var depth = 0
  private var isInString = false
  private var isEscaped = false
  /// Whether the text is a whole object or array, as far as brackets tell.
  private(set) var areClosed = false

  mutating func take(_ text: String) {
    for byte in text.utf8 {
      if isEscaped {
        isEscaped = false
      } else if isInString {
        isEscaped = byte == UInt8(ascii: "\\")
        isInString = byte != UInt8(ascii: "\"")
      } else {
        switch byte {
        case UInt8(ascii: "\""): isInString = true
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
          depth -= 1
          areClosed = depth == 0
        default: break
        }
      }
    }
  }
}
