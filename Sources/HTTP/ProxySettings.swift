internal import Platform

/// The proxies that the environment names, with curl's own rules: `https_proxy` or `HTTPS_PROXY` for `https://`;
/// `http_proxy` for `http://`, in lower case only (a web server hands its clients' `Proxy:` header on as `HTTP_PROXY`);
/// `all_proxy` or `ALL_PROXY` for what those leave out; `no_proxy` or `NO_PROXY` for hosts to reach directly. As with
/// curl, nothing is exempt by itself: with `http_proxy` set, a server on this machine is asked through the proxy too,
/// unless `no_proxy` names it (`localhost,127.0.0.1`).
struct ProxySettings: Sendable {
  /// For `http://`; empty for none.
  let http: String
  /// For `https://`; empty for none.
  let https: String
  /// The hosts to reach directly, in curl's syntax.
  let exempt: String

  init(_ environment: Environment) {
    let all = environment["all_proxy"] ?? environment["ALL_PROXY"] ?? ""
    http = environment["http_proxy"] ?? all
    https = environment["https_proxy"] ?? environment["HTTPS_PROXY"] ?? all
    exempt = environment["no_proxy"] ?? environment["NO_PROXY"] ?? ""
  }

  /// The proxy for URLs of `scheme`; empty for none.
  func proxy(forScheme scheme: String) -> String { scheme == "https" ? https : http }
}
