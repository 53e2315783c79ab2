internal import Completion
internal import HTTP

typealias CompletionsStreamDecoder = EventStreamDecoder<CompletionsAnswer>

extension CompletionsAnswer: StreamedAnswer {
  mutating func takeEvent(_ event: ServerSentEvent, into events: inout [StreamEvent]) throws(ProviderError) {
    if event.data.elementsEqual("[DONE]".utf8) { return try takeDone(into: &events) }
    guard !event.data.isEmpty else { return }
    try takeChunk(event.data, isError: event.type == "error", into: &events)
  }
}
