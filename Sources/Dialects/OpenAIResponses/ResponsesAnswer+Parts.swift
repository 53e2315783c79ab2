internal import Completion
internal import JSON

// MARK: - Reasoning

extension ResponsesAnswer {
  /// Whether the text is shown.
  mutating func addReasoning(
    _ text: String, _ place: ResponsesItem.Place, _ position: Int, _ events: inout [StreamEvent]
  ) -> Bool {
    guard items[position].shown.map({ $0 == place.kind }) ?? true else { return false }
    hasReasoning = true
    speak(position, &events)
    items[position].shown = place.kind
    // Each part of a summary is a thought of its own.
    if items[position].isThinking, let last = items[position].lastPlace, last != place {
      events.append(.reasoningEnd())
    }
    items[position].lastPlace = place
    items[position].isThinking = true
    events.append(.reasoning(text))
    return true
  }

  /// Ends a thought whose item is not complete; where its place in the answer is known, it can be completed later.
  mutating func endThought(_ position: Int, _ events: inout [StreamEvent]) {
    items[position].isThinking = false
    guard !items[position].isPlaced, let id = items[position].id else { return events.append(.reasoningEnd()) }
    items[position].isPlaced = true
    events.append(.reasoningEnd(opaque: ["item": ["type": "reasoning", "id": .string(id)]]))
  }

  mutating func closeReasoning(_ position: Int, _ value: JSONObject, _ events: inout [StreamEvent]) {
    let contents = (value["content"]?.array ?? []).compactMap { $0["text"]?.string }
    let summary = (value["summary"]?.array ?? []).compactMap { $0["text"]?.string }
    let kind = items[position].shown ?? (contents.contains { !$0.isEmpty } ? .reasoning : .summary)
    for (index, text) in (kind == .reasoning ? contents : summary).enumerated() {
      settle(text, .init(kind: kind, index: index), position, &events)
    }
    let isSealed = !(value["encrypted_content"]?.string ?? "").isEmpty
    defer { items[position].isSealed = items[position].isSealed || isSealed }
    guard !items[position].isPlaced else {
      if items[position].isThinking { endThought(position, &events) }
      let isNews = !items[position].isClosed || isSealed && !items[position].isSealed
      if isNews { complete(position, value) }
      return
    }
    items[position].isPlaced = true
    let isThinking = items[position].isThinking
    speak(position, &events)
    items[position].isThinking = false
    if isThinking || isSealed {
      hasReasoning = true
      events.append(.reasoningEnd(opaque: ["item": .object(value)]))
    } else if let id = items[position].id {
      // Azure may send the sealed content only with the last event.
      events.append(.reasoningEnd(opaque: ["next": ["item": ["type": "reasoning", "id": .string(id)]]]))
    }
    current = nil
  }

  /// Keeps the item to be put where its place is.
  private mutating func complete(_ position: Int, _ value: JSONObject) {
    var value = value
    value.set("id", items[position].id.map(JSONValue.string))
    let id = value["id"]?.string ?? ""
    if let known = latePositions[id] {
      lateItems[known] = .object(value)
    } else {
      latePositions[id] = lateItems.count
      lateItems.append(.object(value))
    }
  }
}

// MARK: - Calls

extension ResponsesAnswer {
  /// Begins the call, once its name is known.
  mutating func announce(_ position: Int, _ events: inout [StreamEvent]) {
    guard case .unannounced = items[position].role, !items[position].name.isEmpty else { return }
    let arguments = items[position].said[.arguments] ?? ""
    guard items[position].name != answerTool else {
      if hasAnswer { warn("a second structured answer was left out", &events) }
      items[position].role = hasAnswer ? .surplusAnswer : .answer
      hasAnswer = true
      return emit(arguments, position, &events)
    }
    speak(nil, &events)
    if items[position].callId.isEmpty {
      items[position].callId = items[position].id ?? "call_\(position)"
      index.note(items[position], at: position)
    }
    if let seal = items[position].takeSeal() { events.append(.reasoningEnd(opaque: seal)) }
    events.append(.toolCallStart(index: announcedCalls, id: items[position].callId, name: items[position].name))
    items[position].role = .call(announcedCalls)
    announcedCalls += 1
    emit(arguments, position, &events)
  }

  mutating func addArguments(_ text: String, _ position: Int, _ events: inout [StreamEvent]) {
    announce(position, &events)
    emit(text, position, &events)
  }

  private func emit(_ arguments: String, _ position: Int, _ events: inout [StreamEvent]) {
    guard items[position].kind == .call, !arguments.isEmpty else { return }
    switch items[position].role {
    case .call(let index): events.append(.toolArguments(index: index, text: arguments))
    case .answer: events.append(.text(arguments))
    case .surplusAnswer, .unannounced: break
    }
  }

  mutating func closeCall(_ position: Int, _ value: JSONObject, _ events: inout [StreamEvent]) {
    announce(position, &events)
    let whole = ResponsesItem.arguments(of: value)
    let hasSaid = items[position].said[.arguments] != nil
    if !whole.isEmpty || !hasSaid {
      settle(whole.isEmpty ? items[position].firstArguments : whole, .arguments, position, &events)
    }
    guard case .call(let index) = items[position].role else { return }
    if items[position].kind == .customCall {
      let input: JSONValue = ["input": .string(items[position].said[.arguments] ?? "")]
      events.append(.toolArguments(index: index, text: input.text))
    }
    events.append(.toolCallEnd(index: index))
  }
}
