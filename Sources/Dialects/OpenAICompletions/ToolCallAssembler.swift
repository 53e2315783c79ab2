internal import Completion
internal import JSON

/// Puts tool calls together from deltas of every shape servers send: with or without index or id, an id repeated or
/// changed at the same index, names in pieces, whole calls in one delta, arguments as text or as an object.
///
/// A call is announced when its first argument text comes, or another call, or the end: only then is its name whole.
/// Calls end together at the end of the answer, since deltas of parallel calls may alternate.
struct ToolCallAssembler {
  private struct Call {
    var wireIndex: Int?
    var id = ""
    var name = ""
    var arguments = ""
    /// Where in the events the call stands; `nil` until it is announced, and for ever when it is the answer.
    var eventIndex: Int?
    var isAnnounced = false
    var role = Role.call

    enum Role { case call, answer, surplusAnswer }
  }

  private let answerTool: String?
  private var calls: [Call] = []
  private var announced = 0

  init(answerTool: String? = nil) { self.answerTool = answerTool }

  /// Whether no call was seen, nor the answer of a forced tool.
  var isEmpty: Bool { calls.isEmpty }
  /// Whether there are calls for the client to run.
  var hasCalls: Bool { announced > 0 }
  /// Whether the forced tool was called: its arguments were handed out as text.
  var hasAnswer: Bool { calls.contains { $0.role == .answer } }

  /// Takes one element of `tool_calls`. In a whole answer each element is a call of its own.
  mutating func take(_ value: JSONValue, isWhole: Bool = false, into events: inout [StreamEvent]) {
    guard case .object(let delta) = value else { return }
    let function = delta["function"]?.object ?? delta
    let position = isWhole ? nil : position(of: delta, function)
    guard let position = position ?? begin(delta, function, isWhole, &events) else { return }
    if calls[position].id.isEmpty { calls[position].id = delta["id"]?.string ?? "" }
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
      guard let position = calls.lastIndex(where: { $0.wireIndex == index }) else { return nil }
      let call = calls[position]
      if let id { return call.id.isEmpty || call.id == id ? position : nil }
      // Some servers give every call the same index and no id: a new name after complete arguments is a new call.
      let startsAnew = hasName && Self.text(function["arguments"]) != "" && Self.isComplete(call.arguments)
      return startsAnew ? nil : position
    }
    if let id { return calls.lastIndex { $0.id == id } }
    guard let last = calls.indices.last else { return nil }
    return hasName && !calls[last].name.isEmpty ? nil : last
  }

  private static func isComplete(_ arguments: String) -> Bool {
    arguments.utf8.last == UInt8(ascii: "}") && (try? JSONValue(parsing: arguments)) != nil
  }

  private mutating func begin(
    _ delta: JSONObject, _ function: JSONObject, _ isWhole: Bool, _ events: inout [StreamEvent]
  ) -> Int? {
    guard delta["id"] != nil || function["name"] != nil || function["arguments"] != nil else {
      events.append(.warning("a tool call that names no function was left out"))
      return nil
    }
    announce(through: calls.count - 1, &events)
    calls.append(Call(wireIndex: isWhole ? nil : delta["index"]?.int))
    return calls.count - 1
  }

  // MARK: - What it adds

  private mutating func add(_ function: JSONObject, to position: Int, _ events: inout [StreamEvent]) {
    if let piece = function["name"]?.string, !calls[position].isAnnounced { addName(piece, to: position) }
    let text = Self.text(function["arguments"])
    guard !text.isEmpty else { return }
    calls[position].arguments += text
    if calls[position].isAnnounced { return emit(text, of: calls[position], &events) }
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
    for position in calls.indices.prefix(last + 1) where !calls[position].isAnnounced && !calls[position].name.isEmpty {
      calls[position].isAnnounced = true
      if calls[position].name == answerTool {
        if hasAnswer { events.append(.warning("a second structured answer was left out")) }
        calls[position].role = hasAnswer ? .surplusAnswer : .answer
      } else {
        if calls[position].id.isEmpty { calls[position].id = "call_\(position)" }
        calls[position].eventIndex = announced
        events.append(.toolCallStart(index: announced, id: calls[position].id, name: calls[position].name))
        announced += 1
      }
      if !calls[position].arguments.isEmpty { emit(calls[position].arguments, of: calls[position], &events) }
    }
  }

  private func emit(_ text: String, of call: Call, _ events: inout [StreamEvent]) {
    if let index = call.eventIndex {
      events.append(.toolArguments(index: index, text: text))
    } else if call.role == .answer {
      events.append(.text(text))
    }
  }
}
