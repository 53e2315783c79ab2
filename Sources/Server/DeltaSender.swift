internal import Completion
internal import Engine
internal import Synchronization
internal import WireProtocol

/// Numbers the deltas of one completion and sends them to one client. While the client lags, neighbouring pieces of
/// text are merged; when too much is held back even so, the completion itself has to wait.
final class DeltaSender: CompletionSink {
  /// How many bytes of text may be held back.
  private static let holdLimit = 256 << 10
  /// A piece of so many bytes grows no more: merging copies it.
  private static let mergeLimit = 16 << 10

  private struct State {
    var nextNumber = 0
    var held: [StreamDelta] = []
    var heldSize = 0
    var isWaiting = false
  }

  private let peer: any ClientPeer
  private let encoder: StreamDeltaEncoder
  private let state = Mutex(State())

  init(to peer: any ClientPeer, _ encoder: StreamDeltaEncoder) {
    self.peer = peer
    self.encoder = encoder
  }

  func emit(_ deltas: [StreamDelta]) async {
    let mustWait = state.withLock { state in
      // Sent under the lock: numbers must reach the client in order, whoever emits.
      if state.held.isEmpty, !peer.isLagging {
        send(deltas, &state)
        return false
      }
      for delta in deltas { hold(delta, &state) }
      return state.heldSize > Self.holdLimit
    }
    if mustWait {
      await flush()
    } else {
      flushWhenDrained()
    }
  }

  /// Sends what is held back, as soon as the client can take it.
  func flush() async {
    guard state.withLock({ !$0.held.isEmpty }) else { return }
    await peer.drained()
    sendHeld()
  }

  private func flushWhenDrained() {
    let mustAsk = state.withLock { state in
      guard !state.held.isEmpty, !state.isWaiting else { return false }
      state.isWaiting = true
      return true
    }
    guard mustAsk else { return }
    peer.onDrained { [self] in
      state.withLock { $0.isWaiting = false }
      sendHeld()
    }
  }

  private func sendHeld() {
    state.withLock { state in
      let held = state.held
      state.held = []
      state.heldSize = 0
      send(held, &state)
    }
  }

  private func send(_ deltas: [StreamDelta], _ state: inout State) {
    guard !deltas.isEmpty else { return }
    peer.deliver(deltas, from: state.nextNumber, encoder)
    state.nextNumber += deltas.count
  }

  private func hold(_ delta: StreamDelta, _ state: inout State) {
    state.heldSize += delta.textSize
    if let last = state.held.last, last.textSize < Self.mergeLimit, let merged = last.merged(with: delta) {
      state.held[state.held.count - 1] = merged
    } else {
      state.held.append(delta)
    }
  }
}

/// For a client that asked not to hear of pieces.
struct SilentSink: CompletionSink {
  func emit(_ deltas: [StreamDelta]) async {}
}
