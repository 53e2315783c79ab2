internal import Completion
internal import HTTP
internal import JSON
internal import Platform

/// Sends a person to a provider's page and waits for the code it comes back with: from the browser, or pasted, whichever
/// is first.
struct BrowserAuthorization: Sendable {
  let provider: String
  let authorizeURL: String
  let redirect: RedirectAddress
  /// Where the provider shows the code to be pasted; used when the port of `redirect` is taken.
  let pasteRedirect: String?
  let notice: String?

  /// A code, and the address it was asked for with, which its redemption repeats.
  struct Grant: Sendable {
    let code: Secret
    let redirectURL: String
  }

  static let timeLimit = Duration.seconds(600)
  private static let attempts = 3

  /// `authorizeURL`, `redirect` and optionally `pasteRedirect`.
  init(_ fields: inout JSONFields, _ provider: String, _ notice: String?) throws(JSONFieldError) {
    self.provider = provider
    self.notice = notice
    authorizeURL = try fields.requiredURL("authorizeURL")
    redirect = try fields.require(
      "redirect",
      try fields.optional("redirect", "an address like \"http://localhost:1455/callback\"") { value in
        value.string.flatMap(RedirectAddress.init)
      })
    pasteRedirect = try fields.url("pasteRedirect")
  }

  /// Asks for a code. `query` says what to ask with, given the address to come back to.
  func grant(
    state: String, _ context: LoginContext, query: (_ redirectURL: String) -> [(String, String)]
  ) async throws(ProviderError) -> Grant {
    let target = CallbackTarget(
      provider: provider, path: redirect.path(state: state), state: state, statesInPath: redirect.statesInPath)
    let callback = try? LoopbackCallback(port: redirect.port, target)
    guard callback != nil || redirect.port != 0 else {
      throw .loginFailed(provider, "no port of this machine is free to wait for the browser on")
    }
    let here = redirect.url(port: callback?.port ?? redirect.port, state: state)
    let redirectURL = callback == nil ? pasteRedirect ?? here : here
    let separator = authorizeURL.contains("?") ? "&" : "?"
    let url = authorizeURL + separator + formEncoded(query(redirectURL))
    let result = await race(callback, url, target, context)
    await callback?.close()
    return Grant(code: try result.get(), redirectURL: redirectURL)
  }

  private func race(
    _ callback: LoopbackCallback?, _ url: String, _ target: CallbackTarget, _ context: LoginContext
  ) async -> CallbackTarget.Outcome {
    let message =
      callback != nil
      ? "Open this address in a browser and log in to \(provider)."
      : "Open this address in a browser, log in to \(provider), and paste the code or the address it ends at."
    await context.interaction.show(
      LoginPrompt(
        callback == nil ? .pasteCode : .openURL, url: url,
        message: [notice, message].compactMap { $0 }.joined(separator: " "),
        expiresAt: context.now() + Int(Self.timeLimit.components.seconds) * 1000))
    return await withTaskGroup(of: CallbackTarget.Outcome?.self) { group in
      if let callback { group.addTask { await callback.outcome() } }
      group.addTask { await pasted(target, context, isOnlyWay: callback == nil) }
      group.addTask {
        do { try await context.pause(Self.timeLimit) } catch { return nil }
        return .failure(.loginFailed(provider, "nobody logged in to \(provider) within ten minutes"))
      }
      defer { group.cancelAll() }
      for await outcome in group {
        if let outcome { return outcome }
        if Task.isCancelled { break }
      }
      return .failure(.loginCancelled(provider))
    }
  }

  /// What the person pastes; `nil` when they cannot be asked and need not be.
  private func pasted(
    _ target: CallbackTarget, _ context: LoginContext, isOnlyWay: Bool
  ) async -> CallbackTarget.Outcome? {
    let question = "Paste the code or the address that the browser ended at, unless it says that all is done."
    var mistake = ""
    for _ in 0..<Self.attempts {
      do {
        let text = try await context.interaction.ask(mistake + question, secret: false)
        return try target.outcome(ofPasted: text)
      } catch let error as CallbackTarget.Mistake {
        mistake = "This does not fit: \(error.message). "
      } catch let error as ProviderError {
        return error.kind == .unsupported && !isOnlyWay ? nil : .failure(error)
      } catch {
        return .failure(ProviderError(.internal, "\(error)"))
      }
    }
    return .failure(.loginFailed(provider, "what was pasted is no answer to this login"))
  }
}
