import Completion
import Upstream

/// The rows of the table. What becomes of each follows from the protocol: what may be well in a moment is tried three
/// times, unless the client has heard a part of the answer; what is odd but whole is mended, and the result says so.
enum FaultRows {
  private static let gemini = ["google-generative-ai", "google-vertex"]
  private static let ollama = ["ollama-chat"]
  private static let bedrock = ["bedrock-converse-stream"]
  private static let codex = ["openai-codex-responses"]

  /// All rows; redirects lead to `elsewhere`.
  static func all(elsewhere: String) -> [FaultRow] {
    refusals + retriedStatuses + connections + silences + bodies + oddities + bombs
      + [301, 302, 303, 307, 308].map { FaultRow(.redirect($0, to: elsewhere), .fails(.upstreamError)) }
  }

  // MARK: - Refusals

  private static let refusals = [
    FaultRow(.sound, .answers()), FaultRow(.refusal("401", .unauthorized), .fails(.authRejected)),
    FaultRow(.refusal("exhausted quota", .quotaExceeded), .fails(.quotaExceeded)) {
      $0.except(codex, .fails(.quotaExceeded) { $0.retryAfterMs = 7_200_000 }, because: "it says until when")
    },
    FaultRow(.refusal("context overflow", .contextOverflow), .fails(.contextOverflow)),
    FaultRow(.refusal("unknown model", .modelNotFound), .fails(.modelNotFound)),
    FaultRow(.refusal("bad request", .badRequest), .fails(.upstreamError)),
    FaultRow(.refusal("429, no header", .rateLimited), .keepsFailing(.rateLimited)),
    FaultRow(
      .refusal("429, retry-after: 2", .rateLimited, headers: [("retry-after", "2")]),
      .keepsFailing(.rateLimited, pauses: [2000, 2000]) { $0.retryAfterMs = 2000 }),
    FaultRow(
      .refusal(
        "429, retry-after: a date", .rateLimited,
        headers: [
          ("date", "Sat, 31 Jan 2026 09:30:00 GMT"), ("retry-after", "Sat, 31 Jan 2026 09:30:03 GMT"),
        ]), .keepsFailing(.rateLimited, pauses: [3000, 3000]) { $0.retryAfterMs = 3000 }),
    FaultRow(
      .refusal("429, retry-after-ms", .rateLimited, headers: [("retry-after-ms", "1500"), ("retry-after", "9")]),
      .keepsFailing(.rateLimited, pauses: [1500, 1500]) { $0.retryAfterMs = 1500 }),
    FaultRow(
      .refusal("429, beyond the cap", .rateLimited, headers: [("retry-after", "3600")]),
      .fails(.rateLimited) { $0.retryAfterMs = 3_600_000 }),
    FaultRow(
      .refusal("429, x-should-retry: false", .rateLimited, headers: [("x-should-retry", "false")]),
      .fails(.rateLimited)),
    FaultRow(.refusal("429", .rateLimited).once(), .answers(attempts: 2)),
  ]

  private static let retriedStatuses =
    [
      FaultRow(.refusal("500", .serverError), .keepsFailing(.upstreamError)),
      FaultRow(.refusal("503", .overloaded), .keepsFailing(.overloaded)),
      FaultRow(.refusal("503", .overloaded).once(), .answers(attempts: 2)),
      FaultRow(.page(529), .keepsFailing(.overloaded)),
      FaultRow(.page(400, headers: [("x-should-retry", "true")]), .keepsFailing(.upstreamError)),
      FaultRow(.page(500, headers: [("x-should-retry", "false")]), .fails(.upstreamError)),
    ] + [408, 409, 425, 502, 504].map { FaultRow(.page($0), .keepsFailing(.upstreamError)) }

  // MARK: - Connections

  private static let connections = [
    FaultRow(.resetBeforeHead, .keepsFailing(.network)),
    FaultRow(.resetBeforeHead.once(), .answers(attempts: 2)),
    FaultRow(.closedBeforeHead, .keepsFailing(.network)),
    FaultRow(.closedInHead, .keepsFailing(.network)),
    FaultRow(.resetAfterHead, .keepsFailing(.network)),
    FaultRow(.resetInTheMiddle, .fails(.network, heard: .beginning)),
    FaultRow(.interimHeads, .answers()),
    FaultRow("nobody listens", at: .nobody, .keepsFailing(.network)),
    FaultRow("TLS: wrong name", at: .secure(.wrongName), .fails(.network)),
    FaultRow("TLS: expired", at: .secure(.expired), .fails(.network)),
    FaultRow("TLS: self-signed", at: .secure(.untrusted), .fails(.network)),
    FaultRow("GOAWAY before the head", at: .secure(.goesAway), .keepsFailing(.network)),
    FaultRow(
      "GOAWAY in the middle", at: .secure(.goesAwayInTheMiddle), .fails(.upstreamInvalid, heard: .beginning)),
  ]

