/// Text that must never be seen: keys, tokens, passwords. Printing it, interpolating it or mirroring it shows dots;
/// only a request encoder asks for the text.
package struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  private let text: String

  /// Hides `text`.
  package init(_ text: String) { self.text = text }

  /// The text itself. For building a request, and nothing else.
  package func reveal() -> String { text }
  /// Whether the text is empty.
  package var isEmpty: Bool { text.isEmpty }

  package var description: String { "•••" }
  package var debugDescription: String { "•••" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

/// One header of a request.
package struct HTTPHeader: Sendable, Hashable {
  /// The name, in any case.
  package var name: String
  /// The value. Always hidden: which headers carry keys differs from provider to provider.
  package var value: Secret

  /// A header.
  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = Secret(value)
  }
  /// A header whose value is already hidden.
  package init(_ name: String, _ value: Secret) {
    self.name = name
    self.value = value
  }
}

/// A request.
package struct HTTPRequest: Sendable {
  package var method: String
  package var url: String
  package var headers: [HTTPHeader]
  package var body: [UInt8]?
  package var timeouts: HTTPTimeouts
  /// Whether HTTP/2 must not be tried: for proxies that break it.
  package var http1Only = false

  /// A request; `POST` when there is a body.
  package init(
    method: String? = nil, url: String, headers: [HTTPHeader] = [], body: [UInt8]? = nil,
    timeouts: HTTPTimeouts = .init()
  ) {
    self.method = method ?? (body == nil ? "GET" : "POST")
    self.url = url
    self.headers = headers
    self.body = body
    self.timeouts = timeouts
  }
}

/// How long each phase of an exchange may take, in milliseconds; `nil` means for ever.
package struct HTTPTimeouts: Sendable, Hashable {
  /// Name look-up, TCP and TLS together.
  package var connectMs: Int? = 10_000
  /// From the request being sent to the first progress (see `HTTPResponse.Body.noteProgress`).
  package var firstTokenMs: Int? = 120_000
  /// From one progress to the next, while the reader is waiting for bytes.
  package var idleMs: Int? = 120_000
  /// The whole exchange.
  package var totalMs: Int?

  /// The defaults of protocol.md.
  package init() {}
}
