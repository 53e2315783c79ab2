internal import Completion
internal import JSON

extension ResponsesAnswer {
  // MARK: - Which item

  /// The item at `outputIndex`, else the one called `id`: where both are there, some servers (Copilot) give every event
  /// another id, and others (llama-server) send no index.
  private func find(_ outputIndex: Int?, _ id: String?) -> Int? {
    if let outputIndex, let found = index.at(outputIndex: outputIndex) { return found }
    guard let id, !id.isEmpty, let found = index.called(id) else { return nil }
    return outputIndex == nil || items[found].outputIndex == nil ? found : nil
  }

  /// The item that `event` brings a piece for, begun now when it was not announced.
  private mutating func item(for event: JSONObject, _ kind: ResponsesItem.Kind) -> Int? {
    let outputIndex = event["output_index"]?.int
    let id = event["item_id"]?.string
    if let found = find(outputIndex, id) { return items[found].kind == kind ? found : nil }
    if outputIndex == nil, let open = index.lastOpen(kind, in: items) { return open }
    var item = ResponsesItem(kind)
    item.outputIndex = outputIndex
    item.id = id
    return add(item)
  }

  private mutating func add(_ item: ResponsesItem) -> Int {
    items.append(item)
    index.add(item, at: items.count - 1)
    return items.count - 1
  }

  private mutating func take(_ value: JSONObject, for position: Int) {
    items[position].take(value)
    index.note(items[position], at: position)
  }

  mutating func open(_ value: JSONObject, _ outputIndex: Int?, _ events: inout [StreamEvent]) {
    let item = ResponsesItem(value, outputIndex: outputIndex)
    if let known = find(outputIndex, item.id), items[known].kind == item.kind, !items[known].isClosed {
      return take(value, for: known)
    }
    let position = add(item)
    if item.kind == .call { announce(position, &events) }
  }

  // MARK: - Pieces

  /// Takes a delta, or the text that its deltas make: that one counts, and what they lacked of it is added.
  mutating func takePiece(_ event: JSONObject, _ type: String, _ events: inout [StreamEvent]) {
    typealias Piece = (kind: ResponsesItem.Kind, place: ResponsesItem.Place.Kind, value: String)
    let piece: Piece
    switch type {
    case "response.output_text.delta": piece = (.message, .text, "delta")
    case "response.output_text.done": piece = (.message, .text, "text")
    case "response.refusal.delta": piece = (.message, .refusal, "delta")
    case "response.refusal.done": piece = (.message, .refusal, "refusal")
    case "response.reasoning_summary_text.delta": piece = (.reasoning, .summary, "delta")
    case "response.reasoning_summary_text.done": piece = (.reasoning, .summary, "text")
    case "response.reasoning_text.delta": piece = (.reasoning, .reasoning, "delta")
    case "response.reasoning_text.done": piece = (.reasoning, .reasoning, "text")
    case "response.function_call_arguments.delta": piece = (.call, .arguments, "delta")
    case "response.function_call_arguments.done": piece = (.call, .arguments, "arguments")
    case "response.custom_tool_call_input.delta": piece = (.customCall, .arguments, "delta")
    case "response.custom_tool_call_input.done": piece = (.customCall, .arguments, "input")
    default: return
    }
    start(nil, &events)
    guard let text = event[piece.value]?.string, let position = item(for: event, piece.kind) else { return }
    if items[position].name.isEmpty, let name = event["name"]?.string { items[position].name = name }
    let index = event["content_index"]?.int ?? event["summary_index"]?.int ?? 0
    let place = ResponsesItem.Place(kind: piece.place, index: index)
    if piece.value == "delta", piece.place == .arguments, !streamsArguments { return }
    if piece.value == "delta" { say(text, place, position, &events) } else { settle(text, place, position, &events) }
  }

  /// Adds what the deltas of a text lacked of `whole`.
  mutating func settle(
    _ whole: String, _ place: ResponsesItem.Place, _ position: Int, _ events: inout [StreamEvent]
  ) {
    let said = items[position].said[place] ?? ""
    if whole.utf8.starts(with: said.utf8) {
      return say(String(whole.utf8.dropFirst(said.utf8.count)) ?? "", place, position, &events)
    }
    // The same arguments may be written with other spaces.
    if place.kind == .arguments, let value = try? JSONValue(parsing: said), value == (try? JSONValue(parsing: whole)) {
      return
    }
    if place.kind == .reasoning || place.kind == .summary { return }
    let what = place.kind == .arguments ? "a tool call's arguments" : "a text"
    warn("the provider corrected \(what) after sending it; what was sent first stands", &events)
  }

