import Completion
import Testing
import Upstream

/// Whatever goes wrong, in whichever API family, ends in the same way: see `FaultRows`.
@Suite("The fault table", .timeLimit(.minutes(5)))
struct FaultTableTests {
  private struct Column: Sendable {
    var api: String
    /// One for each row; `nil` where this machine cannot show it.
    var cells: [Observation?] = []
  }

  @Test("Every fault in every API family ends as the protocol says")
  func table() async throws {
    let elsewhere = try Upstream { _, exchange in try exchange.respond() }
    let secure = try await SecureServers.start()
    let rows = FaultRows.all(elsewhere: elsewhere.url)
    let columns = try await withThrowingTaskGroup(of: Column.self) { group in
      for family in AnswerFamilies.all { group.addTask { try await column(family, rows, secure) } }
      return try await group.reduce(into: [Column]()) { $0.append($1) }
    }
    let sorted = AnswerFamilies.all.compactMap { family in columns.first { $0.api == family.api } }
    show(rows, sorted)
    #expect(elsewhere.requests.isEmpty, "a key went where a redirect led")
    #expect(sorted.reduce(0) { $0 + $1.cells.count { $0 != nil } } >= 250)
  }

  private func column(
    _ family: any AnswerFamily, _ rows: [FaultRow], _ secure: SecureServers?
  ) async throws -> Column {
    let lab = try FaultLab(family, secure)
    var column = Column(api: family.api)
    for (index, row) in rows.enumerated() {
      let observation = try await lab.fate(of: row, session: "row \(index)")
      column.cells.append(observation)
      guard let observation else { continue }
      let cell = "\(row.name) × \(family.api)"
      let expected = row.fate(family.api)
      if observation.fate != expected {
        Issue.record("\(cell): \(observation.fate) instead of \(expected) (\(observation.message))")
      }
      for problem in observation.problems { Issue.record("\(cell): \(problem) (\(observation.message))") }
    }
    return column
  }

  // MARK: - The table

  private static let short: [ErrorKind: String] = [
    .authRejected: "aut", .rateLimited: "rat", .overloaded: "ovl", .quotaExceeded: "quo", .contextOverflow: "ctx",
    .modelNotFound: "mod", .upstreamError: "err", .upstreamInvalid: "inv", .timeout: "tim", .network: "net",
    .cancelled: "can",
  ]

  private func show(_ rows: [FaultRow], _ columns: [Column]) {
    let width = rows.map(\.name.count).max() ?? 0
    let legend = Self.short.map { "\($0.value) \($0.key)" }.sorted().joined(separator: ", ")
    let count = columns.reduce(0) { $0 + $1.cells.count { $0 != nil } }
    print("figure: fault table, \(count) cells: kind and number of tries, + where the result says what was mended")
    print("figure: ok is an answer, \(legend)")
    print("figure: columns: \(columns.map(\.api).joined(separator: ", "))")
    for (index, row) in rows.enumerated() {
      let cells = columns.map { column -> String in
        guard let fate = column.cells[index]?.fate else { return "-----" }
        return "\(fate.kind.map { Self.short[$0] ?? "?" } ?? "ok.")\(fate.attempts)\(fate.warns ? "+" : ".")"
      }
      let dots = String(repeating: ".", count: width - row.name.count + 1)
      print("figure: \(row.name.replacing(" ", with: "_"))\(dots) \(cells.joined(separator: " "))")
    }
  }
}
