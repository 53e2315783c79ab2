package import Completion
internal import JSON

/// How a program that answers by itself is found and run: what ships, with the config file's section laid over it.
package struct ProgramSettings: Sendable, Hashable {
  /// The name of the model that means: whichever the program uses by itself.
  package static let ownModel = "default"

  /// Its name, or its path.
  package var binary: String
  /// Where it is looked for behind `PATH`; a leading `~/` is the home folder.
  package var places: [String] = []
  /// How to install it: the words after "you can".
  package var install: String?
  /// The variables by which it would take itself to run inside of another one.
  package var unset: [String] = []
  /// The settings of the whole machine: the variable that names their file, and where that is when it is not set.
  package var systemSettings: SystemSettings?
  /// How many turns with tools an answer may take.
  package var maxTurns: Int?
  /// What an answer may cost.
  package var maxBudgetUSD: Double?
  /// The tools it may use without asking; `nil` leaves that to its own settings, and an empty list allows all.
  package var allowedTools: [String]?
  /// How long an answer may take.
  package var timeoutSeconds: Double?
  /// How often an answer that has used up `maxTurns` is gone on with.
  package var maxResumeAttempts = 0
  /// Whether it may change files in its folder without asking.
  package var fullAuto = false
  /// Variables on top of the client's.
  package var environment: [String: KeyText] = [:]
  /// Folders in front of the client's `PATH`.
  package var path: [String] = []
  /// Whether it gets the servers of `mcp`.
  package var takesServers = true

  /// A file with settings for everybody.
  package struct SystemSettings: Sendable, Hashable {
    package var variable: String
    package var path: String

    /// A file at `path`, unless `variable` names another one.
    package init(variable: String, path: String) {
      self.variable = variable
      self.path = path
    }
  }

  /// A program of which only the name is known.
  package init(binary: String) { self.binary = binary }
}

extension ProgramSettings {
  /// Reads what ships; an unknown key is an error.
  init?(_ value: JSONValue?, path: [String]) throws(JSONFieldError) {
    guard let value else { return nil }
    var fields = try JSONFields(value, path: path)
    self.init(binary: try fields.require("binary", fields.nonEmptyString("binary")))
    places = try fields.strings("places") ?? []
    install = try fields.string("install")
    unset = try fields.strings("unset") ?? []
    if let value = fields.value("systemSettings") {
      var members = try JSONFields(value, path: path + ["systemSettings"])
      systemSettings = SystemSettings(
        variable: try members.require("variable", members.nonEmptyString("variable")),
        path: try members.require("path", members.nonEmptyString("path")))
      try members.finish()
    }
    maxResumeAttempts = try fields.int("maxResumeAttempts") ?? 0
    try fields.finish()
  }
}

/// What a section of the config file says about a program; `nil` leaves what ships.
struct ConfigProgram: Sendable {
  let binary: Setting<String>?
  let maxTurns: Setting<Int>?
  let maxBudgetUSD: Setting<Double>?
  let allowedTools: Setting<[String]>?
  let timeoutSeconds: Setting<Double>?
  let maxResumeAttempts: Setting<Int>?
  let fullAuto: Setting<Bool>?
  let environment: Setting<[String: KeyText]>?
  let path: Setting<[String]>?
  let takesServers: Setting<Bool>?

  /// Takes the members that are about a program, and leaves the others to the caller.
  init(_ fields: inout JSONFields, in file: ConfigFile) throws(JSONFieldError) {
    let section = fields.path
    func setting<Value>(_ key: String, _ value: Value?) -> Setting<Value>? { file.setting(section + [key], value) }
    binary = setting("binary", try fields.nonEmptyString("binary"))
    maxTurns = setting("maxTurns", try fields.int("maxTurns", in: 1...100_000))
    maxBudgetUSD = setting("maxBudgetUSD", try fields.double("maxBudgetUSD", in: 0.000_001...1_000_000))
    allowedTools = setting("allowedTools", try fields.strings("allowedTools"))
    timeoutSeconds = setting("timeoutSeconds", try fields.double("timeoutSeconds", in: 0.001...86_400))
    maxResumeAttempts = setting("maxResumeAttempts", try fields.int("maxResumeAttempts", in: 0...1000))
    fullAuto = setting("fullAuto", try fields.bool("fullAuto"))
    environment = setting("env", try MCPSettings.keyTexts(&fields, "env", in: file))
    path = setting("path", try fields.strings("path"))
    takesServers = setting("mcp", try fields.bool("mcp"))
  }

  /// The first setting there is, by its name.
  var first: String? { names.first }

  private var names: [String] {
    [
      ("binary", binary != nil), ("maxTurns", maxTurns != nil), ("maxBudgetUSD", maxBudgetUSD != nil),
      ("allowedTools", allowedTools != nil), ("timeoutSeconds", timeoutSeconds != nil),
      ("maxResumeAttempts", maxResumeAttempts != nil), ("fullAuto", fullAuto != nil), ("env", environment != nil),
      ("path", path != nil), ("mcp", takesServers != nil),
    ].filter(\.1).map(\.0)
  }

  /// Lays this over `program`, and notes where each setting comes from.
  func apply(to program: inout ProgramSettings, _ origins: inout [String: ValueOrigin]) {
    func take<Value>(_ key: String, _ setting: Setting<Value>?, _ assign: (Value) -> Void) {
      guard let setting else { return }
      assign(setting.value)
      origins[key] = setting.origin
    }
    var changed = program
    take("binary", binary) { changed.binary = $0 }
    take("maxTurns", maxTurns) { changed.maxTurns = $0 }
    take("maxBudgetUSD", maxBudgetUSD) { changed.maxBudgetUSD = $0 }
    take("allowedTools", allowedTools) { changed.allowedTools = $0 }
    take("timeoutSeconds", timeoutSeconds) { changed.timeoutSeconds = $0 }
    take("maxResumeAttempts", maxResumeAttempts) { changed.maxResumeAttempts = $0 }
    take("fullAuto", fullAuto) { changed.fullAuto = $0 }
    take("env", environment) { changed.environment = $0 }
    take("path", path) { changed.path = $0 }
    take("mcp", takesServers) { changed.takesServers = $0 }
    program = changed
  }
}

extension ProgramSettings {
  /// The settings a person may make, by their names in the config file; what hides in variables shows dots.
  var settings: [(key: String, value: JSONValue)] {
    var settings: [(key: String, value: JSONValue)] = [("binary", .string(binary))]
    func add(_ key: String, _ value: JSONValue?) { if let value { settings.append((key, value)) } }
    add("maxTurns", maxTurns.map(JSONValue.int))
    add("maxBudgetUSD", maxBudgetUSD.map(JSONValue.double))
    add("allowedTools", allowedTools.map { .strings($0) })
    add("timeoutSeconds", timeoutSeconds.map(JSONValue.double))
    add("maxResumeAttempts", .int(maxResumeAttempts))
    add("fullAuto", .bool(fullAuto))
    add("env", environment.isEmpty ? nil : MCPSettings.masked(environment))
    add("path", path.isEmpty ? nil : .strings(path))
    add("mcp", .bool(takesServers))
    return settings
  }
}