  private static let silences = [
    FaultRow(.noHead, .fails(.timeout) { $0.phase = .firstToken }) { $0.meanwhile = .time(10_000) },
    FaultRow(.noContent, .fails(.timeout) { $0.phase = .firstToken }) { $0.meanwhile = .time(10_000) },
    FaultRow(.onlyKeepAlives, .fails(.timeout) { $0.phase = .firstToken }) { $0.meanwhile = .time(10_000) },
    FaultRow(.stall, .fails(.timeout, heard: .beginning) { $0.phase = .idle }) { $0.meanwhile = .time(8_000) },
    FaultRow(.keepAlivesInTheMiddle, .fails(.timeout, heard: .beginning) { $0.phase = .idle }) {
      $0.meanwhile = .time(8_000)
    },
    FaultRow(.noHead.once(), .answers(attempts: 2)) {
      $0.name = "the machine sleeps before the head, once"
      $0.meanwhile = .suspension(300_000)
    },
    FaultRow(.stall, .fails(.network, heard: .beginning)) {
      $0.name = "the machine sleeps in the middle"
      $0.meanwhile = .suspension(300_000)
    },
    FaultRow(.stall, .fails(.cancelled, heard: .beginning) { $0.kept = .partial }) {
      $0.name = "stall, and the person gives up"
      $0.meanwhile = .cancellation
    },
  ]

  // MARK: - Bodies

  private static let bodies = [
    FaultRow(.shortBody, .fails(.upstreamInvalid, heard: .beginning)),
    FaultRow(.cutChunks, .fails(.upstreamInvalid, heard: .beginning)),
    FaultRow(.noLastChunk, .answers(warns: true)) {
      let reason = "nothing but the end of the body ends an answer, so one that is cut may have held more"
      $0.except(gemini, .fails(.upstreamInvalid, heard: .all), because: reason)
    },
    FaultRow(.noEnd, .fails(.upstreamInvalid, heard: .beginning)),
    FaultRow(.drip, .answers()), FaultRow(.garbage, .keepsFailing(.upstreamInvalid)),
    FaultRow(.invalidUTF8, .answers()), FaultRow(.invalidJSON, .fails(.upstreamInvalid, heard: .beginning)),
    FaultRow(.page(200), .keepsFailing(.upstreamInvalid)), FaultRow(.document, .answers()),
    FaultRow(.unwantedStream, .answers()),
    FaultRow(.errorDocument, .keepsFailing(.overloaded)) {
      $0.except(ollama + bedrock, .keepsFailing(.upstreamError), because: "their documents name no code")
    },
    FaultRow(.emptyBody, .keepsFailing(.upstreamInvalid)), FaultRow(.notCompressed, .keepsFailing(.upstreamInvalid)),
    FaultRow(.errorInTheMiddle, .fails(.overloaded, heard: .beginning)) {
      $0.except(ollama, .fails(.upstreamError, heard: .beginning), because: "its errors in a stream name no code")
    },
    FaultRow(.errorFirst, .keepsFailing(.overloaded)) {
      $0.except(ollama, .keepsFailing(.upstreamError), because: "its errors in a stream name no code")
    },
  ]

  private static let oddities = [
    FaultRow(.emptyAnswer, .keepsFailing(.upstreamInvalid)),
    FaultRow(.twoEnds, .answers(warns: true)) {
      let reason = "they give a finish reason with every piece when they like"
      $0.except(gemini, .answers(), because: reason)
    },
    FaultRow(.contentAfterEnd, .answers(warns: true)) {
      let reason = "they give a finish reason with every piece when they like, so what comes behind one counts"
      $0.except(gemini, .answers(warns: true, heard: .beyond), because: reason)
    },
    FaultRow(.unknownEvent, .answers()), FaultRow(.unknownFinish, .answers(warns: true)),
    FaultRow(.noUsage, .answers()),
    FaultRow(.cutArguments, .answers(warns: true)) {
      let reason = "the server itself sees that the call is cut off, and ends with MALFORMED_FUNCTION_CALL"
      $0.except(gemini, .fails(.upstreamInvalid, heard: .beginning), because: reason)
    },
  ]

  /// What is beyond all measure would be so again.
  private static let bombs = [
    FaultRow(.endlessHeaders, .fails(.upstreamInvalid)), FaultRow(.hugeLine, .fails(.upstreamInvalid)),
    FaultRow(.gzipBomb, .fails(.upstreamInvalid)),
  ]
}
