package import Completion
package import HTTP

extension ProviderError {
  /// What a failed exchange means for a client.
  package init(_ error: HTTPError) {
    let (kind, message, hint) = Self.meaning(of: error)
    self.init(kind, message, hint: hint)
    if case .badHeader = error { path = "headers" }
    if error.comesAgain { shouldRetry = false }
    if case .timeout(let phase) = error { self.phase = TimeoutPhase(rawValue: phase.rawValue) }
  }

  private static func meaning(of error: HTTPError) -> (ErrorKind, message: String, hint: String?) {
    switch error {
    case .cancelled: (.cancelled, "the completion was cancelled", nil)
    case .badURL(let why): (.invalidParams, "the request cannot be sent: \(why)", "Check baseURL and headers.")
    case .badHeader(let name):
      (
        .invalidParams, "the header \(name) cannot be sent: it holds a line break",
        "Check the key and the headers for stray line ends."
      )
    case .dns(let host):
      (.network, "the name \(host) could not be looked up", "Check baseURL and the network connection.")
    case .refused(let place): (.network, "nothing answers at \(place)", "Start the server, or correct its baseURL.")
    case .unreachable(let place): (.network, "\(place) cannot be reached", "Check the network connection.")
    case .tls(let why):
      (.network, "no secure connection: \(why)", "Check the host's name, its certificate and SSL_CERT_FILE.")
    case .proxy(let why): (.network, "the proxy failed: \(why)", "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY.")
    case .reset(let why): (.network, "the connection was lost: \(why)", nil)
    case .truncated(let why): (.upstreamInvalid, "the answer was cut off: \(why)", nil)
    case .malformed(let why): (.upstreamInvalid, "the answer makes no sense: \(why)", nil)
    case .tooLarge(let why): (.upstreamInvalid, "the answer is too large: \(why)", nil)
    case .redirect(let place): redirect(to: place)
    case .suspended(let ms):
      (.network, "the machine slept for \((ms + 999) / 1000) s while the answer was on its way", nil)
    case .timeout(let phase): timeout(phase)
    case .noLibrary(let why): noLibrary(why)
    case .transport(let code, let why): (.network, "\(why) (libcurl code \(code))", nil)
    }
  }

  private static func redirect(to place: String) -> (ErrorKind, message: String, hint: String?) {
    (
      .upstreamError, "the server redirects to \(place), where the key must not go",
      "Set baseURL to where the API really is."
    )
  }

  private static func noLibrary(_ why: String) -> (ErrorKind, message: String, hint: String?) {
    (
      .unsupported, "no provider can be asked: \(why)",
      "Install libcurl 7.80 or newer; on Debian and Ubuntu: apt install libcurl4."
    )
  }

  private static func timeout(_ phase: HTTPError.Phase) -> (ErrorKind, message: String, hint: String?) {
    let (message, field): (String, String) =
      switch phase {
      case .connect: ("no connection within the time allowed", "connectMs")
      case .firstToken: ("connected, but no content within the time allowed", "firstTokenMs")
      case .idle: ("the stream stalled: no content within the time allowed", "idleMs")
      case .total: ("not finished within the time allowed", "totalMs")
      }
    return (.timeout, message, "Raise timeout.\(field), in the call or for the provider in the config file.")
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

extension HTTPError {
  /// Whether the same request would fail in the same way, as far as one can tell.
  fileprivate var comesAgain: Bool {
    switch self {
    case .tls, .tooLarge, .redirect: true
    default: false
    }
  }
}