  private mutating func say(
    _ text: String, _ place: ResponsesItem.Place, _ position: Int, _ events: inout [StreamEvent]
  ) {
    guard !text.isEmpty else { return }
    switch place.kind {
    case .text: addText(text, position, &events)
    case .refusal: refusal += text
    case .summary, .reasoning: guard addReasoning(text, place, position, &events) else { return }
    case .arguments: addArguments(text, position, &events)
    }
    items[position].said[place, default: ""] += text
  }

  private mutating func addText(_ text: String, _ position: Int, _ events: inout [StreamEvent]) {
    hasText = true
    guard answerTool == nil else { return heldText += text }
    speak(position, &events)
    if let seal = items[position].takeSeal() { events.append(.reasoningEnd(opaque: seal)) }
    events.append(.text(text))
  }

  /// Makes the item the one being written. A thought that is not finished ends as far as it is.
  mutating func speak(_ position: Int?, _ events: inout [StreamEvent]) {
    if let current, current != position, items[current].isThinking { endThought(current, &events) }
    current = position
  }
}

// MARK: - Whole items

extension ResponsesAnswer {
  /// Takes an item that is complete.
  mutating func close(_ value: JSONObject, _ outputIndex: Int?, _ events: inout [StreamEvent]) {
    let item = ResponsesItem(value, outputIndex: outputIndex)
    if let known = find(outputIndex, item.id), items[known].kind == item.kind {
      return close(known, value, &events)
    }
    close(add(item), value, &events)
  }

  private mutating func close(_ position: Int, _ value: JSONObject, _ events: inout [StreamEvent]) {
    let wasClosed = items[position].isClosed
    take(value, for: position)
    switch items[position].kind {
    case .message:
      for (index, part) in (value["content"]?.array ?? []).enumerated() { settle(part, index, position, &events) }
    case .reasoning: closeReasoning(position, value, &events)
    case .call, .customCall: if !wasClosed { closeCall(position, value, &events) }
    case .hosted: break
    }
    items[position].isClosed = true
  }

  private mutating func settle(_ part: JSONValue, _ index: Int, _ position: Int, _ events: inout [StreamEvent]) {
    switch part["type"]?.string {
    case "output_text", "text":
      settle(part["text"]?.string ?? "", .init(kind: .text, index: index), position, &events)
    case "refusal": settle(part["refusal"]?.string ?? "", .init(kind: .refusal, index: index), position, &events)
    default: break
    }
  }

  /// Takes the finished list of items: what no event brought is added, what only it seals is sealed.
  mutating func reconcile(_ output: [JSONValue], _ events: inout [StreamEvent]) {
    var counts: [ResponsesItem.Kind: Int] = [:]
    for (index, value) in output.enumerated() {
      guard case .object(let value) = value else { continue }
      let item = ResponsesItem(value, outputIndex: index)
      let ordinal = counts[item.kind, default: 0]
      counts[item.kind] = ordinal + 1
      if let known = known(item, ordinal) {
        close(known, value, &events)
      } else {
        close(add(item), value, &events)
      }
    }
  }

  /// The item that was streamed as `item`: by its id or its call's id, else the one that is as far down among its kind.
  private func known(_ item: ResponsesItem, _ ordinal: Int) -> Int? {
    if let found = item.id.flatMap(index.called), items[found].kind == item.kind { return found }
    if item.callId.isEmpty { return index.item(ordinal, of: item.kind) }
    return index.ofCall(item.callId).flatMap { items[$0].kind == item.kind ? $0 : nil }
  }

  /// Ends what no event has ended.
  mutating func closeAll(_ events: inout [StreamEvent]) {
    for position in items.indices where !items[position].isClosed {
      items[position].isClosed = true
      switch items[position].kind {
      case .reasoning: if items[position].isThinking { endThought(position, &events) }
      case .call, .customCall: closeCall(position, [:], &events)
      case .message, .hosted: break
      }
    }
  }
}
