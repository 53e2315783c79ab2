internal import CCurl
internal import Platform

/// What every exchange of a client has in common.
struct TransferSettings: Sendable {
  let userAgent: String
  let proxies: ProxySettings
  /// How much of each response's body is kept for the observer, in bytes.
  let keptBody: Int
}

/// The easy handle of an exchange. Everything here runs on the libcurl thread.
extension Transfer {
  /// A handle that is ready to be added; `nil` when there is no memory.
  func makeHandle(_ authorities: CertificateAuthorities) -> UnsafeMutableRawPointer? {
    guard let easy = ccurl_easy_init() else { return nil }
    self.easy = easy
    let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    errorText.pointee = 0
    self.errorText = errorText
    _ = ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText)
    setConnection(easy, authorities)
    setRequest(easy)
    setCallbacks(easy)
    return easy
  }

  func destroyHandle() {
    ccurl_easy_cleanup(easy)
    ccurl_slist_free_all(headerList)
    errorText?.deallocate()
    (easy, headerList, errorText) = (nil, nil, nil)
  }

  private func setConnection(_ easy: UnsafeMutableRawPointer, _ authorities: CertificateAuthorities) {
    _ = ccurl_set_long(easy, CURLOPT_NOSIGNAL, 1)
    ccurl_set_quick_exit(easy)
    // Beyond any phase, in place of libcurl's own 300 s: `PhaseClock` alone decides.
    _ = ccurl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, Int(Int32.max))
    _ = ccurl_set_long(easy, CURLOPT_TCP_KEEPALIVE, 1)
    let version = request.http1Only ? ccurl_http_1_1 : ccurl_http_2_over_tls
    _ = ccurl_set_long(easy, CURLOPT_HTTP_VERSION, version)
    // Both always set, if only to "": libcurl would ask the process's own environment otherwise.
    _ = ccurl_set_string(easy, CURLOPT_PROXY, settings.proxies.proxy(forScheme: url.scheme))
    _ = ccurl_set_string(easy, CURLOPT_NOPROXY, settings.proxies.exempt)
    _ = ccurl_set_long(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    if let file = authorities.file {
      _ = ccurl_set_string(easy, CURLOPT_CAINFO, file)
      _ = ccurl_set_string(easy, CURLOPT_PROXY_CAINFO, file)
    }
    if let folder = authorities.folder {
      _ = ccurl_set_string(easy, CURLOPT_CAPATH, folder)
      _ = ccurl_set_string(easy, CURLOPT_PROXY_CAPATH, folder)
    }
  }

  private func setRequest(_ easy: UnsafeMutableRawPointer) {
    _ = ccurl_set_string(easy, CURLOPT_URL, request.url)
    _ = ccurl_set_string(easy, CURLOPT_USERAGENT, settings.userAgent)
    // "" stands for every encoding libcurl was built with.
    _ = ccurl_set_string(easy, CURLOPT_ACCEPT_ENCODING, "")
    switch (request.method, request.body) {
    case ("GET", nil): break
    case ("HEAD", nil): _ = ccurl_set_long(easy, CURLOPT_NOBODY, 1)
    case (let method, let body):
      if body != nil || method == "POST" || method == "PUT" || method == "PATCH" { setBody(easy, body ?? []) }
      _ = ccurl_set_string(easy, CURLOPT_CUSTOMREQUEST, method)
    }
    for header in request.headers {
      let value = header.value.reveal()
      // libcurl reads "Name:" as "do not send it", and "Name;" as an empty value.
      append(value.isEmpty ? "\(header.name);" : "\(header.name): \(value)")
    }
    // No round trip before the body, and no claim that it is a form.
    append("Expect:")
    if request.body != nil, !has("content-type") { append("Content-Type:") }
    _ = ccurl_set_pointer(easy, CURLOPT_HTTPHEADER, headerList)
  }

  /// Sends `body` from where it lies. The pointer stays good: `request` is immutable and holds the array for as long as
  /// this object lives, and the object outlives the handle (`HTTPClient.transfers`).
  private func setBody(_ easy: UnsafeMutableRawPointer, _ body: [UInt8]) {
    _ = ccurl_set_long(easy, CURLOPT_POST, 1)
    _ = ccurl_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
    guard !body.isEmpty else {
      _ = ccurl_set_string(easy, CURLOPT_COPYPOSTFIELDS, "")
      return
    }
    body.withUnsafeBufferPointer { _ = ccurl_set_pointer(easy, CURLOPT_POSTFIELDS, $0.baseAddress) }
  }

  private func append(_ header: String) { headerList = ccurl_slist_append(headerList, header) ?? headerList }

  private func has(_ name: String) -> Bool { request.headers.contains { $0.name.lowercased() == name } }

  private func setCallbacks(_ easy: UnsafeMutableRawPointer) {
    let context = Unmanaged.passUnretained(self).toOpaque()
    _ = ccurl_set_ready_callback(
      easy,
      { context, _, _, _, _ in
        Transfer.from(context)?.noteConnected()
        return CURL_PREREQFUNC_OK
      }, context)
    _ = ccurl_set_receiver(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
      let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
      return Transfer.from(context)?.receiveHeader(line) == true ? size * count : 0
    }
    _ = ccurl_set_pointer(easy, CURLOPT_HEADERDATA, context)
    _ = ccurl_set_receiver(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
      let chunk = UnsafeRawBufferPointer(start: bytes, count: size * count)
      return Transfer.from(context)?.receiveBody(chunk) == true ? size * count : ccurl_pause_receiving
    }
    _ = ccurl_set_pointer(easy, CURLOPT_WRITEDATA, context)
  }

  /// The object behind a callback's context, which `HTTPClient.transfers` keeps alive while libcurl has the handle.
  private static func from(_ context: UnsafeMutableRawPointer?) -> Transfer? {
    context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
  }
}
