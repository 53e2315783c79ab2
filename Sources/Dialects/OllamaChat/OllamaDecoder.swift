internal import Completion
internal import HTTP
internal import JSON

/// Reads `/api/chat`: one JSON document a line, the last of which says `"done": true`.
struct OllamaDecoder: AnswerDecoder {
  private var lines = LineDecoder()
  private var hasStarted = false
  private var hasOutput = false
  private var callCount = 0
  private var isDone = false

  mutating func decode(_ bytes: ArraySlice<UInt8>, into events: inout [StreamEvent]) throws(ProviderError) {
    var rest = bytes
    while let line = try upstream({ () throws(HTTPError) in try lines.next(in: &rest) }) {
      try decodeLine(line, into: &events)
    }
  }

  mutating func finish(into events: inout [StreamEvent]) throws(ProviderError) {
    if let line = lines.finish() { try decodeLine(line, into: &events) }
    guard isDone else { throw UpstreamAnswer.cutOff("\"done\"") }
  }

  private mutating func decodeLine(_ line: ArraySlice<UInt8>, into events: inout [StreamEvent]) throws(ProviderError) {
    if line.contains(where: { $0 > 0x20 }) { try decodeDocument(line, into: &events) }
  }

  /// Takes one line, or the whole of an answer that was not streamed.
  mutating func decodeDocument(_ bytes: ArraySlice<UInt8>, into events: inout [StreamEvent]) throws(ProviderError) {
    let chunk = try UpstreamAnswer.object(in: bytes)
    guard !isDone else { return events.append(.warning("the provider went on after the end of its answer")) }
    if !hasStarted {
      hasStarted = true
      events.append(.started(id: nil, model: chunk["model"]?.string))
    }
    if let message = chunk["message"]?.object { take(message, into: &events) }
    if chunk["done"]?.bool == true { try end(chunk, into: &events) }
  }

  private mutating func take(_ message: JSONObject, into events: inout [StreamEvent]) {
    if let thinking = message["thinking"]?.string, !thinking.isEmpty {
      hasOutput = true
      events.append(.reasoning(thinking))
    }
    if let text = message["content"]?.string, !text.isEmpty {
      hasOutput = true
      events.append(.text(text))
    }
    for call in message["tool_calls"]?.array ?? [] {
      guard let function = call["function"], let name = function["name"]?.string, !name.isEmpty else {
        events.append(.warning("a tool call that names no function was left out"))
        continue
      }
      hasOutput = true
      let id = call["id"]?.string.flatMap { $0.isEmpty ? nil : $0 } ?? "call_\(callCount)"
      events.append(.toolCallStart(index: callCount, id: id, name: name))
      let arguments = function["arguments"] ?? [:]
      events.append(.toolArguments(index: callCount, text: arguments.string ?? arguments.text))
      events.append(.toolCallEnd(index: callCount))
      callCount += 1
    }
  }

  private mutating func end(_ chunk: JSONObject, into events: inout [StreamEvent]) throws(ProviderError) {
    isDone = true
    // The count of the prompt may be missing when the prompt was cached.
    if chunk["prompt_eval_count"] != nil || chunk["eval_count"] != nil {
      let usage = Usage(input: chunk["prompt_eval_count"]?.int ?? 0, output: chunk["eval_count"]?.int ?? 0)
      events.append(.usage(usage))
    }
    let raw = chunk["done_reason"]?.string ?? ""
    guard hasOutput || raw == "length" else {
      throw ProviderError(.upstreamInvalid, "the provider sent an empty answer (\(raw))", hint: "Try again.")
    }
    switch raw {
    case "length": events.append(.stop(.length, raw: raw))
    case "", "stop": events.append(.stop(callCount > 0 ? .toolUse : .end, raw: raw))
    default:
      events.append(.warning("the finish reason \"\(raw)\" is not known; taken as the end"))
      events.append(.stop(callCount > 0 ? .toolUse : .end, raw: raw))
    }
  }
}
