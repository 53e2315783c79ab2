/// URLs of servers, as people write them.
package enum ServerAddress {
  /// The URL that a variable such as `OLLAMA_HOST` means: `host`, `host:port`, `:port`, `[v6]:port`, or a URL, whose
  /// port defaults to that of its scheme, as Ollama's own client has it. "Any address", which is what a server is
  /// told to listen on, becomes this machine. A port that is no port counts as none.
  package static func url(fromHost text: String, defaultPort: Int) -> String {
    var scheme = "http"
    var port = defaultPort
    var rest = text[...].trimmed
    if let end = endOfScheme(rest) {
      scheme = rest[..<end].dropLast(3).lowercased()
      port = scheme == "https" ? 443 : scheme == "http" ? 80 : defaultPort
      rest = rest[end...]
    }
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    let path = rest[slash...]
    var host = rest[..<slash]
    let colons = host.count { $0 == ":" }
    let isBareIPv6 = colons > 1 && !host.contains("[")
    if !isBareIPv6, let colon = host.lastIndex(of: ":"), !host[colon...].contains("]") {
      if let given = Int(host[host.index(after: colon)...]), (1...65535).contains(given) { port = given }
      host = host[..<colon]
    }
    if isBareIPv6 { host = "[\(host)]" }
    return "\(scheme)://\(reachable(host)):\(port)\(withoutTrailingSlashes(String(path)))"
  }

  private static func reachable(_ host: Substring) -> Substring {
    switch host {
    case "", "0.0.0.0": "127.0.0.1"
    case "[::]": "[::1]"
    default: host
    }
  }

  /// `url` without slashes at its end.
  package static func withoutTrailingSlashes(_ url: String) -> String {
    var url = url
    while url.last == "/" { url.removeLast() }
    return url
  }

  /// Whether requests can be sent to `url`: a scheme that is known, and a host.
  package static func isUsable(_ url: String) -> Bool {
    let lower = url.lowercased()
    guard let scheme = ["http://", "https://"].first(where: lower.hasPrefix) else { return false }
    guard let first = lower.dropFirst(scheme.count).first else { return false }
    return !"/:?#".contains(first) && !url.contains(where: { $0.isWhitespace || $0.isNewline })
  }

  /// The host that `url` names, without user, port and path; in lower case.
  package static func host(of url: String) -> String {
    var rest = url[(endOfScheme(url[...]) ?? url.startIndex)...].prefix { !"/?#".contains($0) }
    if let at = rest.lastIndex(of: "@") { rest = rest[rest.index(after: at)...] }
    if let end = rest.lastIndex(of: "]") { return rest[...end].lowercased() }
    return rest.prefix { $0 != ":" }.lowercased()
  }

  /// `url` for people: a password or a query, which may hold a key, shows dots.
  package static func masked(_ url: String) -> String {
    var text = url
    if let question = text.firstIndex(of: "?") { text.replaceSubrange(question..., with: "?•••") }
    guard let start = endOfScheme(text[...]) else { return text }
    let hostEnd = text[start...].firstIndex(of: "/") ?? text.endIndex
    if let at = text[start..<hostEnd].lastIndex(of: "@") { text.replaceSubrange(start..<at, with: "•••") }
    return text
  }

  /// Where the host begins: after the first `://`.
  private static func endOfScheme(_ url: Substring) -> Substring.Index? {
    guard let colon = url.firstIndex(of: ":"), url[colon...].hasPrefix("://") else { return nil }
    return url.index(colon, offsetBy: 3)
  }
}

extension Substring {
  /// Without white space at either end.
  fileprivate var trimmed: Substring {
    var text = self
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }
}
