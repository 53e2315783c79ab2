import Completion
import Dialects
import JSON
import TestSupport
import Testing

/// Mistral was recorded through clients that speak plain chat completions, so its recordings lie among those.
@Suite("Mistral: recordings")
struct MistralRecordedTests {
  static let hasRecordings = SharedMaterial.recordings != nil

  static func recorded() throws -> [RecordedStream] {
    try SharedMaterial.streams("openai-completions").filter { $0.name.hasPrefix("mistral/") }
  }

  static func wholeExchanges() throws -> [RecordedExchange] {
    try SharedMaterial.exchanges("openai-completions").filter { $0.name.hasPrefix("mistral/") }
  }

  @Test("the recordings are all there", .enabled(if: hasRecordings, "no recordings beside the checkout"))
  func counts() throws {
    #expect(try Self.recorded().count == 19)
    #expect(try Self.wholeExchanges().count == 6)
  }

  @Test(
    "streams are read, however the bytes arrive", .enabled(if: hasRecordings, "no recordings beside the checkout"),
    arguments: try recorded(), Arrival.allCases)
  func streams(_ stream: RecordedStream, _ arrival: Arrival) {
    RecordedStreamsTests().decodes(.init(dialect: Mistral(), stream: stream), arrival)
  }

  @Test(
    "whole answers are read", .enabled(if: hasRecordings, "no recordings beside the checkout"),
    arguments: try wholeExchanges())
  func whole(_ exchange: RecordedExchange) throws {
    let answer = Mistral().decodeWhole(exchange.response)
    let message = try #require(exchange.response["choices"]?[0]?["message"])
    #expect(answer.error == nil)
    #expect(answer.text == message["content"]?.string ?? "")
    #expect(answer.calls.map(\.id) == (message["tool_calls"]?.array ?? []).compactMap { $0["id"]?.string })
    #expect(answer.rawStop == exchange.response["choices"]?[0]?["finish_reason"]?.string)
    #expect(answer.usage?.total == exchange.response["usage"]?["total_tokens"]?.int)
  }

  @Test(
    "requests are written as they were accepted", .enabled(if: hasRecordings, "no recordings beside the checkout"),
    arguments: try recorded().map(\.request) + wholeExchanges().map(\.request))
  func requests(_ request: JSONValue) throws {
    let told = try #require(Telling(request))
    let written = try Mistral().write(told.request, at: .test(["supportsImages": true], told.model))
    #expect(Self.normal(written.body) == Self.normal(request))
    #expect(written.dropped == [])
  }

  /// Beside what every chat completion may say in other words: tool messages without the tool's name, which that
  /// client leaves out, and ids of calls as they are counted, since the recordings hide them behind ones of their own.
  static func normal(_ body: JSONValue) -> JSONValue {
    guard case .object(var body) = RecordedRequestsTests.normal(body) else { return body }
    var ids: [JSONValue: Int] = [:]
    func counted(_ id: JSONValue?) -> JSONValue? {
      guard let id else { return nil }
      let number = ids[id] ?? ids.count
      ids[id] = number
      return .int(number)
    }
    let messages = (body["messages"]?.array ?? []).map { message -> JSONValue in
      guard case .object(var message) = message else { return message }
      if let calls = message["tool_calls"]?.array {
        message["tool_calls"] = .array(
          calls.map { call in
            guard case .object(var call) = call else { return call }
            call["id"] = counted(call["id"])
            return .object(call)
          })
      }
      message["tool_call_id"] = counted(message["tool_call_id"])
      if message["role"] == "tool" { message["name"] = nil }
      return .object(message)
    }
    body["messages"] = .array(messages)
    return .object(body)
  }
}
