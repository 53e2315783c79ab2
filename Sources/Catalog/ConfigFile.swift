internal import Completion
internal import JSON
internal import Platform

/// A value and where it was set.
struct Setting<Value: Sendable>: Sendable {
  let value: Value
  let origin: ValueOrigin
}

/// Limits of the engine that the config file may set.
package struct EngineLimits: Sendable, Hashable {
  /// The largest message a client may send, in bytes.
  package var maxMessageBytes = 64 << 20
  /// How many completions may be in flight at once.
  package var maxCompletions = 1000
  /// How many USD may be spent in a day by the local clock; `nil` for any number.
  package var budgetUSDPerDay: Double?

  /// The defaults of protocol.md.
  package init() {}
}

/// What may be kept in providers' prompt caches (`cache` in the config file).
package struct CacheSettings: Sendable, Hashable {
  /// Whether requests that say nothing about it are cached.
  package var enabled = true
  /// Whether the system text gets a cache marker of its own.
  package var systemPrompt = true
  /// Whether the project's instructions get a cache marker of their own.
  package var projectInstructions = true

  /// The defaults of protocol.md.
  package init() {}
}

/// Which requests use a provider's fast mode, where it and the model have one (`fastMode` in the config file).
package struct FastModeSettings: Sendable, Hashable {
  /// Requests whose `purpose` is `chat`.
  package var chat = false
  /// Requests whose `purpose` is `workflow`.
  package var workflow = false

  /// The defaults of protocol.md: it costs more, so it is off.
  package init() {}
}

/// `config.json` as it is written; nothing in it is looked up yet.
struct ConfigFile: Sendable {
  let path: String
  private(set) var defaultProvider: Setting<String>?
  private(set) var model: Setting<String>?
  private(set) var roles: [ModelRole: Setting<String>] = [:]
  private(set) var limits = EngineLimits()
  private(set) var cache = CacheSettings()
  private(set) var fastMode = FastModeSettings()
  private(set) var mcp = MCPSettings()
  private(set) var retry: Setting<RetryOptions>?
  /// Which models may answer in the place of a `provider/model`.
  private(set) var fallbacks: [(model: String, others: Setting<[String]>)] = []
  /// Where limits, `cache` and `fastMode` were set, by the way to them: `limits.maxCompletions`.
  private(set) var origins: [String: ValueOrigin] = [:]
  private(set) var providers: [ConfigProvider] = []
  private let source: JSONSource?

  /// Reads the file at `path`; a missing one says nothing. Blocks.
  static func read(_ path: String) throws(ProviderError) -> ConfigFile {
    let bytes: [UInt8]?
    do {
      bytes = try FileSystem.read(path)
    } catch {
      throw ProviderError(.storage, "\(error)", hint: "Make the file readable for yourself, or remove it.")
    }
    return try ConfigFile(parsing: bytes, path: path)
  }

  /// Reads the file's `bytes`; `nil` stands for a missing file.
  init(parsing bytes: [UInt8]?, path: String) throws(ProviderError) {
    self.path = path
    guard let bytes else {
      source = nil
      return
    }
    let source: JSONSource
    do {
      let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
      let text = bytes.starts(with: byteOrderMark) ? Array(bytes.dropFirst(3)) : bytes
      source = try JSONSource(parsing: text, file: path)
    } catch {
      throw Self.error("\(path):\(error.line):\(error.column): \(error.message)", path)
    }
    self.source = source
    do {
      try read(source.value)
    } catch {
      throw located(error)
    }
  }

