internal import Completion

extension History {
  /// The part as the model can take it: media it cannot see become a short text in their place. `nil` for an empty
  /// text.
  mutating func fitted(_ part: Part, at path: String) throws(ProviderError) -> Part? {
    switch part {
    case .text(let text): return text.isEmpty ? nil : part
    case .image(let media):
      return try fits(media, "image", data: rules.takesImages, urls: rules.takesImageURLs, at: path)
        ? part : .text("[an image was left out: this model cannot see it]")
    case .file(let media, let name):
      if let text = Self.plainText(media) { return .text(name.map { "\($0):\n\(text)" } ?? text) }
      return try fits(media, "file", data: rules.takesFiles, urls: rules.takesFileURLs, at: path)
        ? part : .text("[the file \(name ?? media.mediaType) was left out: this model cannot read it]")
    case .reasoning, .toolCall, .toolResult:
      drop(path, "it cannot stand here")
      return nil
    }
  }

  private mutating func fits(
    _ media: Media, _ kind: String, data: Bool, urls: Bool, at path: String
  ) throws(ProviderError) -> Bool {
    switch media.source {
    case .path(let file):
      throw ProviderError(.internal, "the file \(file) was not read before the request was written", path: path)
    case .data:
      if !data { drop(path, "\(rules.reader.provider)/\(rules.reader.model) takes no \(kind)s" + otherwise(kind)) }
      return data
    case .url:
      if !urls { drop(path, "\(rules.reader.provider)/\(rules.reader.model) does not fetch \(kind)s from URLs") }
      return urls
    }
  }

  /// What to do where the program does not know better.
  private func otherwise(_ kind: String) -> String {
    guard kind == "image", let setting = rules.imageSetting else { return "" }
    return " as far as is known; if it does, add \"image\" to \(setting) in the config file"
  }

  /// The text of a file that is text: any model can read that.
  private static func plainText(_ media: Media) -> String? {
    let type = media.mediaType.lowercased()
    guard type.hasPrefix("text/") || type.hasPrefix("application/json"), case .data(let base64) = media.source,
      let bytes = Base64.decode(base64)
    else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }
}
