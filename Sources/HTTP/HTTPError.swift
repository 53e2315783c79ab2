/// Why an exchange failed before or during its body. A status of 400 and above is no such error.
package enum HTTPError: Error, Sendable, Hashable {
  /// The reader gave up.
  case cancelled
  /// The URL cannot be used.
  case badURL(String)
  /// The method or a header cannot be sent: which one, never its value.
  case badHeader(String)
  /// The host's name, which it is, does not resolve.
  case dns(String)
  /// Nothing listens at this `host:port`.
  case refused(String)
  /// No route to this `host:port`, host or network down.
  case unreachable(String)
  /// The TLS handshake or the certificate failed.
  case tls(String)
  /// The proxy failed.
  case proxy(String)
  /// The peer cut the connection before the response was whole.
  case reset(String)
  /// The body ended before its announced end.
  case truncated(String)
  /// What came is no HTTP, or its encoding is broken.
  case malformed(String)
  /// Headers or a line were larger than any sound server sends.
  case tooLarge(String)
  /// A redirect that was not followed, because it would carry credentials elsewhere.
  case redirect(to: String)
  /// The machine slept for so long while the exchange was under way.
  case suspended(ms: Int)
  /// A phase took too long.
  case timeout(Phase)
  /// libcurl is not there, or cannot be used, and why.
  case noLibrary(String)
  /// Anything else libcurl reports, with its code.
  case transport(code: Int, message: String)

  /// The phases of `HTTPTimeouts`.
  package enum Phase: String, Sendable, Hashable { case connect, firstToken, idle, total }
}