  private mutating func read(_ value: JSONValue) throws(JSONFieldError) {
    var fields = try JSONFields(value)
    defaultProvider = setting(["defaultProvider"], try fields.string("defaultProvider"))
    model = setting(["model"], try fields.string("model"))
    for (role, name) in try Self.roles(fields.value("roles"), ["roles"]) {
      roles[role] = setting(["roles", role.rawValue], name)
    }
    try readLimits(fields.value("limits"))
    try readFlags(
      "cache", fields.value("cache"),
      [
        ("enabled", \.cache.enabled), ("systemPrompt", \.cache.systemPrompt),
        ("projectInstructions", \.cache.projectInstructions),
      ])
    try readFlags(
      "fastMode", fields.value("fastMode"), [("chat", \.fastMode.chat), ("workflow", \.fastMode.workflow)])
    mcp = try MCPSettings(fields.value("mcp"), in: self)
    retry = try retry(&fields, [])
    let places = try fields.object("fallbacks") ?? JSONObject()
    var models = try JSONFields(.object(places), path: ["fallbacks"])
    for model in places.keys {
      guard let others = setting(["fallbacks", model], try models.models(model)) else { continue }
      fallbacks.append((model, others))
    }
    for (id, value) in try fields.object("providers") ?? JSONObject() {
      providers.append(try ConfigProvider(id: id, value, in: self))
    }
    try fields.finish()
  }

  private mutating func readLimits(_ value: JSONValue?) throws(JSONFieldError) {
    var fields = try JSONFields(value, path: ["limits"])
    if let bytes = try fields.int("maxMessageBytes", in: 1024...(1 << 40)) {
      limits.maxMessageBytes = bytes
      origins["limits.maxMessageBytes"] = origin(of: ["limits", "maxMessageBytes"])
    }
    if let count = try fields.int("maxCompletions", in: 1...100_000) {
      limits.maxCompletions = count
      origins["limits.maxCompletions"] = origin(of: ["limits", "maxCompletions"])
    }
    if let budget = try fields.double("budgetUSDPerDay", in: 0...1e9) {
      limits.budgetUSDPerDay = budget
      origins["limits.budgetUSDPerDay"] = origin(of: ["limits", "budgetUSDPerDay"])
    }
    try fields.finish()
  }

  /// Reads an object whose members are all true or false.
  private mutating func readFlags(
    _ section: String, _ value: JSONValue?, _ flags: [(name: String, place: WritableKeyPath<ConfigFile, Bool>)]
  ) throws(JSONFieldError) {
    var fields = try JSONFields(value, path: [section])
    for (name, place) in flags {
      guard let flag = try fields.bool(name) else { continue }
      self[keyPath: place] = flag
      origins["\(section).\(name)"] = origin(of: [section, name])
    }
    try fields.finish()
  }

  /// Reads `retry`, at the top or in a provider.
  func retry(_ fields: inout JSONFields, _ path: [String]) throws(JSONFieldError) -> Setting<RetryOptions>? {
    let path = path + ["retry"]
    guard let value = fields.value("retry") else { return nil }
    return setting(path, try RetryOptions(json: value, path: path))
  }

  /// Reads a `roles` object, at the top or in a provider.
  static func roles(_ value: JSONValue?, _ path: [String]) throws(JSONFieldError) -> [ModelRole: String] {
    var fields = try JSONFields(value, path: path)
    var roles: [ModelRole: String] = [:]
    for role in ModelRole.allCases {
      guard let name = try fields.string(role.rawValue) else { continue }
      guard !ModelRole.isLike(name), !name.isEmpty else {
        throw fields.error(role.rawValue, "must name a model, not another role")
      }
      roles[role] = name
    }
    try fields.finish()
    return roles
  }

  /// Where the key at `path` stands, or the nearest one around it that stands anywhere.
  func origin(of path: [String]) -> ValueOrigin {
    var path = path
    while !path.isEmpty {
      if let line = source?.line(of: path) { return .file(self.path, line: line) }
      path.removeLast()
    }
    return .file(self.path, line: 1)
  }

  /// A value that was read from `path`.
  func setting<Value>(_ path: [String], _ value: Value?) -> Setting<Value>? {
    value.map { Setting(value: $0, origin: origin(of: path)) }
  }

  /// `error` with the file and the line of the field it is about.
  func located(_ error: JSONFieldError) -> ProviderError {
    Self.error("\(origin(of: error.path)): \(error)", path)
  }

  private static func error(_ message: String, _ path: String) -> ProviderError {
    ProviderError(.storage, message, hint: "Correct \(path); until then nothing of it is in effect.")
  }
}
