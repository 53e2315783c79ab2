package import JSON

/// How one logs in, made from the `login` member of a provider's entry. Every flow has `flow` and `notice`, which people
/// read before they log in. Addresses begin with http:// or https://.
///
/// - `pkce`: `BrowserLogin`, a browser that comes back with a code (RFC 6749 §4.1, RFC 7636).
/// - `device`: `DeviceLogin`, a code that is typed in elsewhere (RFC 8628).
/// - `copilot`: `CopilotLogin`, GitHub's device flow and the token that is had for its result.
/// - `key`: `KeyLogin`, a browser that comes back with what buys a permanent API key.
package enum LoginFlows {
  private enum Kind: String, CaseIterable { case pkce, device, copilot, key }

  /// The flow that `spec` describes, for `provider`, its id.
  /// - Throws: naming the member below `providers.ID.login` that is missing, unsound or unknown.
  package static func flow(_ spec: JSONObject, provider: String) throws(JSONFieldError) -> any LoginFlow {
    var fields = try JSONFields(.object(spec), path: ["providers", provider, "login"])
    let kind = try fields.require("flow", try fields.choice("flow", Kind.self))
    let notice = try fields.string("notice")
    let flow: any LoginFlow
    switch kind {
    case .pkce: flow = try BrowserLogin(&fields, provider, notice)
    case .device: flow = try DeviceLogin(&fields, provider, notice)
    case .copilot: flow = try CopilotLogin(&fields, provider, notice)
    case .key: flow = try KeyLogin(&fields, provider, notice)
    }
    try fields.finish()
    return flow
  }
}

extension JSONFields {
  /// An address, or `nil` when absent.
  mutating func url(_ key: String) throws(JSONFieldError) -> String? {
    try optional(key, "an http:// or https:// URL") { value in
      value.string.flatMap { isWebAddress($0) ? $0 : nil }
    }
  }

  /// An address that must be there.
  mutating func requiredURL(_ key: String) throws(JSONFieldError) -> String { try require(key, try url(key)) }

  /// The members of an object of strings, in order; none when absent.
  mutating func texts(_ key: String) throws(JSONFieldError) -> [(String, String)] {
    var texts: [(String, String)] = []
    for (name, value) in try object(key) ?? JSONObject() where !value.isNull {
      guard let text = value.string else { throw error(key, "must hold strings, but \(name) is \(value.kindName)") }
      texts.append((name, text))
    }
    return texts
  }
}

/// Whether a browser may be sent to `text`: servers name addresses too, and not every scheme is harmless.
func isWebAddress(_ text: String) -> Bool {
  let lower = text.lowercased()
  guard let scheme = ["https://", "http://"].first(where: lower.hasPrefix), lower.utf8.count > scheme.utf8.count else {
    return false
  }
  return text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\"<>\\^`".utf8.contains($0) }
}
