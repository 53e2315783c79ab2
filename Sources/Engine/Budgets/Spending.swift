internal import Completion
internal import Credentials
internal import Platform
internal import Synchronization

/// What was spent today and in sessions with a budget: read from the ledger once, and from then on only what is new in
/// it, plus what is running in this process.
final class Spending: Sendable {
  /// So many sessions are kept track of; beyond that all are forgotten, and read again when needed.
  private static let sessionLimit = 256

  private struct Sums {
    var position: LedgerFiles.Position?
    var since = Int.max
    var today: LocalDay?
    var day = 0.0
    var sessions: [String: Double] = [:]
  }

  private let files: LedgerFiles
  private let sums = Mutex(Sums())
  private let running = Mutex<[String: (session: String?, meter: SpendMeter)]>([:])

  init(_ files: LedgerFiles) { self.files = files }

  /// A completion has begun, which may cost something.
  func began(_ completionId: String, session: String?, _ meter: SpendMeter) {
    running.withLock { $0[completionId] = (session, meter) }
  }

  /// What it cost is in the ledger now.
  func ended(_ completionId: String) { running.withLock { _ = $0.removeValue(forKey: completionId) } }

  /// What was spent on this day and in `session`, which was made at `createdAt`, without the completion that asks.
  /// Blocks while it reads.
  /// - Throws: `storage` for a ledger that cannot be read.
  func spent(
    session: String?, since createdAt: Int, besides completionId: String, now: Int
  ) throws(ProviderError) -> (day: Double, session: Double) {
    let today = LocalDay(of: now)
    let recorded = sums.withLock { sums -> Result<(Double, Double), SystemError> in
      if sums.today != today {
        // Sessions have no days, but what is known of the last day goes with its sum.
        (sums.today, sums.day) = (today, 0)
        sums.position = nil
      }
      if let session, sums.sessions[session] == nil {
        if sums.sessions.count >= Self.sessionLimit { sums.sessions = [:] }
        sums.sessions[session] = 0
        sums.since = min(sums.since, createdAt)
        sums.position = nil
      }
      return Result { () throws(SystemError) in
        try self.catchUp(&sums, today)
        return (sums.day, session.flatMap { sums.sessions[$0] } ?? 0)
      }
    }
    do throws(SystemError) {
      let (day, inSession) = try recorded.get()
      let others = running.withLock { $0.filter { $0.key != completionId }.values.map { ($0.session, $0.meter.cost) } }
      let atWork = others.filter { session != nil && $0.0 == session }.reduce(0) { $0 + $1.1 }
      return (day + others.reduce(0) { $0 + $1.1 }, inSession + atWork)
    } catch {
      throw ProviderError(error)
    }
  }

  private func catchUp(_ sums: inout Sums, _ today: LocalDay) throws(SystemError) {
    if sums.position == nil {
      sums.day = 0
      for session in sums.sessions.keys { sums.sessions[session] = 0 }
    }
    let (start, end) = (today.start, today.end)
    sums.position = try files.read(since: min(sums.since, start), from: sums.position) { line in
      guard !line.isElsewhere, let cost = line.cost?.total else { return }
      if line.time >= start, line.time < end { sums.day += cost }
      if let session = line.session, let sum = sums.sessions[session] { sums.sessions[session] = sum + cost }
    }.position
  }
}
