/// What `work` yields, or `nil` as soon as the task is cancelled. `work` is not cancelled with it: it goes on, and what
/// it yields then is dropped. For waiting that cannot be interrupted.
package func unlessCancelled<Value: Sendable>(_ work: @escaping @Sendable () async -> Value) async -> Value? {
  let (values, continuation) = AsyncStream.makeStream(of: Value.self)
  Task {
    continuation.yield(await work())
    continuation.finish()
  }
  // A stream's iterator ends with `nil` when its task is cancelled.
  for await value in values { return value }
  return nil
}
