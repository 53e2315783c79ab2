import Completion
import JSON
import Platform
import Synchronization
import TestSupport
import Testing
import Upstream

@testable import Engine

extension LedgerLine {
  /// A line of a completion that cost `cost`.
  static func sample(
    _ time: Int = 1_769_851_800_250, provider: String = "acme", model: String = "m", session: String? = nil,
    outcome: String = "end", usage: Usage = Usage(input: 10, output: 5), cost: Double? = 0.5
  ) -> LedgerLine {
    var line = LedgerLine(method: "complete", provider: provider, model: model, outcome: outcome, time: time)
    line.session = session
    line.usage = usage
    line.cost = cost.map { Cost(input: $0) }
    line.durationMs = 100
    return line
  }
}

@Suite("The ledger on disk", .timeLimit(.minutes(1)))
struct LedgerTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private var path: String { folder.file("usage.jsonl") }

  private func lines(_ files: LedgerFiles, since: Int = 0) throws -> [LedgerLine] {
    var lines: [LedgerLine] = []
    #expect(try files.read(since: since) { lines.append($0) }.damaged == 0)
    return lines
  }

  private func text(_ line: LedgerLine) -> [UInt8] { line.json.bytes + [0x0A] }

  @Test("A line says who, how much and what became of it, and reads back as it was written")
  func format() throws {
    var line = LedgerLine.sample(
      session: "ses_1", outcome: "timeout", usage: Usage(input: 1, output: 2, cacheRead: 3, cacheWrite: 4, reasoning: 1)
    )
    (line.account, line.completionId, line.isElsewhere, line.attempts) = ("work", "cmp_1", true, 2)
    line.usage.cacheWriteLong = 3
    #expect(
      line.json.text
        == #"{"time":"2026-01-31T09:30:00.250Z","method":"complete","provider":"acme","model":"m","account":"work","#
        + #""session":"ses_1","completionId":"cmp_1","usage":{"input":1,"output":2,"cacheRead":3,"cacheWrite":4,"#
        + #""cacheWriteLong":3,"reasoning":1,"total":10,"estimated":false},"#
        + #""cost":{"input":0.5,"output":0,"cacheRead":0,"cacheWrite":0,"total":0.5},"billed":"elsewhere","#
        + #""durationMs":100,"attempts":2,"outcome":"timeout"}"#)
    #expect(LedgerLine(line.json) == line)
    line.cost = nil
    #expect(line.json["cost"] == .null)
    #expect(LedgerLine(line.json) == line)
    #expect(LedgerLine(["time": "yesterday", "provider": "p", "model": "m", "outcome": "end"]) == nil)
    #expect(LedgerLine(["provider": "p"]) == nil)
  }

  @Test("The file is for its owner alone")
  func mode() throws {
    try LedgerFiles(folder: folder.path).append(text(.sample()))
    var status = stat()
    #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
  }

  @Test("Many writers that all find the file full lose no line, and none is torn")
  func manyWriters() async throws {
    // Room for some ten lines a file, and for all files.
    let limits = LedgerFiles.Limits(size: 3000, kept: 100)
    await withTaskGroup(of: Void.self) { group in
      for writer in 0..<8 {
        let ledger = Ledger(folder: folder.path, limits: limits)
        group.addTask {
          for number in 0..<50 {
            let problem = await ledger.record(.sample(provider: "w\(writer)", model: "\(number)"))
            #expect(problem == nil)
          }
        }
      }
    }
    let found = try lines(LedgerFiles(folder: folder.path, limits: limits)).map { "\($0.provider)/\($0.model)" }
    #expect(found.count == 400)
    #expect(Set(found).count == 400)
    #expect(try FileSystem.list(folder.path).count > 10)
  }

  @Test("Only as many full files are kept as shall be, the latest")
  func rotation() throws {
    let files = LedgerFiles(folder: folder.path, limits: .init(size: 1, kept: 3))
    for number in 1...6 { try files.append(text(.sample(model: "\(number)"))) }
    #expect(try lines(files).map(\.model) == ["3", "4", "5", "6"])
    #expect(
      try FileSystem.list(folder.path).sorted() == ["usage-1.jsonl", "usage-2.jsonl", "usage-3.jsonl", "usage.jsonl"])
  }

  @Test("A move that was cut short loses nothing at the next one")
  func interruptedRotation() throws {
    let files = LedgerFiles(folder: folder.path, limits: .init(size: 1, kept: 9))
    for number in 1...4 { try files.append(text(.sample(model: "\(number)"))) }
    // As if a process had been killed when it had made room and not yet used it.
    try #require(rename(folder.file("usage-1.jsonl"), folder.file("usage-4.jsonl")) == 0)
    try files.append(text(.sample(model: "5")))
    #expect(Set(try lines(files).map(\.model)) == ["1", "2", "3", "4", "5"])
  }

  @Test("What a killed process left of a line is passed over, and gone after the next write")
  func tornLine() throws {
    let files = LedgerFiles(folder: folder.path)
    try files.append(text(.sample(model: "1")))
    let torn = text(.sample(model: "2")).dropLast(20)
    try folder.write("usage.jsonl", String(decoding: try #require(try FileSystem.read(path)) + torn, as: UTF8.self))
    #expect(try lines(files).map(\.model) == ["1"])
    try files.append(text(.sample(model: "3")))
    #expect(try lines(files).map(\.model) == ["1", "3"])
    #expect(try FileSystem.read(path) == text(.sample(model: "1")) + text(.sample(model: "3")))
  }

  @Test("Lines that make no sense are counted, and hide no others")
  func damaged() throws {
    let good = String(decoding: text(.sample()), as: UTF8.self)
    try folder.write("usage.jsonl", good + "no JSON\n{}\n" + String(repeating: "x", count: 700_000) + "\n" + good)
    var count = 0
    let damaged = try LedgerFiles(folder: folder.path).read { _ in count += 1 }.damaged
    #expect((count, damaged) == (2, 3))
  }

  @Test("Reading goes on where it stopped, also in a file that was moved on")
  func positions() throws {
    let files = LedgerFiles(folder: folder.path, limits: .init(size: 600, kept: 9))
    var models: [String] = []
    var position: LedgerFiles.Position?
    for number in 1...9 {
      try files.append(text(.sample(model: "\(number)")))
      if number % 2 == 0 { position = try files.read(from: position) { models.append($0.model) }.position }
    }
    _ = try files.read(from: position) { models.append($0.model) }
    #expect(models == (1...9).map(String.init))
    #expect(try FileSystem.list(folder.path).count > 2)
  }

  @Test("Lines from before the time that is asked for are left out")
  func since() throws {
    let files = LedgerFiles(folder: folder.path)
    for time in [1000, 2000, 3000] { try files.append(text(.sample(time, model: "\(time)"))) }
    #expect(try lines(files, since: 2000).map(\.model) == ["2000", "3000"])
    #expect(try lines(LedgerFiles(folder: folder.file("none"))).isEmpty)
  }

  @Test("A ledger that cannot be written says so, and writes what it kept when it can")
  func unwritable() async throws {
    try FileSystem.makeDirectory(path)
    let ledger = Ledger(folder: folder.path)
    let problem = try #require(await ledger.record(.sample(model: "1")))
    #expect(problem.kind == .storage)
    #expect(problem.message.contains("usage.jsonl"))
    try FileSystem.remove(path)
    #expect(await ledger.record(.sample(model: "2")) == nil)
    #expect(try lines(ledger.files).map(\.model) == ["1", "2"])
  }

  @Test("Who has waited long enough for a lock goes on, and the line follows")
  func slowLock() async throws {
    let other = try #require(try LineFile(path: path, create: true))
    #expect(try other.lock(wait: false))
    let gate = Gate()
    let ledger = Ledger(folder: folder.path, patience: { (try? await gate.opened()) != nil })
    gate.open()
    let problem = try #require(await ledger.record(.sample()))
    #expect(problem.message.contains("another process holds its lock"))
    other.unlock()
    await ledger.settle()
    #expect(try lines(ledger.files).count == 1)
  }
}
