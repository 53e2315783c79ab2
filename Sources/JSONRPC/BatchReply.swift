internal import Synchronization

/// Where the response to one message goes.
enum ReplyAddress: Sendable {
  case client
  case batch(BatchReply, slot: Int)
}

/// The responses to the elements of a batch, which leave together when the last one is there, in the order of the
/// requests.
final class BatchReply: Sendable {
  private struct State {
    var responses: [[UInt8]]
    var missing: Int
  }

  private let state: Mutex<State>

  /// For a batch with `count` elements that are answered.
  init(count: Int) {
    state = Mutex(State(responses: Array(repeating: [], count: count), missing: count))
  }

  /// Puts one response in its place. The last one gets the text of the whole array.
  func put(_ response: [UInt8], at slot: Int) -> [UInt8]? {
    let complete: [[UInt8]]? = state.withLock { state in
      state.responses[slot] = response
      state.missing -= 1
      guard state.missing == 0 else { return nil }
      defer { state.responses = [] }
      return state.responses
    }
    guard let complete else { return nil }
    return [UInt8(ascii: "[")] + complete.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "]")]
  }
}
