internal import Completion
internal import JSON

/// A section below `providers` in the config file.
struct ConfigProvider: Sendable {
  /// As the file writes it: an id or an alias of the catalogue, or a provider of the person's own.
  let id: String
  let path: [String]
  let origin: ValueOrigin
  let name: Setting<String>?
  let api: Setting<String>?
  let baseURL: Setting<String>?
  let apiKey: KeyText?
  /// A header without a value removes the one the catalogue has.
  let headers: [(name: String, value: KeyText?)]
  let model: Setting<String>?
  let maxTokens: Setting<Int>?
  let timeouts: Setting<PhaseTimeouts>?
  let retry: Setting<RetryOptions>?
  /// Which models may answer in the place of this provider's.
  let fallbacks: Setting<[String]>?
  let maxConcurrent: Setting<Int>?
  let enabled: Setting<Bool>?
  let models: [(id: String, entry: ModelEntry)]
  let modelsOrigin: ValueOrigin
  let extra: Setting<JSONObject>?
  let quirks: Setting<JSONObject>?
  /// Laid over the catalogue's, member by member; `null` takes one away.
  let login: Setting<JSONObject>?
  let roles: [ModelRole: String]
  let rolesOrigin: ValueOrigin
  let variables: [(name: String, value: KeyText)]
  /// For providers that are programs.
  let program: ConfigProgram

  /// Reads a section; an unknown key is an error.
  init(id: String, _ value: JSONValue, in file: ConfigFile) throws(JSONFieldError) {
    let path = ["providers", id]
    guard Self.isSound(id) else {
      throw JSONFieldError(
        path: path,
        message: "is no name for a provider: letters, digits, '.', '-' and '_' only, a letter or digit first")
    }
    var fields = try JSONFields(value, path: path)
    (self.id, self.path, origin) = (id, path, file.origin(of: path))
    name = file.setting(path + ["name"], try fields.string("name"))
    api = file.setting(path + ["api"], try fields.string("api"))
    baseURL = file.setting(path + ["baseURL"], try fields.optional("baseURL", "an http:// or https:// URL", Self.url))
    let apiKey = file.setting(path + ["apiKey"], try fields.string("apiKey"))
    self.apiKey = apiKey.map { KeyText($0.value, origin: $0.origin) }
    headers = try Self.headers(try fields.object("headers"), path + ["headers"], file)
    model = file.setting(path + ["model"], try fields.string("model"))
    maxTokens = file.setting(path + ["maxTokens"], try fields.int("maxTokens", in: 1...Int.max))
    timeouts = file.setting(path + ["timeout"], try Self.timeouts(fields.value("timeout"), path + ["timeout"]))
    retry = try file.retry(&fields, path)
    fallbacks = file.setting(path + ["fallbacks"], try fields.models("fallbacks"))
    maxConcurrent = file.setting(path + ["maxConcurrent"], try fields.int("maxConcurrent", in: 1...100_000))
    enabled = file.setting(path + ["enabled"], try fields.bool("enabled"))
    models = try Self.models(try fields.object("models"), path + ["models"])
    extra = file.setting(path + ["extra"], try fields.object("extra"))
    quirks = file.setting(path + ["quirks"], try fields.object("quirks"))
    login = file.setting(path + ["login"], try fields.object("login"))
    roles = try ConfigFile.roles(fields.value("roles"), path + ["roles"])
    variables = try ProviderEntry.texts(try fields.object("variables"), path + ["variables"]).map { name, text in
      (name, KeyText(text, origin: file.origin(of: path + ["variables", name])))
    }
    program = try ConfigProgram(&fields, in: file)
    modelsOrigin = file.origin(of: path + ["models"])
    rolesOrigin = file.origin(of: path + ["roles"])
    try fields.finish()
  }

  /// Ids stand in front of the first slash of a model's name, in file names, and behind no `@`.
  private static func isSound(_ id: String) -> Bool {
    let isAlphanumeric = { (byte: UInt8) in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: false
      }
    }
    guard let first = id.utf8.first, isAlphanumeric(first), id.utf8.count <= 64 else { return false }
    return id.utf8.allSatisfy { isAlphanumeric($0) || ".-_".utf8.contains($0) }
  }

  private static func url(_ value: JSONValue) -> String? {
    value.string.flatMap { ServerAddress.isUsable($0) ? ServerAddress.withoutTrailingSlashes($0) : nil }
  }

  private static func headers(
    _ object: JSONObject?, _ path: [String], _ file: ConfigFile
  ) throws(JSONFieldError) -> [(name: String, value: KeyText?)] {
    var headers: [(name: String, value: KeyText?)] = []
    for (name, value) in object ?? JSONObject() {
      guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"\"(),/:;<=>?@[\\]{}".utf8.contains($0) })
      else { throw JSONFieldError(path: path + [name], message: "is no name for an HTTP header") }
      switch value {
      case .string(let text): headers.append((name, KeyText(text, origin: file.origin(of: path + [name]))))
      case .null: headers.append((name, nil))
      default:
        throw JSONFieldError(path: path + [name], message: "must be a string or null, but is \(value.kindName)")
      }
    }
    return headers
  }

  private static func models(
    _ object: JSONObject?, _ path: [String]
  ) throws(JSONFieldError) -> [(id: String, entry: ModelEntry)] {
    var models: [(id: String, entry: ModelEntry)] = []
    for (id, value) in object ?? JSONObject() { models.append((id, try ModelEntry(value, path: path + [id]))) }
    return models
  }

  /// A number of seconds limits how long nothing may be heard, before the first token and after it; an object sets
  /// each phase in milliseconds.
  private static func timeouts(_ value: JSONValue?, _ path: [String]) throws(JSONFieldError) -> PhaseTimeouts? {
    guard let value else { return nil }
    var timeouts = PhaseTimeouts()
    if case .number(let seconds) = value {
      guard (0.001...86_400).contains(seconds.double) else {
        throw JSONFieldError(
          path: path, message: "must be a number of seconds from 0.001 to 86400, but is \(value.text)")
      }
      timeouts.firstTokenMs = Int((seconds.double * 1000).rounded())
      timeouts.idleMs = timeouts.firstTokenMs
      return timeouts
    }
    guard case .object = value else {
      let message = "must be a number of seconds or an object like {\"idleMs\": 60000}, but is \(value.kindName)"
      throw JSONFieldError(path: path, message: message)
    }
    var fields = try JSONFields(value, path: path)
    let limits = 1...86_400_000
    timeouts.connectMs = try fields.int("connectMs", in: limits)
    timeouts.firstTokenMs = try fields.int("firstTokenMs", in: limits)
    timeouts.idleMs = try fields.int("idleMs", in: limits)
    timeouts.totalMs = try fields.int("totalMs", in: limits)
    try fields.finish()
    return timeouts
  }
}
