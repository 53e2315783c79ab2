internal import Completion
internal import JSON

/// Turns `functionCall` parts into events. Calls arrive whole, or, from Vertex AI where `extra` asks for it, as pieces
/// of their arguments.
struct GeminiCalls {
  private struct Partial {
    var index: Int
    var id: String?
    var arguments = JSONValue.object([:])
  }

  private let answerTool: String?
  private var ids: Set<String> = []
  private var count = 0
  private var partial: Partial?
  /// Whether the forced tool was called: its arguments were handed out as text.
  private(set) var hasAnswer = false
  /// Whether there are calls for the client to run.
  var hasCalls: Bool { count > 0 }

  init(answerTool: String?) { self.answerTool = answerTool }

  /// Takes one part. `answer` names the answer, for calls without an id of their own.
  /// - Throws: `upstreamInvalid` for a call without a name.
  mutating func take(
    _ call: JSONObject, answer: String?, into events: inout [StreamEvent]
  ) throws(ProviderError) {
    let id = call["id"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    // A piece may name its call once more.
    let isPiece = partial != nil && partial?.id != nil && partial?.id == id
    let name = isPiece ? "" : call["name"]?.string ?? ""
    let continues = call["willContinue"]?.bool == true
    let pieces = call["partialArgs"]?.array ?? []
    if name.isEmpty {
      guard partial != nil else {
        // An empty part ends a call that came in pieces.
        if call["args"] == nil, pieces.isEmpty { return }
        throw ProviderError(.upstreamInvalid, "the provider sent a tool call without the tool's name")
      }
    } else {
      finish(isCut: false, into: &events)
      let arguments = call["args"] ?? [:]
      if name == answerTool {
        return takeAnswer(arguments.string ?? arguments.text, &events)
      }
      begin(name, id: id, answer: answer, &events)
      guard continues || !pieces.isEmpty else {
        return end(count - 1, arguments.string ?? arguments.text, &events)
      }
      partial = Partial(index: count - 1, id: id, arguments: arguments)
    }
    for piece in pieces { add(piece) }
    if !continues { finish(isCut: false, into: &events) }
  }

  /// Ends a call of which no more pieces come. One that is cut off keeps what came of its arguments, which then are
  /// no JSON.
  mutating func finish(isCut: Bool, into events: inout [StreamEvent]) {
    guard let partial else { return }
    let text = partial.arguments.text
    end(partial.index, isCut ? String(text.dropLast()) : text, &events)
    self.partial = nil
  }

  private mutating func takeAnswer(_ text: String, _ events: inout [StreamEvent]) {
    if hasAnswer {
      events.append(.warning("the model answered twice; the second answer was left out"))
    } else {
      hasAnswer = true
      events.append(.text(text))
    }
  }

  private mutating func begin(_ name: String, id: String?, answer: String?, _ events: inout [StreamEvent]) {
    var unique = id ?? ""
    if unique.isEmpty || ids.contains(unique) { unique = "call_\(answer.map { $0 + "_" } ?? "")\(count)" }
    ids.insert(unique)
    events.append(.toolCallStart(index: count, id: unique, name: name))
    count += 1
  }

  private func end(_ index: Int, _ arguments: String, _ events: inout [StreamEvent]) {
    events.append(.toolArguments(index: index, text: arguments))
    events.append(.toolCallEnd(index: index))
  }

  // MARK: - Pieces of arguments

  /// `{"jsonPath": "$.a[0].b", "stringValue": "…"}`; texts come in several pieces.
  private mutating func add(_ piece: JSONValue) {
    guard let path = piece["jsonPath"]?.string else { return }
    let value = piece["stringValue"] ?? piece["numberValue"] ?? piece["boolValue"] ?? .null
    guard var arguments = partial?.arguments else { return }
    partial?.arguments = .null
    Self.put(value, at: Self.steps(path)[...], into: &arguments)
    partial?.arguments = arguments
  }

  private enum Step { case key(String), index(Int) }
  /// The steps that are followed, as many as JSON may be nested: no stack is deep enough for any number.
  private static let mostSteps = 512

  /// `$.a[0]['b c']` as steps.
  private static func steps(_ path: String) -> [Step] {
    var steps: [Step] = []
    var rest = path.drop { $0 == "$" }
    while let first = rest.first, steps.count < mostSteps {
      rest.removeFirst()
      guard first == "[" else {
        if first != "." { rest = path[path.index(before: rest.startIndex)...] }
        let key = rest.prefix { $0 != "." && $0 != "[" }
        if !key.isEmpty { steps.append(.key(String(key))) }
        rest = rest.dropFirst(key.count)
        continue
      }
      let inside = rest.prefix { $0 != "]" }
      rest = rest.dropFirst(inside.count + 1)
      if let index = Int(inside) {
        steps.append(.index(index))
      } else {
        steps.append(.key(inside.filter { $0 != "'" && $0 != "\"" }))
      }
    }
    return steps
  }

  /// What changes is taken out of its place meanwhile: held twice, it would be copied for every piece.
  private static func put(_ value: JSONValue, at steps: ArraySlice<Step>, into place: inout JSONValue) {
    switch steps.first {
    case nil:
      guard case .string(let more) = value, var text = place.string else { return place = value }
      place = .null
      text += more
      place = .string(text)
    case .key(let key)?:
      var object = place.object ?? [:]
      place = .null
      var member = object[key] ?? .null
      object[key] = .null
      put(value, at: steps.dropFirst(), into: &member)
      object[key] = member
      place = .object(object)
    case .index(let index)?:
      var array = place.array ?? []
      place = .null
      // Elements come in order; one that skips others stands at the end.
      if !array.indices.contains(index) { array.append(.null) }
      put(value, at: steps.dropFirst(), into: &array[min(index, array.count - 1)])
      place = .array(array)
    }
  }
}
