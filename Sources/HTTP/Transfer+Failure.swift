internal import CCurl
internal import Platform

extension Transfer {
  /// What libcurl's verdict on this exchange means; `nil` for a good end. On the libcurl thread, before the handle goes.
  func failure(_ code: CURLcode) -> HTTPError? {
    if code == CURLE_OK { return nil }
    var systemError = 0
    var proxyStatus = 0
    _ = ccurl_get_long(easy, CURLINFO_OS_ERRNO, &systemError)
    _ = ccurl_get_long(easy, CURLINFO_HTTP_CONNECTCODE, &proxyStatus)
    var message = errorText.map { String(cString: $0) } ?? ""
    if message.isEmpty { message = String(cString: ccurl_easy_strerror(code)) }
    return CurlFailure(
      code: code, message: message, systemError: Int32(truncatingIfNeeded: systemError), proxyStatus: proxyStatus,
      mayUseProxy: !settings.proxies.proxy(forScheme: url.scheme).isEmpty, hasHead: headReader.isComplete,
      isHeadTooLarge: headReader.isTooLarge, host: url.host, port: url.port
    ).error
  }
}

/// What libcurl says about a transfer that failed, and what that means.
struct CurlFailure {
  var code: CURLcode
  var message: String
  /// `errno` of the last failed connect or read, 0 when unknown.
  var systemError: Int32 = 0
  /// The status a proxy answered `CONNECT` with, 0 when it was not asked.
  var proxyStatus = 0
  /// Whether there is a proxy for the URL's scheme, though the host may be exempt.
  var mayUseProxy = false
  var hasHead = false
  var isHeadTooLarge = false
  var host = ""
  var port = ""

  /// The codes of libcurl that all say: TLS.
  private static let tlsCodes: [CURLcode] = [
    CURLE_SSL_CONNECT_ERROR, CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_CERTPROBLEM,
    CURLE_SSL_CIPHER, CURLE_PEER_FAILED_VERIFICATION, CURLE_USE_SSL_FAILED, CURLE_SSL_ENGINE_INITFAILED,
    CURLE_SSL_CACERT_BADFILE, CURLE_SSL_SHUTDOWN_FAILED, CURLE_SSL_CRL_BADFILE, CURLE_SSL_ISSUER_ERROR,
    CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT,
  ]

  /// CURLE_TOO_LARGE of libcurl 8.6.
  private static let tooLargeCode: UInt32 = 100

  var error: HTTPError {
    if isHeadTooLarge { return .tooLarge(tooLargeHead) }
    if Self.tlsCodes.contains(code) { return .tls("\(host): \(message)") }
    switch code {
    case CURLE_URL_MALFORMAT: return .badURL(message)
    case CURLE_COULDNT_RESOLVE_HOST: return .dns(host)
    case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY: return .proxy(message)
    case CURLE_COULDNT_CONNECT: return connectError
    case CURLE_OPERATION_TIMEDOUT: return .timeout(.connect)
    // Before the head, it is a server that goes away in the middle of HTTP/2.
    case CURLE_PARTIAL_FILE: return hasHead ? .truncated(message) : .reset("\(host): \(message)")
    case CURLE_GOT_NOTHING: return .reset("\(host) closed the connection without an answer")
    case CURLE_SEND_ERROR, CURLE_RECV_ERROR: return exchangeError
    case CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_HTTP3: return .reset("\(host): \(message)")
    // HTTP/0.9, which is to say: no HTTP. The URL's own scheme was checked.
    case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING: return .malformed(message)
    case CURLE_OUT_OF_MEMORY where !hasHead: return .tooLarge(tooLargeHead)
    default:
      if code.rawValue == Self.tooLargeCode { return .tooLarge(hasHead ? message : tooLargeHead) }
      return .transport(code: Int(code.rawValue), message: message)
    }
  }

  private var tooLargeHead: String { "the response of \(host) has headers beyond any sound size" }

  private var connectError: HTTPError {
    // Only the text tells whom libcurl failed to reach, up to 8.6: the proxy's name stands in the host's place there,
    // later "via" it.
    if mayUseProxy, !message.contains(" \(host) port \(port) after ") { return .proxy(message) }
    return systemError == ECONNREFUSED ? .refused("\(host):\(port)") : .unreachable("\(host):\(port)")
  }

  /// libcurl has one code for a connection that broke, for chunks that are none, for a proxy that refuses and for
  /// heads that never end.
  private var exchangeError: HTTPError {
    if proxyStatus >= 300, !hasHead { return .proxy("the proxy answered CONNECT with status \(proxyStatus)") }
    if message.contains("chunked-encoding") || message.contains("chunk hex-length") { return .malformed(message) }
    if message.contains("Too large response headers") { return .tooLarge(tooLargeHead) }
    return .reset("\(host): \(message)")
  }
}
