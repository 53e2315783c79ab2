import HTTP
import Platform
import Synchronization
import TestSupport
import Testing
import Upstream

@Suite("What is told of an exchange", .timeLimit(.minutes(1)))
struct ReportTests {
  private let reports = Reports()

  /// What the observer was told.
  private final class Reports: Sendable {
    private let all = Mutex<[ExchangeReport]>([])

    func add(_ report: ExchangeReport) { all.withLock { $0.append(report) } }
    var list: [ExchangeReport] { all.withLock { $0 } }
  }

  private func client(keptBody: Int = 0, clock: MonotonicClock = .system) -> HTTPClient {
    HTTPClient(
      environment: Environment([:]), clock: clock, userAgent: "patchbay/test", keptBody: keptBody,
      observer: { [reports] in reports.add($0) })
  }

  @Test("One report for each exchange, with its head, sizes and phases")
  func good() async throws {
    let upstream = try Upstream { _, exchange in
      try exchange.respond(status: 201, headers: [("X-Left", "5")], body: Array("hello".utf8))
    }
    let client = client(keptBody: 3)
    _ = try await client.text(of: HTTPRequest(url: upstream.url + "/a?key=sk-1#sk-2", body: [1, 2]))
    let report = try #require(reports.list.first)
    #expect(reports.list.count == 1)
    #expect(report.status == 201)
    #expect(report.headers.contains { $0 == ("x-left", "5") })
    #expect(report.request.body == [1, 2])
    #expect(report.request.urlWithoutSecrets == upstream.url + "/a")
    #expect((report.bodySize, report.body) == (5, Array("hel".utf8)))
    #expect(report.failure == nil)
    #expect(try #require(report.connectMs) <= (try #require(report.headMs)))
    #expect(try #require(report.headMs) <= (try #require(report.contentMs)))
    #expect(try #require(report.contentMs) <= report.totalMs)
  }

  @Test("A failure is told with why, and without what was not reached")
  func bad() async throws {
    let port = try ClosedPort()
    let client = client()
    _ = await client.failure(of: "http://127.0.0.1:\(port.port)/")
    let report = try #require(reports.list.first)
    #expect(report.failure as? HTTPError == .refused("127.0.0.1:\(port.port)"))
    #expect(report.status == nil && report.connectMs == nil && report.headMs == nil && report.contentMs == nil)
    #expect(report.bodySize == 0 && report.body.isEmpty)
  }

  @Test("What the reader throws is its failure")
  func thrown() async throws {
    struct Odd: Error {}
    let upstream = try Upstream { _, exchange in try exchange.respond(body: [1]) }
    await #expect(throws: Odd.self) {
      try await client().withResponse(to: HTTPRequest(url: upstream.url)) { _ in throw Odd() }
    }
    #expect(reports.list.map { $0.failure is Odd } == [true])
    #expect(reports.list.first?.status == 200)
  }

  @Test("Nothing of a body is kept that nobody wants")
  func unkept() async throws {
    let upstream = try Upstream { _, exchange in try exchange.respond(body: Array("hello".utf8)) }
    _ = try await client().text(of: upstream.url)
    #expect(reports.list.first?.body == [] && reports.list.first?.bodySize == 5)
  }
}
