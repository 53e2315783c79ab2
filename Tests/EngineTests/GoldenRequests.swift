import Completion
import HTTP
import JSON
import Platform
import Testing

/// One request as the facts about its provider want it, from `golden-requests.json`:
/// - `provider`, `model`, `environment`; `key` and `token` go into the call (`token` is what a chain of cloud
///   credentials would give), `auth` is `auth.json`, `files` lie in the home;
/// - `call` overrides the call that is the same everywhere: `messages`, `reasoning`, `maxTokens`, `api`, `headers`;
/// - `method`, `url`, `body`; `headers` in lower case, where null means "must be absent", `*` any value, and `x*`
///   a value that begins with x; `aws` a signature for `region` in place of `authorization`.
struct GoldenRequest: Sendable, CustomTestStringConvertible {
  /// Headers that prove who asks: what is not named must not be sent.
  static let proofs = ["authorization", "x-api-key", "api-key", "x-goog-api-key", "cf-aig-authorization"]

  let entry: JSONObject
  let index: Int

  var testDescription: String {
    let call = entry["call"].map { " \($0.text)".prefix(60) } ?? ""
    return "\(index): \(text("provider"))/\(text("model"))\(call)"
  }

  func text(_ name: String) -> String { entry[name]?.string ?? "" }

  func texts(_ name: String) -> [String: String] {
    let members = (entry[name]?.object ?? [:]).map { ($0.key, $0.value.string ?? $0.value.text) }
    return Dictionary(members) { $1 }
  }

  /// All of the file's.
  static let all: [GoldenRequest] = {
    let folder = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    let bytes = (try? FileSystem.read(folder + "/golden-requests.json")) ?? nil
    let entries = (try? JSONValue(parsing: bytes ?? []))?.array ?? []
    return entries.enumerated().map { GoldenRequest(entry: $1.object ?? [:], index: $0) }
  }()

  /// Where `request` is not what the entry wants, one line each.
  func differences(_ request: HTTPRequest) throws -> [String] {
    var result: [String] = []
    if request.method != text("method") { result.append("method: \(request.method)") }
    if request.url != text("url") { result.append("url: wanted \(text("url")), sent \(request.url)") }
    result += headerDifferences(request.headers)
    let body = try JSONValue(parsing: request.body ?? [])
    compare(normal(entry["body"] ?? .null), normal(body), "body", &result)
    return result
  }

  private func headerDifferences(_ headers: [HTTPHeader]) -> [String] {
    let sent = Dictionary(headers.map { ($0.name.lowercased(), $0.value.reveal()) }) { "\($0) AND \($1)" }
    var wanted = entry["headers"]?.object ?? [:]
    let isSigned = entry["aws"]?.bool == true
    for proof in Self.proofs where wanted[proof] == nil && !(isSigned && proof == "authorization") {
      wanted[proof] = .null
    }
    var result = wanted.compactMap { name, value -> String? in
      matches(value.string, sent[name], isList: name == "anthropic-beta")
        ? nil : "\(name): wanted \(value.string ?? "none"), sent \(sent[name] ?? "none")"
    }
    if isSigned {
      let parts = (sent["authorization"] ?? "").split(separator: "/")
      let isRight =
        parts.count >= 5 && parts[0] == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE" && parts[2] == text("region")
        && parts[3] == "bedrock"
      if !isRight { result.append("authorization: no signature for \(text("region")): \(sent["authorization"] ?? "")") }
    }
    return result
  }

  private func matches(_ wanted: String?, _ sent: String?, isList: Bool) -> Bool {
    guard let wanted, let sent else { return wanted == sent }
    if isList { return Set(wanted.split(separator: ",")) == Set(sent.split(separator: ",")) }
    return wanted.hasSuffix("*") ? !sent.isEmpty && sent.hasPrefix(wanted.dropLast()) : wanted == sent
  }

  /// What the providers take for the same: one plain text part and its text; absent and null; `type: "message"`, which
  /// is optional; and JSON inside a string, whose spaces and order are nobody's business.
  private func normal(_ value: JSONValue) -> JSONValue {
    switch value {
    case .array(let values):
      if values.count == 1, let part = values[0].object, let text = part["text"]?.string,
        part.allSatisfy({ $0.key == "text" || $0.key == "type" }), part["type"] != nil
      {
        return .string(text)
      }
      return .array(values.map(normal))
    case .object(let members):
      var result = JSONObject()
      for (name, value) in members where !value.isNull && !(name == "type" && value == "message") {
        let inner = name == "arguments" ? value.string.flatMap { try? JSONValue(parsing: $0) } : nil
        result[name] = normal(inner ?? value)
      }
      return .object(result)
    default: return value
    }
  }

  private func compare(_ wanted: JSONValue, _ sent: JSONValue, _ path: String, _ result: inout [String]) {
    switch (wanted, sent) {
    case (.object(let left), .object(let right)):
      for (name, value) in left {
        guard let other = right[name] else {
          result.append("\(path).\(name): wanted \(value.text), not sent")
          continue
        }
        compare(value, other, "\(path).\(name)", &result)
      }
      for (name, value) in right where left[name] == nil {
        result.append("\(path).\(name): not wanted, sent \(value.text)")
      }
    case (.array(let left), .array(let right)) where left.count == right.count:
      for (index, value) in left.enumerated() { compare(value, right[index], "\(path)[\(index)]", &result) }
    default: if wanted != sent { result.append("\(path): wanted \(wanted.text), sent \(sent.text)") }
    }
  }
}
