/// The token that GitHub gives for Copilot: `tid=…;exp=…;proxy-ep=proxy.individual.githubcopilot.com;…`.
package enum CopilotToken {
  /// Whether `token` is one for Copilot, and not GitHub's own.
  package static func isExchanged(_ token: String) -> Bool { token.hasPrefix("tid=") || token.contains(";tid=") }

  /// Where requests with `token` go, without a trailing slash: the host it names, the enterprise's, or everybody's. A
  /// wrong host answers with 421.
  package static func baseURL(_ token: String, enterpriseURL: String?) -> String {
    for field in token.split(separator: ";") {
      let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, parts[0] == "proxy-ep", isHost(parts[1]) else { continue }
      let host = parts[1].hasPrefix("proxy.") ? "api." + parts[1].dropFirst("proxy.".count) : String(parts[1])
      return "https://\(host)"
    }
    if let enterpriseURL, let domain = host(of: enterpriseURL) { return "https://copilot-api.\(domain)" }
    return "https://api.individual.githubcopilot.com"
  }

  /// The host of what a person types as their enterprise's address; `nil` when there is none in it.
  package static func host(of text: String) -> String? {
    let text = text.trimmed.lowercased()
    let rest = text.firstRange(of: "://").map { text[$0.upperBound...] } ?? text[...]
    let host = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    return isHost(host) && host.contains(".") ? String(host) : nil
  }

  private static func isHost(_ text: Substring) -> Bool {
    let labels = text.split(separator: ".", omittingEmptySubsequences: false)
    return text.utf8.count <= 253
      && labels.allSatisfy { label in
        !label.isEmpty && !label.hasPrefix("-")
          && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
      }
  }
}
