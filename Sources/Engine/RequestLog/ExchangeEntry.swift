package import Completion
internal import Credentials
internal import HTTP
package import JSON

/// An exchange as the request log shows it: no header, no body, and nothing secret.
package struct ExchangeEntry: Sendable, Hashable {
  /// When it was over, in milliseconds since 1970.
  package var time: Int
  /// What it was for: `completion`, `models`, `credentials`, ….
  package var purpose: String
  package var method: String
  /// Without user information and query.
  package var url: String
  package var provider: String?
  package var account: String?
  package var model: String?
  package var completionId: String?
  /// Which request of its completion it was, from 1.
  package var attempt: Int?
  /// `nil` when no response came.
  package var status: Int?
  /// Milliseconds from the beginning; `nil` for a phase that was not reached.
  package var connectMs: Double?
  package var headMs: Double?
  package var contentMs: Double?
  package var totalMs: Double
  package var requestBytes: Int
  package var responseBytes: Int
  /// Why it failed.
  package var error: ErrorKind?

  init(_ report: ExchangeReport, _ context: ExchangeContext?, _ scope: ExchangeScope?, time: Int) {
    self.time = time
    let secrets = context?.secrets ?? []
    purpose = context?.purpose?.rawValue ?? "credentials"
    method = report.request.method
    url = report.request.urlWithoutSecrets.redacting(secrets)
    (provider, account, model) = (context?.provider, context?.account, context?.model)
    completionId = scope?.completionId
    attempt = context?.attempt
    status = report.status
    (connectMs, headMs, contentMs, totalMs) = (report.connectMs, report.headMs, report.contentMs, report.totalMs)
    requestBytes = report.request.body?.count ?? 0
    responseBytes = report.bodySize
    error = report.failure.map { Self.kind(of: $0) }
    if error == nil, let status, status >= 400 { error = .upstreamError }
  }

  private static func kind(of failure: any Error) -> ErrorKind {
    if let error = failure as? ProviderError { return error.kind }
    if let error = failure as? HTTPError { return ProviderError(error).kind }
    return failure is CancellationError ? .cancelled : .internal
  }

  /// The entry as clients and the log file get it.
  package var json: JSONObject {
    var members: JSONObject = [
      "time": .string(Timestamp.text(milliseconds: time)), "purpose": .string(purpose), "method": .string(method),
      "url": .string(url),
    ]
    members.set("provider", provider.map(JSONValue.string))
    members.set("account", account.map(JSONValue.string))
    members.set("model", model.map(JSONValue.string))
    members.set("completionId", completionId.map(JSONValue.string))
    members.set("attempt", attempt.map(JSONValue.int))
    members.set("status", status.map(JSONValue.int))
    var timing = JSONObject()
    let spans = [
      ("connectMs", connectMs), ("headMs", headMs), ("firstContentMs", contentMs), ("totalMs", totalMs),
    ]
    for (name, span) in spans { timing.set(name, span.map { .double(($0 * 100).rounded() / 100) }) }
    members["timing"] = .object(timing)
    members["requestBytes"] = .int(requestBytes)
    members["responseBytes"] = .int(responseBytes)
    members.set("error", error.map { .string($0.rawValue) })
    return members
  }

  /// One line for a person.
  package var summary: String {
    let outcome = status.map(String.init) ?? error?.rawValue ?? "no response"
    return "\(method) \(url) \(outcome) in \(Int(totalMs.rounded())) ms"
  }
}
