import Completion
import JSON
import Platform
import TestSupport
import Testing

@testable import Engine

@Suite("What runs, across processes", .timeLimit(.minutes(1)))
struct RunningCountTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func total() throws -> Int { try RunningCount.total(stateDirectory: folder.path) }
  private func files() throws -> [String] { try FileSystem.list(folder.file("running")) }

  @Test("Everybody's completions are added up, and a file is gone when nothing of its process runs")
  func total() async throws {
    let (one, other) = (RunningCount(stateDirectory: folder.path), RunningCount(stateDirectory: folder.path))
    await one.settle()
    #expect(try folder.entries().isEmpty)
    for _ in 1...3 { one.add(1) }
    other.add(1)
    await one.settle()
    await other.settle()
    #expect(try total() == 4)
    #expect(try files().count == 2)
    one.add(-1)
    other.add(-1)
    await one.settle()
    await other.settle()
    #expect(try total() == 2)
    #expect(try files().count == 1)
    one.add(-2)
    await one.settle()
    #expect(try total() == 0)
    #expect(try files().isEmpty)
    one.add(1)
    await one.settle()
    #expect(try total() == 1)
  }

  @Test("What comes and goes at the same time leaves nothing behind")
  func many() async throws {
    let count = RunningCount(stateDirectory: folder.path)
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<200 {
        group.addTask {
          count.add(1)
          if number % 10 == 0 { await count.settle() }
          count.add(-1)
        }
      }
    }
    await count.settle()
    #expect(try files().isEmpty)
  }

  @Test("The file of a process that died does not count, and is taken away")
  func dead() throws {
    try folder.write("running/1-dead", "12345")
    #expect(try total() == 0)
    #expect(try files().isEmpty)
  }

  @Test("Where nothing can be written, nothing is counted and nobody waits")
  func unwritable() async throws {
    try folder.write("running", "a file")
    let count = RunningCount(stateDirectory: folder.path)
    count.add(1)
    await count.settle()
    #expect(throws: SystemError.self) { try total() }
  }

  @Test("An engine's completions count from their admission to their end, however they end")
  func engine() async throws {
    let person = try Person(config: ["defaultProvider": "echo"])
    let other = CompletionEngine(environment: Environment(["PATCHBAY_HOME": person.folder.path]))
    let one = try await person.engine.admit(CompletionCall(input: [Message(.user, "one")]))
    let two = try await person.engine.admit(CompletionCall(input: [Message(.user, "two")]))
    // Counts its own first, so that the other sees them.
    #expect(try await person.engine.runningEverywhere() == 2)
    #expect(try await other.runningEverywhere() == 2)
    _ = try await person.engine.run(one, into: Sink())
    person.engine.abandon(two)
    _ = await person.failure("three") {
      $0.session = "s"; $0.provider = "nosuch"
    }
    #expect(try await person.engine.runningEverywhere() == 0)
    #expect(try await other.runningEverywhere() == 0)
  }
}
