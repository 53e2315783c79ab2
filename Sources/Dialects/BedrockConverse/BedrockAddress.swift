internal import Completion
internal import HTTP

/// Where a model is reached: the region, and the base URL that belongs to it.
struct BedrockAddress {
  /// The region of an ARN, else of the base URL, else of the settings.
  let region: String
  let baseURL: String
  /// The model's id as one segment of a path.
  let modelSegment: String

  init(_ endpoint: Endpoint) {
    let modelID = endpoint.model.wireID
    let arnRegion = Self.region(ofARN: modelID)
    let hostRegion = Self.regionRange(in: endpoint.baseURL)
    modelSegment = modelID.percentEncoded()
    if let arnRegion, let hostRegion {
      baseURL = endpoint.baseURL.replacingCharacters(in: hostRegion, with: arnRegion)
    } else {
      baseURL = endpoint.baseURL
    }
    let configured = endpoint.variables["region"].flatMap { $0.isEmpty ? nil : $0 }
    region = arnRegion ?? hostRegion.map { String(endpoint.baseURL[$0]) } ?? configured ?? "us-east-1"
  }

  /// `arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc`.
  private static func region(ofARN id: String) -> String? {
    let parts = id.split(separator: ":", omittingEmptySubsequences: false)
    return parts.count >= 6 && parts[0] == "arn" && !parts[3].isEmpty ? String(parts[3]) : nil
  }

  /// Where an address of AWS itself names its region: `bedrock-runtime[-fips].<region>.amazonaws.com[.cn]` and
  /// `….api.aws`.
  private static func regionRange(in url: String) -> Range<String.Index>? {
    guard let scheme = url.firstRange(of: "://") else { return nil }
    let host = url[scheme.upperBound...].prefix { $0 != "/" && $0 != ":" }
    let labels = host.split(separator: ".")
    guard labels.count >= 4, labels[0] == "bedrock-runtime" || labels[0] == "bedrock-runtime-fips",
      ["amazonaws.com", "amazonaws.com.cn", "api.aws"].contains(labels.dropFirst(2).joined(separator: "."))
    else { return nil }
    return labels[1].startIndex..<labels[1].endIndex
  }

  /// Whether this is GovCloud, or the model's profile is.
  static func isGovernment(_ region: String, _ modelID: String) -> Bool {
    region.hasPrefix("us-gov") || modelID.hasPrefix("us-gov.")
  }

  /// What inference profiles put before the model's own id.
  private static let profilePrefixes = ["global.", "us-gov.", "us.", "eu.", "apac.", "jp.", "au.", "ca.", "sa."]

  /// The id of the model behind a profile, for calls that know no profiles.
  static func foundationModel(_ id: String) -> String {
    for prefix in profilePrefixes where id.hasPrefix(prefix) { return String(id.dropFirst(prefix.count)) }
    return id
  }
}

extension String {
  fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
    String(self[..<range.lowerBound] + text + self[range.upperBound...])
  }
}
