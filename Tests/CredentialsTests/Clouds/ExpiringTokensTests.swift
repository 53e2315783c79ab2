import Completion
import Credentials
import Platform
import Synchronization
import Testing
import Upstream

@Suite("Tokens that are kept for a while", .timeLimit(.minutes(1)))
struct ExpiringTokensTests {
  /// Hands values out when the test says so.
  private final class Source: Sendable {
    let started = AsyncStream.makeStream(of: Void.self)
    let results = AsyncStream.makeStream(of: Result<Expiring<String>, ProviderError>.self)
    let count = Mutex(0)

    func fetch() async throws(ProviderError) -> Expiring<String> {
      count.withLock { $0 += 1 }
      started.continuation.yield()
      for await result in results.stream { return try result.get() }
      throw ProviderError(.internal, "the test is over")
    }
  }

  @Test("Whoever asks meanwhile waits for the same fetch, and who stops waiting stops nobody else")
  func together() async throws {
    let source = Source()
    let tokens = ExpiringTokens<String, String>(now: { 0 })
    @Sendable func ask() async -> Result<String, ProviderError> {
      do throws(ProviderError) {
        return .success(try await tokens.value(for: "k") { () throws(ProviderError) in try await source.fetch() })
      } catch {
        return .failure(error)
      }
    }
    let first = Task { await ask() }
    for await _ in source.started.stream { break }
    let others = (0..<5).map { _ in Task { await ask() } }
    first.cancel()
    guard case .failure(let error) = await first.value else { throw ProviderError(.internal, "was not cancelled") }
    #expect(error.kind == .cancelled)
    source.results.continuation.yield(.success(Expiring("value", expiresAt: nil)))
    for other in others { #expect(try await other.value.get() == "value") }
    #expect(source.count.withLock { $0 } == 1)
  }

  @Test("A failure is not kept; while the old value is good it stands in")
  func failures() async throws {
    let (source, time) = (Source(), Clock())
    let tokens = ExpiringTokens<String, String>(aheadMs: 100, now: { time.now.withLock { $0 } })
    func ask(_ answer: Result<Expiring<String>, ProviderError>?) async throws(ProviderError) -> String {
      if let answer { source.results.continuation.yield(answer) }
      return try await tokens.value(for: "k") { () throws(ProviderError) in try await source.fetch() }
    }
    let failure = ProviderError(.network, "down")
    await #expect(throws: failure) { try await ask(.failure(failure)) }
    #expect(try await ask(.success(Expiring("a", expiresAt: 1000))) == "a")
    time.now.withLock { $0 = 899 }
    #expect(try await ask(nil) == "a")
    time.now.withLock { $0 = 900 }
    #expect(try await ask(.failure(failure)) == "a")
    time.now.withLock { $0 = 1000 }
    await #expect(throws: failure) { try await ask(.failure(failure)) }
    #expect(try await ask(.success(Expiring("b", expiresAt: 1150))) == "b")
    // Shorter than twice the time ahead: at half its time.
    time.now.withLock { $0 = 1074 }
    #expect(try await ask(nil) == "b")
    time.now.withLock { $0 = 1075 }
    #expect(try await ask(.success(Expiring("c", expiresAt: nil))) == "c")
    time.now.withLock { $0 = .max }
    #expect(try await ask(nil) == "c")
    tokens.forget("k") { $0 == "b" }
    #expect(try await ask(nil) == "c", "another value than the bad one stays")
    tokens.forget("k") { $0 == "c" }
    #expect(try await ask(.success(Expiring("d", expiresAt: nil))) == "d")
  }

  private final class Clock: Sendable { let now = Mutex(0) }
}
