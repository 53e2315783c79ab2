internal import Completion
internal import HTTP
internal import JSON

/// The entries of `auth.json`, in pi's form.
extension StoredCredential {
  private static let tokenMembers = ["type", "access", "refresh", "expires"]

  /// Reads the member `name` of the file that `source` was read from.
  init(_ value: JSONValue, named name: String, _ source: JSONSource) throws(JSONFieldError) {
    var fields = try JSONFields(value, path: [name])
    switch try fields.require("type", try fields.string("type")) {
    case "api_key":
      let key = try fields.string("key").map { text in
        KeyText(text, origin: .file(source.file, line: source.line(of: [name, "key"]) ?? 1))
      }
      var environment: [String: String] = [:]
      for (name, value) in try fields.object("env") ?? JSONObject() {
        guard let text = value.string else { throw fields.error("env", "must hold strings, but \(name) is none") }
        environment[name] = text
      }
      self = .apiKey(key, environment: environment)
    case "oauth":
      let access = try fields.require("access", try fields.string("access"))
      let refresh = try fields.string("refresh")
      let expires = try fields.require(
        "expires", try fields.optional("expires", "a time in milliseconds") { $0.double })
      _ = try fields.string("accountId")
      let extra = JSONObject(
        (value.object ?? JSONObject()).filter { !Self.tokenMembers.contains($0.key) }.map { ($0.key, $0.value) })
      self = .oauth(
        OAuthCredential(
          access: Secret(access), refresh: Secret(refresh ?? ""), expiresAt: Int(max(0, min(expires, 9e15))),
          extra: extra))
    case let type:
      throw fields.error("type", "\"\(type)\" is no kind of login; there are \"api_key\" and \"oauth\"")
    }
  }

  /// As the file holds it. Members of `old`, an entry of the same kind, keep their order; those that nobody here knows
  /// keep their values too.
  func json(inPlaceOf old: JSONObject?) -> JSONObject {
    var entry = JSONObject()
    let type =
      switch self {
      case .apiKey: "api_key"
      case .oauth: "oauth"
      }
    if let old, old["type"]?.string == type { entry = old }
    entry["type"] = .string(type)
    switch self {
    case .apiKey(let key, let environment):
      entry["key"] = key.map { .string($0.text) }
      let members = environment.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string($0.value)) }
      entry["env"] = members.isEmpty ? Optional<JSONValue>.none : .object(JSONObject(members))
    case .oauth(let tokens):
      for name in Array(entry.keys) where !Self.tokenMembers.contains(name) && tokens.extra[name] == nil {
        entry[name] = Optional<JSONValue>.none
      }
      entry["access"] = .string(tokens.access.reveal())
      entry["refresh"] = .string(tokens.refresh.reveal())
      entry["expires"] = .int(tokens.expiresAt)
      for (name, value) in tokens.extra where !Self.tokenMembers.contains(name) { entry[name] = value }
    }
    return entry
  }
}
