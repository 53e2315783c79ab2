internal import Completion
internal import JSON

// The parts of a provider's entry; an unknown key is an error in each.

extension ProviderAuth {
  init(_ value: JSONValue, path: [String]) throws(JSONFieldError) {
    var fields = try JSONFields(value, path: path)
    self.init(
      need: try fields.require("type", try fields.choice("type", Need.self)),
      header: try fields.string("header") ?? "authorization")
    scheme = try fields.choice("scheme", Scheme.self) ?? .key
    tokenPrefixes = try fields.strings("tokenPrefixes") ?? []
    tokenVariables = try fields.strings("tokenVariables") ?? []
    keyParts = try fields.strings("keyParts") ?? []
    try fields.finish()
  }
}

extension ConnectionVariable {
  /// The variables of a provider, in the order of the entry.
  static func read(_ object: JSONObject?, _ path: [String]) throws(JSONFieldError) -> [ConnectionVariable] {
    var variables: [ConnectionVariable] = []
    for (name, value) in object ?? JSONObject() {
      var fields = try JSONFields(value, path: path + [name])
      var variable = ConnectionVariable(name: name)
      variable.environment = try fields.strings("env") ?? []
      variable.fallback = try fields.string("default")
      variable.isRequired = try fields.bool("required") ?? false
      variable.hyphenated = try fields.bool("hyphenated") ?? false
      variable.endings = try fields.strings("endings") ?? []
      variable.hint = try fields.string("hint")
      try fields.finish()
      variables.append(variable)
    }
    return variables
  }
}

extension CredentialFile {
  init?(_ value: JSONValue?, path: [String]) throws(JSONFieldError) {
    guard let value else { return nil }
    var fields = try JSONFields(value, path: path)
    self.init(
      path: try fields.require("path", try fields.string("path")),
      key: try fields.require("key", try fields.string("key")), variables: [:])
    for (name, member) in try ProviderEntry.texts(try fields.object("variables"), path + ["variables"]) {
      variables[name] = member
    }
    try fields.finish()
  }
}

extension TurnHeader {
  init(_ value: JSONValue, path: [String]) throws(JSONFieldError) {
    var fields = try JSONFields(value, path: path)
    self.init(
      name: try fields.require("name", try fields.string("name")),
      value: try fields.require("value", try fields.string("value")),
      when: try fields.require("when", try fields.choice("when", Condition.self)))
    try fields.finish()
  }
}

extension ProviderRoute {
  init(_ value: JSONValue, path: [String]) throws(JSONFieldError) {
    var fields = try JSONFields(value, path: path)
    self.init(
      models: try fields.strings("models") ?? [], api: try fields.require("api", try fields.string("api")),
      baseURL: try fields.string("baseURL"))
    auth = try fields.value("auth").map { value throws(JSONFieldError) in
      try ProviderAuth(value, path: path + ["auth"])
    }
    headers = try ProviderEntry.texts(try fields.object("headers"), path + ["headers"]).map { name, value in
      ConfiguredHeader(name: name, value: KeyText(value, origin: .builtin))
    }
    quirks = try fields.object("quirks") ?? JSONObject()
    stripPrefix = try fields.string("stripPrefix")
    baseURLContains = try fields.nonEmptyString("baseURLContains")
    try fields.finish()
  }
}

extension ModelQuirks {
  init(_ value: JSONValue, path: [String]) throws(JSONFieldError) {
    var fields = try JSONFields(value, path: path)
    self.init(
      models: try fields.require("models", try fields.strings("models")),
      quirks: try fields.require("quirks", try fields.object("quirks")))
    try fields.finish()
  }
}

extension DataPolicy {
  /// Reads the members that a provider's entry has for it.
  init(_ fields: inout JSONFields) throws(JSONFieldError) {
    self.init()
    dataLocation = try fields.string("dataLocation")
    compliance = try fields.strings("compliance") ?? []
    offline = try fields.bool("offline") ?? false
  }
}
