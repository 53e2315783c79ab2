internal import CCurl

/// A URL that may be requested, taken apart as libcurl itself does it.
struct RequestURL {
  /// `http` or `https`.
  let scheme: String
  /// Without brackets and user information; what error messages name, for a query may hold a key.
  let host: String
  /// The one of the scheme when the URL has none.
  let port: String

  /// Throws `badURL`, without the URL itself.
  init(_ text: String) throws(HTTPError) {
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
      throw .badURL("the URL holds white space or control characters")
    }
    guard let handle = ccurl_url() else { throw .badURL("out of memory") }
    defer { ccurl_url_cleanup(handle) }
    guard ccurl_url_set(handle, CURLUPART_URL, text, 0) == CURLUE_OK,
      let scheme = Self.part(CURLUPART_SCHEME, of: handle), let host = Self.part(CURLUPART_HOST, of: handle),
      let port = Self.part(CURLUPART_PORT, of: handle, UInt32(CURLU_DEFAULT_PORT))
    else { throw .badURL("the URL must read like https://host/path") }
    guard scheme == "http" || scheme == "https" else {
      throw .badURL("the URL must begin with http:// or https://, not \(scheme)://")
    }
    self.scheme = scheme
    self.host = host
    self.port = port
  }

  /// Where `location` leads from `base`, without user information, query and fragment; empty when that is no URL.
  static func withoutSecrets(_ location: String, relativeTo base: String) -> String {
    guard let handle = ccurl_url() else { return "" }
    defer { ccurl_url_cleanup(handle) }
    guard ccurl_url_set(handle, CURLUPART_URL, base, 0) == CURLUE_OK,
      ccurl_url_set(handle, CURLUPART_URL, location, UInt32(CURLU_NON_SUPPORT_SCHEME)) == CURLUE_OK
    else { return "" }
    for part in [CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS, CURLUPART_QUERY, CURLUPART_FRAGMENT] {
      ccurl_url_set(handle, part, nil, 0)
    }
    return Self.part(CURLUPART_URL, of: handle) ?? ""
  }

  private static func part(_ part: CURLUPart, of handle: OpaquePointer, _ flags: UInt32 = 0) -> String? {
    var text: UnsafeMutablePointer<CChar>?
    guard ccurl_url_get(handle, part, &text, flags) == CURLUE_OK, let text else { return nil }
    defer { ccurl_free(text) }
    return String(cString: text)
  }
}

extension HTTPRequest {
  /// Throws `badHeader` for a name or a value that would end the line and begin another. Names the header, never its
  /// value.
  func checkHeaders() throws(HTTPError) {
    guard !method.isEmpty, method.utf8.allSatisfy(isTokenByte) else { throw .badHeader("the method is no HTTP method") }
    for header in headers {
      guard !header.name.isEmpty, header.name.utf8.allSatisfy(isTokenByte) else {
        let name = String(decoding: header.name.utf8.map { isTokenByte($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
        throw .badHeader("\"\(name)\" is no header name")
      }
      guard header.value.reveal().utf8.allSatisfy({ ($0 >= 0x20 && $0 != 0x7f) || $0 == 0x09 }) else {
        throw .badHeader("the value of the header \(header.name) holds a line break or another control character")
      }
    }
  }
}

/// The bytes of RFC 9110's `token`.
private func isTokenByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"):
    true
  default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
  }
}
