package import Completion
internal import Credentials
internal import HTTP
internal import JSON
internal import Platform
internal import Synchronization

/// What the engine did lately: the exchanges of late in memory, and everything in a file if somebody wants it.
package final class EngineLog: Sendable {
  /// How much is written to the file: errors; also what was done; also what clients ask.
  package enum Level: String, Sendable, CaseIterable, Comparable {
    case error, info, debug

    package static func < (left: Level, right: Level) -> Bool {
      let all = Level.allCases
      return all.firstIndex(of: left) ?? 0 < all.firstIndex(of: right) ?? 0
    }
  }

  /// How many exchanges are remembered.
  package static let capacity = 200
  /// So much of a body is written at most.
  private static let bodyLimit = 1 << 20

  private struct Ring {
    var entries: [ExchangeEntry] = []
    var next = 0

    mutating func add(_ entry: ExchangeEntry) {
      if entries.count < EngineLog.capacity {
        entries.append(entry)
      } else {
        entries[next] = entry
      }
      next = (next + 1) % EngineLog.capacity
    }
  }

  private let ring = Mutex(Ring())
  private let file: LogFile?
  private let level: Level
  private let writesBodies: Bool
  /// Tells of every exchange.
  package let exchanges = Broadcast<ExchangeEntry>()

  /// A log that only remembers, or writes to `file`, too.
  package init(file: LogFile? = nil, level: Level = .info, bodies: Bool = false) {
    self.file = file
    self.level = level
    writesBodies = bodies && file != nil
  }

  /// How much of each response's body is to be kept for the log.
  var keptBody: Int { writesBodies ? Self.bodyLimit : 0 }

  /// The latest exchanges, the newest first.
  package func latest(_ limit: Int) -> [ExchangeEntry] {
    ring.withLock { ring in
      let isFull = ring.entries.count == Self.capacity
      let ordered = isFull ? ring.entries[ring.next...] + ring.entries[..<ring.next] : ring.entries[...]
      return ordered.suffix(limit).reversed()
    }
  }

  /// Waits until the file holds all that was said.
  package func settle() async { await file?.settle() }

  // MARK: What is said

  /// An exchange is over.
  func note(_ report: ExchangeReport, _ context: ExchangeContext?) {
    let entry = ExchangeEntry(report, context, ExchangeScope.current, time: KeyResolver.systemTime())
    ring.withLock { $0.add(entry) }
    exchanges.send(entry)
    let failed = entry.error.map { $0 != .cancelled } ?? false
    say(failed ? .error : .info, "exchange") { line in
      // The time of the line is the entry's.
      line.merge(entry.json)
      // What buys or renews a credential is never written down.
      guard writesBodies, let context, context.purpose != nil else { return }
      line["requestBody"] = Self.text(report.request.body ?? [], report.request, context)
      line["responseBody"] = Self.text(report.body, report.request, context)
      if report.bodySize > report.body.count { line["responseBodyIsCut"] = true }
    }
  }

  /// A completion, or another call that costs, has ended.
  func note(_ ledgerLine: LedgerLine) {
    let isFailure = !ledgerLine.isAnswered && ledgerLine.outcome != ErrorKind.cancelled.rawValue
    say(isFailure ? .error : .info, "completion") { line in
      for (name, value) in ledgerLine.json.object ?? [:] where name != "time" { line[name] = value }
    }
  }

  /// Something that no client is told of, or not as loudly, went wrong.
  func note(_ error: ProviderError, about subject: String) {
    say(.error, "problem") { line in
      line["subject"] = .string(subject)
      line["kind"] = .string(error.kind.rawValue)
      line["message"] = .string(error.message)
    }
  }

  /// The program begins or ends: in the file whatever the level, and so is that bodies are.
  package func note(event: String, version: String) {
    say(.error, event, as: .info) { line in
      line["pid"] = .int(Int(getpid()))
      line["version"] = .string(version)
      if writesBodies { line["warning"] = "bodies are written to this file: everything that is said to providers" }
    }
  }

  /// A client's request was answered.
  package func note(request method: String, _ error: ProviderError?, took duration: Duration) {
    say(.debug, "request") { line in
      line["method"] = .string(method)
      line["durationMs"] = .int(Int(duration / .milliseconds(1)))
      line.set("error", error.map { .string($0.kind.rawValue) })
      line.set("message", error.map { .string($0.message) })
    }
  }

  /// Writes a line when as much as `level` is wanted; it is marked as `mark` where that is another.
  private func say(_ level: Level, _ event: String, as mark: Level? = nil, _ fill: (inout JSONObject) -> Void) {
    guard let file, level <= self.level else { return }
    var line: JSONObject = [
      "time": .string(Timestamp.now()), "level": .string((mark ?? level).rawValue), "event": .string(event),
    ]
    fill(&line)
    file.append(line)
  }

  /// A body without what is known to be secret: the endpoint's own secrets and whatever the request's headers carry.
  private static func text(_ body: [UInt8], _ request: HTTPRequest, _ context: ExchangeContext) -> JSONValue {
    let carried = request.headers.filter { !harmlessHeaders.contains($0.name.lowercased()) }.map(\.value)
    // A header may hold a secret behind a word: "Bearer …".
    let words = carried.flatMap { $0.reveal().split(separator: " ").map { Secret(String($0)) } }
    let text = String(decoding: body.prefix(bodyLimit), as: UTF8.self)
    return .string(text.redacting(context.secrets + carried + words))
  }

  /// Headers whose values may well stand in a body.
  private static let harmlessHeaders: Set<String> = ["content-type", "accept", "user-agent", "anthropic-version"]
}
