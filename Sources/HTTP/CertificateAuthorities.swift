internal import CCurl
internal import Platform

/// Where the certificates of trusted authorities lie. The environment decides (`CURL_CA_BUNDLE`, else `SSL_CERT_FILE`;
/// `SSL_CERT_DIR` besides), else the first place that exists: libcurl's own, then those of the known distributions,
/// because a libcurl that is linked statically looks where the machine that built it kept them.
struct CertificateAuthorities: Sendable {
  /// A file of certificates; `nil` for libcurl's own.
  let file: String?
  /// A folder of certificates with hashed names; `nil` for libcurl's own.
  let folder: String?

  /// Debian and Arch; Fedora and RHEL; openSUSE; older RHEL; Alpine, the BSDs and macOS; NixOS.
  static let knownFiles = [
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem", "/etc/ssl/certs/ca-bundle.crt",
  ]

  /// Probes with `exists`; `builtIn` is the file libcurl was built to use.
  init(_ environment: Environment, builtIn: String?, exists: (String) -> Bool) {
    folder = environment["SSL_CERT_DIR"]
    if let named = environment["CURL_CA_BUNDLE"] ?? environment["SSL_CERT_FILE"] {
      file = named
    } else {
      file = ([builtIn].compactMap(\.self) + Self.knownFiles).first(where: exists)
    }
  }

  /// What `environment` and this machine's files say.
  init(_ environment: Environment) {
    let builtIn = ccurl_built_in_authorities().map { String(cString: $0) }
    self.init(environment, builtIn: builtIn) { access($0, R_OK) == 0 }
  }
}
