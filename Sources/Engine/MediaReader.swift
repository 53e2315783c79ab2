internal import Completion
internal import Platform

/// Turns media given as a path into the bytes themselves, so that no dialect touches the disk.
struct MediaReader: Sendable {
  /// Larger files are refused: no provider takes them.
  private static let sizeLimit = 32 << 20

  /// The folder that relative paths start from and must stay in.
  let directory: String

  /// `messages` with every path replaced by its file's content.
  func read(_ messages: [Message]) async throws(ProviderError) -> [Message] {
    guard Self.isNeeded(messages) else { return messages }
    return try await BlockingQueue.run { () throws(ProviderError) in try resolve(messages) }
  }

  /// `messages` with every path replaced by its file's content. Blocks.
  func resolve(_ messages: [Message]) throws(ProviderError) -> [Message] {
    var resolved = messages
    for (m, message) in messages.enumerated() {
      for (p, part) in message.content.enumerated() {
        let path = "input[\(m)].content[\(p)].path"
        switch part {
        case .image(let media): resolved[m].content[p] = .image(try read(media, path))
        case .file(let media, let name): resolved[m].content[p] = .file(try read(media, path), name: name)
        default: continue
        }
      }
    }
    return resolved
  }

  /// Whether any message holds a path.
  static func isNeeded(_ messages: [Message]) -> Bool {
    messages.contains { message in
      message.content.contains { part in
        switch part {
        case .image(let media), .file(let media, _): if case .path = media.source { true } else { false }
        default: false
        }
      }
    }
  }

  private func read(_ media: Media, _ field: String) throws(ProviderError) -> Media {
    guard case .path(let path) = media.source else { return media }
    let resolved = try real(path, field)
    try check(resolved, path, field)
    do throws(SystemError) {
      guard let bytes = try FileSystem.read(resolved) else { throw SystemError("read", path, code: ENOENT) }
      return Media(mediaType: media.mediaType, source: .data(Base64.encode(bytes)))
    } catch {
      throw ProviderError(.invalidParams, error.description, path: field)
    }
  }

  /// Looks before anything is read: a device or a pipe could last for ever.
  private func check(_ resolved: String, _ path: String, _ field: String) throws(ProviderError) {
    var status = stat()
    guard stat(resolved, &status) == 0 else {
      throw ProviderError(.invalidParams, SystemError("read", path).description, path: field)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw ProviderError(.invalidParams, "\(path) is not a regular file", path: field)
    }
    guard status.st_size <= Self.sizeLimit else {
      throw ProviderError(
        .invalidParams, "\(path) has \(status.st_size) bytes; at most \(Self.sizeLimit) can be sent", path: field)
    }
  }

  private func real(_ path: String, _ field: String) throws(ProviderError) -> String {
    if path.hasPrefix("/") { return path }
    guard let root = canonical(directory), let target = canonical("\(directory)/\(path)") else {
      throw ProviderError(.invalidParams, SystemError("read", "\(directory)/\(path)").description, path: field)
    }
    guard target == root || target.hasPrefix(root == "/" ? "/" : root + "/") else {
      throw ProviderError(
        .invalidParams, "\(path) leads out of \(directory)", hint: "Give the absolute path instead.", path: field)
    }
    return target
  }

  private func canonical(_ path: String) -> String? {
    guard let pointer = realpath(path, nil) else { return nil }
    defer { free(pointer) }
    return String(cString: pointer)
  }
}
