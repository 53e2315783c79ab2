package import JSON

/// What an upstream said went wrong, read from whichever JSON shape it said it in (OpenAI, Anthropic, Google, AWS,
/// Mistral, FastAPI, Cloudflare, Ollama, …) or from plain text.
package struct UpstreamFailure: Sendable, Hashable {
  /// The HTTP status, of the response or, in the middle of a stream, the one the error itself names.
  package var status: Int?
  /// The most telling code, verbatim: `context_length_exceeded`.
  package var code: String?
  /// The broader type, where there is one beside the code: `invalid_request_error`.
  package var type: String?
  /// The upstream's words; empty when it gave none.
  package var message = ""
  /// The upstream's id for the request, where the body holds one.
  package var requestId: String?
  /// A wait the body asks for, in milliseconds.
  package var retryAfterMs: Int?
  /// When the body says that a limit ends, in seconds since 1970.
  package var resetsAt: Int?

  /// Reads the body of an answer with status `status`.
  package init(status: Int, body: [UInt8]) {
    self.init((try? JSONValue(parsing: body, options: .upstream)) ?? .string(Self.plainText(body)))
    self.status = status
  }

  /// Reads an error that came inside a stream, or a whole body.
  package init(_ value: JSONValue) {
    switch value[0] ?? value {
    case .object(let object): read(object)
    case .string(let text): message = text
    case .array, .null, .bool, .number: break
    }
    message = Self.shortened(message)
  }

  private mutating func read(_ outer: JSONObject) {
    requestId = outer["request_id"]?.string
    switch outer["error"] ?? outer["errors"]?[0] {
    case .object(let inner):
      readFields(inner)
      requestId = requestId ?? inner["request_id"]?.string
    case .array(let inner): if case .object(let first)? = inner.first { readFields(first) }
    case .string(let text):
      readFields(outer)
      message = text
      if let description = outer["error_description"]?.string {
        code = code ?? text
        message = description
      }
    default: readFields(outer)
    }
  }

  private mutating func readFields(_ object: JSONObject) {
    message = ["message", "Message", "detail", "msg"].lazy.compactMap { object[$0].flatMap(Self.text) }.first ?? ""
    let numeric = object["code"]?.int ?? object["status_code"]?.int ?? object["status"]?.int
    status = numeric.flatMap { (400...599).contains($0) ? $0 : nil }
    type = object["type"]?.string ?? object["__type"]?.string.map(Self.amazonName)
    code = ["code", "status", "error_code"].lazy.compactMap { object[$0]?.string }.first { !$0.isEmpty }
    resetsAt = object["resets_at"]?.int
    if let seconds = object["resets_in_seconds"]?.double, (0..<1e9).contains(seconds) {
      retryAfterMs = Int((seconds * 1000).rounded(.up))
    }
    readMetadata(object["metadata"])
    for detail in object["details"]?.array ?? [] { readDetail(detail) }
    code = code ?? type ?? numeric.map(String.init)
  }

  /// The name in AWS's `com.amazonaws.service#ThrottlingException:http://…`, of which either end may be missing.
  static func amazonName(_ text: String) -> String {
    let name = text.prefix { $0 != ":" }
    return String(name.split(separator: "#").last ?? name)
  }

  /// OpenRouter: what the provider behind it said, and why moderation refused.
  private mutating func readMetadata(_ metadata: JSONValue?) {
    if let raw = metadata?["raw"]?.string, !raw.isEmpty {
      let inner = (try? JSONValue(parsing: raw)).map { UpstreamFailure($0) }
      let reason = inner.flatMap { $0.message.isEmpty ? nil : $0.message } ?? raw
      message = message.isEmpty ? reason : "\(message): \(reason)"
      code = code ?? inner?.code
    }
    if let reasons = metadata?["reasons"]?.array {
      code = code ?? "moderation"
      message += " (" + reasons.compactMap(\.string).joined(separator: ", ") + ")"
    }
  }

  /// Google: `ErrorInfo` names the reason, `RetryInfo` the wait (`"34.07s"`).
  private mutating func readDetail(_ detail: JSONValue) {
    if let reason = detail["reason"]?.string { code = reason }
    if let delay = detail["retryDelay"]?.string, delay.hasSuffix("s"), let seconds = Double(delay.dropLast()),
      (0..<1e9).contains(seconds)
    {
      retryAfterMs = Int((seconds * 1000).rounded(.up))
    }
  }

  /// A message, or FastAPI's list of complaints.
  private static func text(_ value: JSONValue) -> String? {
    switch value {
    case .string(let text): return text
    case .array(let complaints):
      let texts = complaints.compactMap { complaint -> String? in
        guard let message = complaint["msg"]?.string else { return nil }
        let place = (complaint["loc"]?.array ?? []).map { $0.string ?? $0.text }.joined(separator: ".")
        return place.isEmpty ? message : "\(place): \(message)"
      }
      return texts.isEmpty ? nil : texts.joined(separator: "; ")
    case .object(let object): return object["message"]?.string
    default: return nil
    }
  }

  private static func plainText(_ body: [UInt8]) -> String {
    let text = String(decoding: body.prefix(64 << 10), as: UTF8.self)
    let start = text.drop(while: \.isWhitespace)
    guard start.first == "<" else { return shortened(String(start)) }
    let title = text.lowercasedASCII.range(between: "<title>", and: "</title>").map { String(text.utf8[$0]) ?? "" }
    return title.map { shortened($0) } ?? "an HTML page instead of an answer"
  }

  /// On one line and not longer than a person reads.
  private static func shortened(_ text: String) -> String {
    let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
    return line.count <= 1000 ? line : line.prefix(1000) + "…"
  }
}

extension String {
  /// ASCII letters in lower case, all else as it is: offsets into the UTF-8 stay the same.
  fileprivate var lowercasedASCII: String {
    String(decoding: utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
  }

  fileprivate func range(between start: String, and end: String) -> Range<Index>? {
    guard let from = firstRange(of: start)?.upperBound, let to = self[from...].firstRange(of: end)?.lowerBound else {
      return nil
    }
    return from..<to
  }
}
