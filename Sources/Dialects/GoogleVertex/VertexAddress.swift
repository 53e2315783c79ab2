package import Completion
internal import HTTP

/// Where Vertex AI serves a model, for whatever publisher (https://cloud.google.com/vertex-ai/docs/reference/rest).
package struct VertexAddress: Sendable, Hashable {
  /// The address in front of `/projects` or `/publishers`, with the API's version: `https://…/v1`.
  package var root: String
  /// The customer's project; `nil` in express mode, where an API key alone says who pays.
  package var project: String?
  /// A region (`us-east5`), a multi-region (`us`, `eu`), or `global`.
  package var location: String

  /// The catalogue's address, which stands for "by location".
  package static let defaultBaseURL = "https://aiplatform.googleapis.com"

  /// The address of `endpoint`. Its base URL is used as it is, unless it is empty or the default: then the host follows
  /// from `variables["location"]`. A version at the end of the base URL stays; without one it is `v1`.
  ///
  /// - Parameters:
  ///   - endpoint: who is asked.
  ///   - allowsExpress: whether a key that is no bearer token can do without a project: for Google's own models
  ///     only.
  /// - Throws: `authRequired` when the project is missing; `invalidParams` for a location that can be no host name.
  package init(_ endpoint: Endpoint, allowsExpress: Bool = false) throws(ProviderError) {
    let given = endpoint.variables["location"] ?? ""
    location = given.isEmpty ? "global" : given
    guard location.utf8.allSatisfy(Self.isHostLetter) else {
      throw ProviderError(
        .invalidParams, "\"\(location)\" is no Google Cloud location",
        hint: "Set GOOGLE_CLOUD_LOCATION or providers.\(endpoint.provider).variables.location, e.g. \"us-east5\".",
        path: "providers.\(endpoint.provider).variables.location")
    }
    project = endpoint.variables["project"].flatMap { $0.isEmpty ? nil : $0 }
    let isExpress = allowsExpress && !endpoint.usesBearer && endpoint.apiKey.map { !$0.isEmpty } ?? false
    guard project != nil || isExpress else {
      throw ProviderError(
        .authRequired, "\(endpoint.provider) needs the id of a Google Cloud project",
        hint: "Set GOOGLE_CLOUD_PROJECT or providers.\(endpoint.provider).variables.project.",
        path: "providers.\(endpoint.provider).variables.project")
    }
    var base = endpoint.baseURL
    while base.hasSuffix("/") { base.removeLast() }
    if base.isEmpty || base == Self.defaultBaseURL {
      // Express mode knows no locations.
      base = project == nil ? Self.defaultBaseURL : "https://" + Self.host(of: location)
    }
    let lastSegment = base.split(separator: "/").last ?? ""
    root = ["v1", "v1beta1"].contains(lastSegment) ? base : base + "/v1"
  }

  /// The URL of a model's method: `rawPredict`, `streamGenerateContent?alt=sse`, ….
  package func url(publisher: String, model: String, method: String) -> String {
    let place = project.map { "/projects/\(PathSegment.of($0))/locations/\(location)" } ?? ""
    return "\(root)\(place)/publishers/\(publisher)/models/\(PathSegment.of(model)):\(method)"
  }

  private static func host(of location: String) -> String {
    switch location {
    case "global": "aiplatform.googleapis.com"
    case "us", "eu": "aiplatform.\(location).rep.googleapis.com"
    default: "\(location)-aiplatform.googleapis.com"
    }
  }

  private static func isHostLetter(_ byte: UInt8) -> Bool {
    (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-")
  }
}
