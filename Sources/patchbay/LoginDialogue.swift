internal import Completion
internal import JSON
internal import Platform
internal import Server
internal import WireProtocol

/// A login's side of the conversation on a terminal.
enum LoginDialogue {
  /// Shows addresses and codes, and asks for what a person has to type or paste.
  static func listener(opensBrowser: Bool = false) -> LocalListener {
    var listener = LocalListener()
    listener.notification = { method, params in
      guard method == ServerNotification.loginPrompt.rawValue else { return }
      show(params)
      if opensBrowser, let url = params["url"]?.string { open(url) }
    }
    listener.answer = { _, params throws(ProviderError) in
      guard TerminalPrompt.isPossible else {
        throw ProviderError(
          .unsupported, "there is no terminal to ask on: \(params["message"]?.string ?? "")",
          hint: "Give a key by --api-key-file FILE, or by --api-key-file - on standard input.")
      }
      let text = try await TerminalPrompt.line(
        params["message"]?.string ?? "", secret: params["secret"]?.bool ?? true)
      return PromptResult(text: HiddenText(text)).json
    }
    return listener
  }

  private static func show(_ prompt: JSONValue) {
    let out = Terminal.error
    out.line(visible(prompt["message"]?.string ?? ""))
    // On a line of its own and nothing around it, so that it can be copied whole.
    if let url = prompt["url"]?.string { out.line("\n  \(out.styled(visible(url), .cyan))\n") }
    if let code = prompt["userCode"]?.string { out.line("  Code: \(out.styled(visible(code), .bold))\n") }
    if let end = prompt["expiresAt"]?.string {
      out.line("Valid until \(visible(String(end.dropFirst(11).prefix(5)))) UTC.")
    }
  }

  private static func open(_ url: String) {
    guard url.hasPrefix("https://") || url.hasPrefix("http://") else { return }
    #if canImport(Darwin)
    let program = "open"
    #else
    let program = "xdg-open"
    #endif
    do throws(SystemError) {
      _ = try spawn([program, url], environment: Environment.process.all)
    } catch {
      Terminal.error.line(visible("\(error); open the address yourself."))
    }
  }

  /// Lets the person choose among the providers that one can log in at.
  static func chooseProvider(_ client: LocalClient) async throws(ProviderError) -> String {
    let all = try await client.call(.listProviders)["providers"]?.array ?? []
    let offered = all.filter { provider in
      let methods = (provider["login"]?.array ?? []).compactMap { $0["method"]?.string }
      return provider["kind"]?.string != "local" && methods.contains { LoginMethod(rawValue: $0) != nil }
    }
    let out = Terminal.error
    for (index, provider) in offered.enumerated() {
      let number = String(index + 1)
      let pad = String(repeating: " ", count: max(0, 3 - number.count))
      let ways = (provider["login"]?.array ?? []).compactMap { $0["method"]?.string }.joined(separator: ", ")
      let ready = provider["status"]?.string == "ready" ? ", ready" : ""
      let (name, id) = (provider["name"]?.string ?? "", provider["id"]?.string ?? "")
      out.line("\(pad)\(number)  \(visible(name)) \(out.styled(visible("(\(id); \(ways)\(ready))"), .dim))")
    }
    while true {
      let answer = try await TerminalPrompt.line("Number or name")
      if let number = Int(answer), offered.indices.contains(number - 1) {
        return offered[number - 1]["id"]?.string ?? answer
      }
      let isName = all.contains { provider in
        provider["id"]?.string == answer || (provider["aliases"]?.array ?? []).contains(.string(answer))
      }
      if isName { return answer }
      out.line("Type a number from 1 to \(offered.count), or the name in parentheses. Ctrl-C ends this.")
    }
  }
}
