import JSON
import JSONRPC
import Synchronization
import TestSupport

/// A door that tasks wait at until somebody opens it for good.
final class Gate: Sendable {
  private let state = Mutex<(isOpen: Bool, waiters: [CheckedContinuation<Void, Never>])>((false, []))

  func open() {
    let waiters = state.withLock { state in
      state.isOpen = true
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  func wait() async {
    await withCheckedContinuation { continuation in
      let isOpen = state.withLock { state in
        if !state.isOpen { state.waiters.append(continuation) }
        return state.isOpen
      }
      if isOpen { continuation.resume() }
    }
  }

  /// Waits until the task is cancelled.
  static func untilCancelled() async {
    let gate = Gate()
    await withTaskCancellationHandler {
      await gate.wait()
    } onCancel: {
      gate.open()
    }
  }
}

/// Answers what the tests ask for:
/// `echo` its params, `fail` with an error, `hang` until cancelled, `finishAnyway` after having been cancelled,
/// `hold` until `gate` opens, `ask` the client a question of its own. The notification `release` opens the gate,
/// `cancelAll` cancels what is in flight.
final class TestService: RPCService {
  let gate = Gate()
  /// Opens when a `hang` or `finishAnyway` runs.
  let isHanging = Gate()
  let wasCancelled = Gate()
  let isClosed = Gate()
  private let log = Mutex<[JSONValue]>([])
  private let notifications = Mutex<[String]>([])

  /// The params of all calls, in the order they were prepared.
  var prepared: [JSONValue] { log.withLock { $0 } }
  /// The methods of all notifications, in order.
  var notified: [String] { notifications.withLock { $0 } }

  func prepare(_ call: RPCCall) -> @Sendable () async throws(JSONRPC.RPCError) -> JSONValue {
    log.withLock { $0.append(call.params ?? .null) }
    return { () async throws(JSONRPC.RPCError) in try await self.answer(call) }
  }

  private func answer(_ call: RPCCall) async throws(JSONRPC.RPCError) -> JSONValue {
    switch call.method {
    case "echo": return call.params ?? .null
    case "subtract":
      let numbers = call.params?.array ?? [call.params?["minuend"] ?? .null, call.params?["subtrahend"] ?? .null]
      return .int((numbers.first?.int ?? 0) - (numbers.last?.int ?? 0))
    case "fail": throw JSONRPC.RPCError(code: 7, message: "failed", data: ["kind": "test"])
    case "hang", "finishAnyway":
      isHanging.open()
      await Gate.untilCancelled()
      wasCancelled.open()
      if call.method == "finishAnyway" { return "finished" }
      throw .internalError("the wait was interrupted")
    case "hold":
      await gate.wait()
      return "held"
    case "ask": return try await call.connection.request("question", ["about": call.params ?? .null])
    default: throw .methodNotFound(call.method)
    }
  }

  func notification(_ method: String, _ params: JSONValue?, from connection: RPCConnection) {
    notifications.withLock { $0.append(method) }
    if method == "release" { gate.open() }
    if method == "cancelAll" { connection.cancelAll() }
  }

  func closed(_ connection: RPCConnection) { isClosed.open() }
}

/// Runs `body` against a connection, and takes care that nothing of it outlives the test.
func withConnection(
  _ kind: RPCPair.Kind = .pipes, limits: RPCLimits = RPCLimits(), service: TestService = TestService(),
  _ body: (RPCPair, RPCConnection, TestService) async throws -> Void
) async throws {
  let pair = try RPCPair(kind)
  let connection = try RPCConnection(
    input: pair.serverInput, output: pair.serverOutput, service: service, limits: limits)
  connection.start()
  let ending = Task {
    _ = await connection.finished()
    pair.closeServer()
  }
  let result = await Result { try await body(pair, connection, service) }
  service.gate.open()
  pair.hangUp()
  await ending.value
  try result.get()
}

extension Result where Failure == any Error {
  /// What `body` returns or throws.
  init(_ body: () async throws -> Success) async {
    do { self = .success(try await body()) } catch { self = .failure(error) }
  }
}

/// The same numbers in every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
