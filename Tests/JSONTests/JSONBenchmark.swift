import Foundation
import JSON
import Platform
import Testing

/// What this machine takes for a piece of a streamed answer, beside what Foundation takes for the same. Meant for a
/// release build: `PATCHBAY_BENCHMARK=1 swift test -c release --filter JSONBenchmark`.
@Suite("Benchmark: reading JSON")
struct JSONBenchmark {
  private struct Chunk: Decodable {
    struct Choice: Decodable {
      struct Delta: Decodable { var content: String? }
      var index: Int
      var delta: Delta
      // swift-format-ignore: AlwaysUseLowerCamelCase
      var finish_reason: String?
    }
    var id: String
    var created: Int
    var model: String
    var choices: [Choice]
  }

  private static let chunk = Array(
    """
    {"id":"chatcmpl-0123456789abcdefghijklmnopq","object":"chat.completion.chunk","created":1763645000,\
    "model":"gpt-4o-mini-2024-07-18","service_tier":"default","system_fingerprint":"fp_0123456789","choices":\
    [{"index":0,"delta":{"content":" streaming"},"logprobs":null,"finish_reason":null}],"usage":null}
    """.utf8)

  @Test(
    "A chunk of a streamed answer",
    .enabled(
      if: Environment.process["PATCHBAY_BENCHMARK"] != nil, "a benchmark runs only when PATCHBAY_BENCHMARK is set"))
  func chunk() throws {
    let decoder = JSONDecoder()
    let data = Data(Self.chunk)
    let ours = try JSONValue(parsing: Self.chunk, options: .upstream)
    let theirs = try decoder.decode(Chunk.self, from: data)
    #expect(ours["id"]?.string == theirs.id)
    #expect(ours["created"]?.int == theirs.created)
    #expect(ours["model"]?.string == theirs.model)
    #expect(ours["choices"]?[0]?["delta"]?["content"]?.string == theirs.choices.first?.delta.content)

    let parser = try nanoseconds { try JSONValue(parsing: Self.chunk, options: .upstream) }
    let foundation = try nanoseconds { try decoder.decode(Chunk.self, from: data) }
    print("JSON, \(Self.chunk.count) bytes: \(parser) ns a chunk; JSONDecoder into a struct: \(foundation) ns")
  }

  /// How long one call of `body` takes: the best of several rounds, since all that disturbs makes it slower.
  private func nanoseconds<Value>(_ body: () throws -> Value) rethrows -> Int {
    let calls = 20_000
    var best = Duration.seconds(3600)
    for _ in 0..<7 {
      let time = try ContinuousClock().measure { for _ in 0..<calls { _ = try body() } }
      best = min(best, time)
    }
    return Int(best / .nanoseconds(1)) / calls
  }
}
