package import Completion
internal import JSON

/// The servers of the Model Context Protocol that programs are to have (`mcp` in the config file); nothing in it is
/// looked up yet.
package struct MCPSettings: Sendable, Hashable {
  /// One server.
  package struct Server: Sendable, Hashable {
    /// How it is reached.
    package enum Transport: Sendable, Hashable {
      case process(command: String, arguments: [String], environment: [String: KeyText], directory: String?)
      case http(url: String, headers: [String: KeyText])
    }
    /// Letters, digits, `-` and `_`.
    package var name: String
    /// How it is reached.
    package var transport: Transport
    /// Whom it acts for: stands for `{identity}` in the command in front of its own.
    package var identity: String?
    /// Where it is configured.
    package var origin: ValueOrigin
  }

  /// In the order of the file.
  package private(set) var servers: [Server] = []
  /// Variables that every server gets.
  package private(set) var environment: [String: KeyText] = [:]
  /// What stands in front of the command of a server with an identity; `{identity}` is that.
  package private(set) var identityCommand: [String] = []

  /// No servers.
  init() {}

  /// Reads the section; an unknown key is an error.
  init(_ value: JSONValue?, in file: ConfigFile) throws(JSONFieldError) {
    guard let value else { return }
    var fields = try JSONFields(value, path: ["mcp"])
    identityCommand = try fields.strings("identityCommand") ?? []
    environment = try Self.keyTexts(&fields, "env", in: file) ?? [:]
    for (name, value) in try fields.object("servers") ?? JSONObject() {
      let server = try Server(name, value, path: ["mcp", "servers", name], in: file)
      if server.identity != nil, identityCommand.isEmpty {
        throw JSONFieldError(
          path: ["mcp", "servers", name, "identity"], message: "needs mcp.identityCommand, which is not set")
      }
      servers.append(server)
    }
    try fields.finish()
  }

  /// An object of texts that may be keys.
  static func keyTexts(
    _ fields: inout JSONFields, _ key: String, in file: ConfigFile
  ) throws(JSONFieldError) -> [String: KeyText]? {
    let path = fields.path + [key]
    guard let object = try fields.object(key) else { return nil }
    var texts: [String: KeyText] = [:]
    for (name, text) in try ProviderEntry.texts(object, path) {
      guard !name.isEmpty, !name.contains("="), !name.contains("\0") else {
        throw JSONFieldError(path: path + [name], message: "is no name for this")
      }
      texts[name] = KeyText(text, origin: file.origin(of: path + [name]))
    }
    return texts
  }

  /// The names, with dots for what they stand for.
  static func masked(_ texts: [String: KeyText]) -> JSONValue {
    .object(JSONObject(texts.sorted { $0.key < $1.key }.map { ($0.key, .string("\($0.value)")) }))
  }

  /// The settings, for people: what may be a key shows dots.
  var settings: [(key: String, value: JSONValue, origin: ValueOrigin?)] {
    var settings: [(key: String, value: JSONValue, origin: ValueOrigin?)] = []
    if !identityCommand.isEmpty { settings.append(("mcp.identityCommand", .strings(identityCommand), nil)) }
    if !environment.isEmpty { settings.append(("mcp.env", Self.masked(environment), nil)) }
    for server in servers { settings.append(("mcp.servers.\(server.name)", server.masked, server.origin)) }
    return settings
  }
}

extension MCPSettings.Server {
  fileprivate init(
    _ name: String, _ value: JSONValue, path: [String], in file: ConfigFile
  ) throws(JSONFieldError) {
    let isSound = name.utf8.allSatisfy { byte in
      UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
        || "-_".utf8.contains(byte)
    }
    guard isSound, !name.isEmpty else {
      throw JSONFieldError(path: path, message: "is no name for a server: letters, digits, '-' and '_' only")
    }
    var fields = try JSONFields(value, path: path)
    (self.name, origin) = (name, file.origin(of: path))
    identity = try fields.nonEmptyString("identity")
    if let url = try fields.nonEmptyString("url") {
      transport = .http(url: url, headers: try MCPSettings.keyTexts(&fields, "headers", in: file) ?? [:])
      if identity != nil { throw fields.error("identity", "is for servers with a command") }
    } else {
      transport = .process(
        command: try fields.require("command", fields.nonEmptyString("command")),
        arguments: try fields.strings("args") ?? [],
        environment: try MCPSettings.keyTexts(&fields, "env", in: file) ?? [:],
        directory: try fields.nonEmptyString("cwd"))
    }
    try fields.finish()
  }

  fileprivate var masked: JSONValue {
    var members: JSONObject
    switch transport {
    case .process(let command, let arguments, let environment, let directory):
      members = ["command": .string(command), "args": .strings(arguments), "env": MCPSettings.masked(environment)]
      members.set("cwd", directory.map(JSONValue.string))
    case .http(let url, let headers):
      members = ["url": .string(ServerAddress.masked(url)), "headers": MCPSettings.masked(headers)]
    }
    members.set("identity", identity.map(JSONValue.string))
    return .object(members)
  }
}
