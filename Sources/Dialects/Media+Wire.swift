internal import Completion

extension Media {
  /// Where the bytes are, in one string: an address, or a `data:` URL that holds them.
  var wireURL: String {
    switch source {
    case .data(let base64): "data:\(mediaType);base64,\(base64)"
    case .url(let url), .path(let url): url
    }
  }

  /// A name for APIs that want one: `file.pdf`.
  var fileName: String { "file." + (mediaType.split(separator: "/").last.map(String.init) ?? "bin") }
}
