/// Where the items of an answer are, by all that events call them: a search through all of them for every event would
/// let an answer with very many items cost any time.
struct ResponsesItemIndex {
  private var byOutputIndex: [Int: Int] = [:]
  private var byID: [String: Int] = [:]
  private var byCallID: [String: Int] = [:]
  private var byKind: [ResponsesItem.Kind: [Int]] = [:]
  /// Those that may still be open, the last one last.
  private var open: [ResponsesItem.Kind: [Int]] = [:]

  /// Notes a new item.
  mutating func add(_ item: ResponsesItem, at position: Int) {
    byKind[item.kind, default: []].append(position)
    open[item.kind, default: []].append(position)
    if let outputIndex = item.outputIndex { byOutputIndex[outputIndex] = position }
    note(item, at: position)
  }

  /// Notes what `item` is called now. Of two with the same name the last one has it.
  mutating func note(_ item: ResponsesItem, at position: Int) {
    if let id = item.id { byID[id] = max(position, byID[id] ?? 0) }
    if !item.callId.isEmpty { byCallID[item.callId] = max(position, byCallID[item.callId] ?? 0) }
  }

  func at(outputIndex: Int) -> Int? { byOutputIndex[outputIndex] }
  func called(_ id: String) -> Int? { byID[id] }
  func ofCall(_ callId: String) -> Int? { byCallID[callId] }

  /// The item that has `ordinal` of its kind before it.
  func item(_ ordinal: Int, of kind: ResponsesItem.Kind) -> Int? {
    guard let same = byKind[kind], same.indices.contains(ordinal) else { return nil }
    return same[ordinal]
  }

  /// The last item of `kind` that is not closed.
  mutating func lastOpen(_ kind: ResponsesItem.Kind, in items: [ResponsesItem]) -> Int? {
    while let last = open[kind]?.last {
      if !items[last].isClosed { return last }
      open[kind]?.removeLast()
    }
    return nil
  }
}
