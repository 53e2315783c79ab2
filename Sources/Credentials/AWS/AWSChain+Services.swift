internal import Completion
internal import HTTP

extension AWSChain {
  /// The hosts beside the loopback addresses that may be asked in clear text: those of ECS and EKS, which are on the
  /// same machine.
  private static let nearHosts: Set = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23", "localhost"]

  /// The service beside a container, when variables name one.
  func container() throws(ProviderError) -> AWSSource? {
    let (relative, full) = ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI")
    var url: String
    let name: String
    if let path = settings.variable(relative) {
      (url, name) = ("http://169.254.170.2\(path)", relative)
    } else if let whole = settings.variable(full) {
      (url, name) = (whole, full)
    } else {
      return nil
    }
    guard Self.mayAsk(url) else {
      throw ProviderError(
        .authRequired, "\(name) leads to a host that must not be asked for keys in clear text: \(url)",
        hint: "Use https, or one of: a loopback address, \(Self.nearHosts.sorted().joined(separator: ", ")).")
    }
    let container = AWSContainer(
      url: url, tokenFile: settings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
      token: settings.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"].map { Secret($0) })
    return .container(container, at: settings.place(of: name))
  }

  private static func mayAsk(_ url: String) -> Bool {
    guard let border = url.firstRange(of: "://") else { return false }
    let scheme = url[..<border.lowerBound].lowercased()
    if scheme == "https" { return true }
    let authority = url[border.upperBound...].prefix { !"/?#\\".contains($0) }
    guard scheme == "http", !authority.contains("@") else { return false }
    if authority.hasPrefix("[") {
      let address = authority.dropFirst().prefix { $0 != "]" }.lowercased()
      return address == "::1" || nearHosts.contains(address)
    }
    let host = authority.prefix { $0 != ":" }.lowercased()
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    let isLoopback = parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    return isLoopback || nearHosts.contains(host)
  }

  /// The service of the machine, unless it is switched off.
  func instance() throws(ProviderError) -> AWSSource? {
    if settings.isTrue("AWS_EC2_METADATA_DISABLED") { return nil }
    func text(_ variable: String, _ setting: String) -> String? {
      settings.variable(variable) ?? settings.setting(setting).flatMap { $0.isBlank ? nil : $0 }
    }
    func number(_ variable: String, _ setting: String) throws(ProviderError) -> Int {
      guard let text = text(variable, setting) else { return 1 }
      guard let number = Int(text), (1...1_000).contains(number) else {
        throw ProviderError(
          .authRequired, "\(variable) is no whole number from 1 to 1000: \(text)", hint: "Correct it, or leave it out.")
      }
      return number
    }
    let mode = text("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode")?.lowercased()
    guard [nil, "ipv4", "ipv6"].contains(mode) else {
      throw ProviderError(
        .authRequired, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is neither IPv4 nor IPv6: \(mode ?? "")",
        hint: "Correct it, or leave it out.")
    }
    var endpoint =
      text("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint")
      ?? (mode == "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254")
    while endpoint.hasSuffix("/") { endpoint.removeLast() }
    let isVersion1Off = text("AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled")?.lowercased() == "true"
    let instance = AWSInstance(
      endpoint: endpoint, allowsVersion1: !isVersion1Off,
      timeoutMs: 1000 * (try number("AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout")),
      attempts: try number("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts"))
    return .instance(instance, at: KeyPlace(source: .ambient, detail: "the machine's role (\(endpoint))"))
  }
}
