package import JSON

/// An API family as `providers.json` describes it.
package struct APIEntry: Sendable {
  /// As `api` names it.
  package let name: String
  /// Shorter names that the config file may use.
  package let aliases: [String]
  /// The header that carries the key of a provider that only the config file knows, lower case; `nil` for
  /// `authorization`.
  package let keyHeader: String?
  /// Where servers of this family list their models.
  package let models: ModelList?

  /// Reads an entry; an unknown key is an error.
  package init(name: String, _ value: JSONValue, path: [String]) throws(JSONFieldError) {
    var fields = try JSONFields(value, path: path)
    self.name = name
    aliases = try fields.strings("aliases") ?? []
    keyHeader = try fields.nonEmptyString("keyHeader")
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
  /// How it is run, where it is a program.
  package private(set) var program: ProgramSettings?
  package private(set) var docs: String?
  package private(set) var loginHint: String?
  /// Variables that replace the base URL, the first that is set wins.
  package private(set) var baseURLVariables: [String] = []
  /// Variables that show that the provider is set up although there is no key: those of AWS.
  package private(set) var ambientVariables: [String] = []
  package private(set) var variables: [ConnectionVariable] = []
  package private(set) var credentialFile: CredentialFile?
  package private(set) var turnHeaders: [TurnHeader] = []
  package private(set) var routes: [ProviderRoute] = []
  package private(set) var modelQuirks: [ModelQuirks] = []
  package private(set) var fastMode: Bool = false
  package private(set) var isPreferred: Bool = false
  package private(set) var dataPolicy: DataPolicy = DataPolicy()
  package private(set) var roles: [ModelRole: String] = [:]
  /// What stands between a model's id and words about who shall serve it: `:` for `model:fastest`.
  package private(set) var variantMark: String?
  /// The provider whose section of `models.json` is this one's, too.
  package private(set) var modelsOf: String?
  /// Its id in the lists of models.dev, where that is another one.
  package private(set) var modelsDev: String?
  /// How to log in there; which members there are is documented in `LoginFlows`.
  package private(set) var login: JSONObject?
  /// Where it says how much of its limits is left.
  package private(set) var limits: [LimitEndpoint] = []

  /// Reads an entry; an unknown key is an error.
  package init(_ value: JSONValue, path: [String]) throws(JSONFieldError) {
    var fields = try JSONFields(value, path: path)
    id = try fields.require(
      "id", try fields.optional("id", "a name in lower case") { $0.string.flatMap { Self.isSound($0) ? $0 : nil } })
    name = try fields.require("name", try fields.nonEmptyString("name"))
    kind = try fields.require("kind", try fields.choice("kind", ProviderKind.self))
    api = try fields.require("api", try fields.string("api"))
    baseURL = try fields.optional("baseURL", "a URL, or a variable for one") { value in
      value.string.flatMap { text in ["http://", "https://", "{"].contains(where: text.hasPrefix) ? text : nil }
    }
    basePaths = Dictionary(
      uniqueKeysWithValues: try Self.texts(try fields.object("basePaths"), path + ["basePaths"]).map { ($0, $1) })
    host = try Self.host(fields.value("host"), path + ["host"])
    aliases = try fields.strings("aliases") ?? []
    env = try fields.strings("env") ?? []
    auth = try ProviderAuth(try fields.require("auth", fields.value("auth")), path: path + ["auth"])
    headers = try Self.texts(try fields.object("headers"), path + ["headers"])
    defaultModel = try fields.string("defaultModel")
    anyModel = try fields.bool("anyModel") ?? true
    models = try ModelList(fields.value("models"), path: path + ["models"])
    quirks = try fields.object("quirks") ?? JSONObject()
    try readConnection(&fields)
    try readPeculiarities(&fields)
    try fields.finish()
  }

  /// What its address and requests need beside a key.
  private mutating func readConnection(_ fields: inout JSONFields) throws(JSONFieldError) {
    let path = fields.path
    baseURLVariables = try fields.strings("baseURLVariables") ?? []
    ambientVariables = try fields.strings("ambientVariables") ?? []
    variables = try ConnectionVariable.read(try fields.object("variables"), path + ["variables"])
    credentialFile = try CredentialFile(fields.value("credentialFile"), path: path + ["credentialFile"])
    turnHeaders = try fields.list("turnHeaders", TurnHeader.init) ?? []
    routes = try fields.list("routes", ProviderRoute.init) ?? []
    login = try fields.object("login")
  }

  /// What holds for some of its models, and what people want to know of it.
  private mutating func readPeculiarities(_ fields: inout JSONFields) throws(JSONFieldError) {
    modelQuirks = try fields.list("modelQuirks", ModelQuirks.init) ?? []
    fastMode = try fields.bool("fastMode") ?? false
    isPreferred = try fields.bool("preferred") ?? false
    dataPolicy = try DataPolicy(&fields)
    roles = try ConfigFile.roles(fields.value("roles"), fields.path + ["roles"])
    program = try ProgramSettings(fields.value("program"), path: fields.path + ["program"])
    variantMark = try fields.nonEmptyString("variantMark")
    modelsOf = try fields.nonEmptyString("modelsOf")
    modelsDev = try fields.string("modelsDev")
    docs = try fields.optional("docs", "an https:// URL") { value in
      value.string.flatMap { $0.hasPrefix("https://") ? $0 : nil }
    }
    loginHint = try fields.string("loginHint")
    limits = try fields.list("limits", LimitEndpoint.init) ?? []
  }

  /// Ids are typed by people, and stand in front of slashes and in the names of files.
  private static func isSound(_ id: String) -> Bool {
    guard let first = id.utf8.first, !".-_".utf8.contains(first) else { return false }
    return id.utf8.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (0x30...0x39).contains(byte)
        || ".-_".utf8.contains(byte)
    }
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

  /// The members of an object of strings.
  static func texts(
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
