internal import JSONRPC
internal import Platform
internal import Synchronization

/// The wish to end the program: by the client, a signal, or the process that started it. What runs is cancelled and
/// stored; when that takes too long, the program ends all the same.
final class ExitRequest: Sendable {
  /// In seconds.
  private static let patience: UInt32 = 2

  private struct State {
    var code: Int32?
    var connection: RPCConnection?
  }

  private let state = Mutex(State())

  /// The connection to close.
  var connection: RPCConnection? {
    get { state.withLock { $0.connection } }
    set { state.withLock { $0.connection = newValue } }
  }

  /// The exit status that was asked for first; success when nobody asked.
  var code: Int32 { state.withLock { $0.code } ?? ExitStatus.success }

  /// Ends the program with `code`. Only the first call counts.
  func end(_ code: Int32) {
    let connection: RPCConnection? = state.withLock { state in
      guard state.code == nil else { return nil }
      state.code = code
      return state.connection
    }
    guard let connection else { return }
    startThread("exit-limit") {
      sleep(Self.patience)
      _exit(code)
    }
    connection.close()
  }
}
