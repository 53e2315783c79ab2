package import Completion
package import HTTP

extension ProviderError {
  /// What a failed exchange means for a client.
  package init(_ error: HTTPError) {
    switch error {
    case .cancelled: self.init(.cancelled, "the completion was cancelled")
    case .badURL(let why):
      self.init(.invalidParams, "the request cannot be sent: \(why)", hint: "Check baseURL and headers.")
    case .badHeader(let name):
      self.init(
        .invalidParams, "the header \(name) cannot be sent: it holds a line break",
        hint: "Check the key and the headers for stray line ends.", path: "headers")
    case .dns(let host):
      self.init(
        .network, "the name \(host) could not be looked up", hint: "Check baseURL and the network connection.")
    case .refused(let place):
      self.init(.network, "nothing answers at \(place)", hint: "Start the server, or correct its baseURL.")
    case .unreachable(let place):
      self.init(.network, "\(place) cannot be reached", hint: "Check the network connection.")
    case .tls(let why):
      self.init(
        .network, "no secure connection: \(why)", hint: "Check the host's name, its certificate and SSL_CERT_FILE.")
    case .proxy(let why):
      self.init(.network, "the proxy failed: \(why)", hint: "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY.")
    case .reset(let why): self.init(.network, "the connection was lost: \(why)")
    case .truncated(let why): self.init(.upstreamInvalid, "the answer was cut off: \(why)")
    case .malformed(let why): self.init(.upstreamInvalid, "the answer makes no sense: \(why)")
    case .tooLarge(let why): self.init(.upstreamInvalid, "the answer is too large: \(why)")
    case .redirect(let place):
      self.init(
        .upstreamError, "the server redirects to \(place), where the key must not go",
        hint: "Set baseURL to where the API really is.")
    case .timeout(let phase): self.init(timeout: phase)
    case .noLibrary(let why):
      self.init(
        .unsupported, "no provider can be asked: \(why)",
        hint: "Install libcurl 7.80 or newer; on Debian and Ubuntu: apt install libcurl4.")
    case .transport(let code, let why): self.init(.network, "\(why) (libcurl code \(code))")
    }
  }

  private init(timeout phase: HTTPError.Phase) {
    let (message, field): (String, String) =
      switch phase {
      case .connect: ("no connection within the time allowed", "connectMs")
      case .firstToken: ("connected, but no content within the time allowed", "firstTokenMs")
      case .idle: ("the stream stalled: no content within the time allowed", "idleMs")
      case .total: ("not finished within the time allowed", "totalMs")
      }
    self.init(.timeout, message, hint: "Raise timeout.\(field), in the call or for the provider in the config file.")
    self.phase = TimeoutPhase(rawValue: phase.rawValue)
  }

  /// This error with every occurrence of `secrets` in its texts replaced by dots: upstreams quote keys in their
  /// messages.
  package func redacting(_ secrets: [Secret]) -> ProviderError {
    var error = self
    error.message = error.message.redacting(secrets)
    error.hint = error.hint?.redacting(secrets)
    error.upstreamCode = error.upstreamCode?.redacting(secrets)
    return error
  }
}

extension String {
  /// This text with every occurrence of `secrets` replaced by dots. The longest first, so that no part of a secret that
  /// holds another one is left.
  package func redacting(_ secrets: [Secret]) -> String {
    let texts = secrets.map { $0.reveal() }.filter { $0.utf8.count >= 6 }.sorted { $0.utf8.count > $1.utf8.count }
    return texts.reduce(self) { $0.replacing($1, with: "•••") }
  }
}
