package import Completion
internal import JSON
internal import Platform
internal import Synchronization

/// What is known of the providers' models: `models.json` as it ships, with the person's own list over it
/// (`patchbay catalog update`). Of the file that ships, only the sections that somebody asks for are ever read.
package final class ModelKnowledge: Sendable {
  private let overlay: ModelOverlay
  private let state = Mutex(State())

  private struct State {
    var sections: [String: JSONObject] = [:]
    var overlay: Result<JSONObject, ProviderError>?
  }

  /// Knowledge from the `models.json` in the program and `overlay`.
  init(overlay: ModelOverlay = ModelOverlay()) {
    self.overlay = overlay
  }

  /// The providers whose section of the file that ships was read so far.
  package var parsedSections: Set<String> { state.withLock { Set($0.sections.keys) } }

  /// What is known of a provider's models: in the order of `models.json`, then those that only the person's list has.
  /// - Throws: `storage` when that list is damaged; it names the file and the remedy.
  package func models(of provider: Provider) throws(ProviderError) -> [ModelInfo] {
    let section = try section(provider.modelsOf ?? provider.id)
    let overlay = try overlay(for: provider)
    var infos: [ModelInfo] = []
    for (id, value) in section { infos.append(try info(id, value, overlay[id], provider.id)) }
    for (id, value) in overlay where section[id] == nil { infos.append(try info(id, nil, value, provider.id)) }
    return infos
  }

  /// What is known of one model; `nil` when nothing is.
  /// - Throws: as `models(of:)`.
  package func model(_ id: String, of provider: Provider) throws(ProviderError) -> ModelInfo? {
    let shipped = try section(provider.modelsOf ?? provider.id)[id]
    let overlay = try overlay(for: provider)[id]
    return shipped == nil && overlay == nil ? nil : try info(id, shipped, overlay, provider.id)
  }

  private func info(
    _ id: String, _ shipped: JSONValue?, _ overlay: JSONValue?, _ provider: String
  ) throws(ProviderError) -> ModelInfo {
    var info = ModelInfo(id: id)
    do {
      if let shipped { info = try ModelEntry(shipped, path: [provider, id]).applied(to: info) }
    } catch {
      throw ShippedCatalog.damaged("models.json", error)
    }
    do {
      if let overlay { info = try ModelEntry(overlay, path: [provider, id]).applied(to: info) }
    } catch {
      throw self.overlay.damaged("\(error)")
    }
    return info
  }

  /// What the person's list says of a provider. The built-in one needs no list, and works whatever is in it.
  private func overlay(for provider: Provider) throws(ProviderError) -> JSONObject {
    if provider.kind == .builtin { return JSONObject() }
    let all = state.withLock { state in
      if let known = state.overlay { return known }
      let read = overlay.read()
      state.overlay = read
      return read
    }
    guard let section = try all.get()[provider.id] else { return JSONObject() }
    guard let models = section.object else { throw overlay.damaged("\(provider.id): must be an object") }
    return models
  }

  private func section(_ provider: String) throws(ProviderError) -> JSONObject {
    if let known = state.withLock({ $0.sections[provider] }) { return known }
    var section = JSONObject()
    let shipped = ShippedCatalog.models
    if let range = Self.range(of: provider, in: shipped) {
      do {
        section = try JSONValue(parsing: UnsafeBufferPointer(rebasing: shipped[range])).object ?? JSONObject()
      } catch {
        throw ShippedCatalog.damaged("models.json", error)
      }
    }
    state.withLock { $0.sections[provider] = section }
    return section
  }

  /// Where a provider's section stands. The file keeps each section's first and last line indented by two spaces, and
  /// all between them deeper, so that it can be found without reading the file as JSON.
  static func range(of provider: String, in text: UnsafeBufferPointer<UInt8>) -> Range<Int>? {
    guard let opening = line("  \"\(provider)\": {", in: text, from: 0) else { return nil }
    let start = opening.upperBound - 1
    guard let closing = line("  }", in: text, from: start) else { return nil }
    return start..<closing.upperBound
  }

  /// The beginning of the first line after `start` that begins with `words`.
  private static func line(_ words: String, in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Range<Int>? {
    guard let base = text.baseAddress else { return nil }
    let words = Array(words.utf8)
    var position = start
    while let found = memchr(base + position, 0x0A, text.count - position) {
      position = UnsafeRawPointer(base).distance(to: UnsafeRawPointer(found)) + 1
      guard position + words.count <= text.count else { return nil }
      if memcmp(base + position, words, words.count) == 0 { return position..<(position + words.count) }
    }
    return nil
  }
}
