package import JSON

/// An API family as `providers.json` describes it.
package struct APIEntry: Sendable {
  /// As `api` names it.
  package let name: String
  /// Shorter names that the config file may use.
  package let aliases: [String]
  /// Where servers of this family list their models.
  package let models: ModelList?

  /// Reads an entry; an unknown key is an error.
  package init(name: String, _ value: JSONValue, path: [String]) throws(JSONFieldError) {
    var fields = try JSONFields(value, path: path)
    self.name = name
    aliases = try fields.strings("aliases") ?? []
    models = try ModelList(fields.value("models"), path: path + ["models"])
    try fields.finish()
  }
}

/// A provider as `providers.json` describes it. Everything a provider of a known API family needs is said here, so
/// that adding one takes an entry and no Swift.
package struct ProviderEntry: Sendable {
  /// A variable that says where a local server listens.
  package struct Host: Sendable {
    /// `OLLAMA_HOST`.
    package let variable: String
    /// The port when the variable names none.
    package let port: Int
  }

  package let id: String
  package let name: String
  package let kind: ProviderKind
  package let api: String
  package let baseURL: String?
  /// What each API family adds to the server's root: `{"openai-completions": "/v1"}`. A base URL is accepted with
  /// any of these or none.
  package let basePaths: [String: String]
  package let host: Host?
  package let aliases: [String]
  package let env: [String]
  package let auth: ProviderAuth
  package let headers: [(name: String, value: String)]
  package let defaultModel: String?
  package let anyModel: Bool
  package let models: ModelList?
  /// Deviations from the API family `api`; they say nothing about another one that the config file may choose.
  package let quirks: JSONObject
  package let docs: String?
  package let loginHint: String?

  /// Reads an entry; an unknown key is an error.
  package init(_ value: JSONValue, path: [String]) throws(JSONFieldError) {
    var fields = try JSONFields(value, path: path)
    id = try fields.require("id", try fields.string("id"))
    name = try fields.require("name", try fields.string("name"))
    kind = try fields.require("kind", try fields.choice("kind", ProviderKind.self))
    api = try fields.require("api", try fields.string("api"))
    baseURL = try fields.string("baseURL")
    basePaths = Dictionary(
      uniqueKeysWithValues: try Self.texts(try fields.object("basePaths"), path + ["basePaths"]).map { ($0, $1) })
    host = try Self.host(fields.value("host"), path + ["host"])
    aliases = try fields.strings("aliases") ?? []
    env = try fields.strings("env") ?? []
    auth = try Self.auth(try fields.require("auth", fields.value("auth")), path + ["auth"])
    headers = try Self.texts(try fields.object("headers"), path + ["headers"])
    defaultModel = try fields.string("defaultModel")
    anyModel = try fields.bool("anyModel") ?? true
    models = try ModelList(fields.value("models"), path: path + ["models"])
    quirks = try fields.object("quirks") ?? JSONObject()
    docs = try fields.string("docs")
    loginHint = try fields.string("loginHint")
    try fields.finish()
  }

  private static func host(_ value: JSONValue?, _ path: [String]) throws(JSONFieldError) -> Host? {
    guard let value else { return nil }
    var fields = try JSONFields(value, path: path)
    let host = Host(
      variable: try fields.require("variable", try fields.string("variable")),
      port: try fields.require("port", try fields.int("port", in: 1...65535)))
    try fields.finish()
    return host
  }

  private static func auth(_ value: JSONValue, _ path: [String]) throws(JSONFieldError) -> ProviderAuth {
    var fields = try JSONFields(value, path: path)
    let auth = ProviderAuth(
      need: try fields.require("type", try fields.choice("type", ProviderAuth.Need.self)),
      header: try fields.string("header") ?? "authorization")
    try fields.finish()
    return auth
  }

  private static func texts(
    _ object: JSONObject?, _ path: [String]
  ) throws(JSONFieldError) -> [(name: String, value: String)] {
    var texts: [(name: String, value: String)] = []
    for (name, value) in object ?? JSONObject() {
      guard let text = value.string else {
        throw JSONFieldError(path: path + [name], message: "must be a string, but is \(value.kindName)")
      }
      texts.append((name, text))
    }
    return texts
  }
}

extension ModelList {
  /// Reads where models are listed; absent means nowhere.
  fileprivate init?(_ value: JSONValue?, path: [String]) throws(JSONFieldError) {
    guard let value else { return nil }
    var fields = try JSONFields(value, path: path)
    shape = try fields.require("shape", try fields.choice("shape", ModelListShape.self))
    self.path = try fields.require("path", try fields.string("path"))
    try fields.finish()
  }
}
