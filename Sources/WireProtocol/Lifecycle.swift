package import JSON

/// How much `logMessage` tells.
package enum TraceLevel: String, Sendable, Hashable, CaseIterable { case off, messages, verbose }

/// The parameters of `initialize`.
package struct InitializeParams: WireParams {
  /// The version the client wants; `nil` means `ProtocolVersion.current`. Not checked here.
  package var protocolVersion: Int?
  package var clientInfo: ClientInfo?
  /// The server exits when this process is gone.
  package var processId: Int?
  package var capabilities: ClientCapabilities
  package var trace: TraceLevel

  package init(_ json: JSONValue?) throws(JSONFieldError) {
    var fields = try JSONFields(json)
    protocolVersion = try fields.int("protocolVersion")
    clientInfo = if let value = fields.value("clientInfo") { try ClientInfo(value) } else { nil }
    processId = try fields.int("processId", in: 1...Int(Int32.max))
    capabilities = try ClientCapabilities(fields.value("capabilities"))
    trace = try fields.choice("trace", TraceLevel.self) ?? .off
    try fields.finish()
  }
}

/// Who the client is.
package struct ClientInfo: Sendable, Hashable {
  package var name: String
  package var version: String?

  fileprivate init(_ json: JSONValue) throws(JSONFieldError) {
    var fields = try JSONFields(json, path: ["clientInfo"])
    name = try fields.require("name", fields.nonEmptyString("name"))
    version = try fields.string("version")
    try fields.finish()
  }
}

/// What the client can do for the server, and what it does not want to hear.
package struct ClientCapabilities: Sendable, Hashable {
  /// Whether it can ask the person for text.
  package var prompt: Bool
  /// Whether it can open a URL in a browser.
  package var openURL: Bool
  /// Notifications the server must not send to it.
  package var optOutNotifications: Set<ServerNotification>

  fileprivate init(_ json: JSONValue?) throws(JSONFieldError) {
    var fields = try JSONFields(json, path: ["capabilities"])
    prompt = try fields.bool("prompt") ?? false
    openURL = try fields.bool("openURL") ?? false
    let names = try fields.strings("optOutNotifications") ?? []
    var notifications: Set<ServerNotification> = []
    for (index, name) in names.enumerated() {
      guard let notification = ServerNotification(rawValue: name) else {
        let known = ServerNotification.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        let path = fields.path + ["optOutNotifications", String(index)]
        throw JSONFieldError(path: path, message: "must be one of \(known)")
      }
      notifications.insert(notification)
    }
    optOutNotifications = notifications
    try fields.finish()
  }
}

/// The result of `initialize`.
package struct InitializeResult: Sendable {
  /// The version of the server program.
  package var serverVersion: String
  /// The API families this engine can speak to providers.
  package var apis: [String]
  /// The process id of the engine.
  package var enginePid: Int
  /// Whether other connections use the same engine.
  package var isShared: Bool
  /// What `complete` uses when nothing is named; `nil` when nothing is set and nothing was found.
  package var defaultChoice: ModelChoice?
  /// The largest message that is read, in bytes.
  package var maxMessageBytes: Int

  /// A result.
  package init(
    serverVersion: String, apis: [String], enginePid: Int, isShared: Bool = false, defaultChoice: ModelChoice?,
    maxMessageBytes: Int
  ) {
    self.serverVersion = serverVersion
    self.apis = apis
    self.enginePid = enginePid
    self.isShared = isShared
    self.defaultChoice = defaultChoice
    self.maxMessageBytes = maxMessageBytes
  }

  /// The result as the client gets it; methods and notifications are those of this module.
  package var json: JSONValue {
    [
      "protocolVersion": .int(ProtocolVersion.current),
      "serverInfo": ["name": "patchbay", "version": .string(serverVersion)],
      "capabilities": [
        "methods": .strings(Method.allCases.map(\.rawValue)),
        "notifications": .strings(ServerNotification.allCases.map(\.rawValue)),
        "apis": .strings(apis),
      ],
      "engine": ["pid": .int(enginePid), "shared": .bool(isShared)],
      "default": defaultChoice?.json ?? .null,
      "limits": ["maxMessageBytes": .int(maxMessageBytes)],
    ]
  }
}

/// The parameters of `$/setTrace`.
package struct SetTraceParams: WireParams {
  package var value: TraceLevel

  package init(_ json: JSONValue?) throws(JSONFieldError) {
    var fields = try JSONFields(json)
    value = try fields.require("value", fields.choice("value", TraceLevel.self))
    try fields.finish()
  }
}

/// The parameters of `$/cancelRequest`.
package struct CancelRequestParams: WireParams {
  /// The id of the request to cancel: a string or an integer.
  package var id: JSONValue

  package init(_ json: JSONValue?) throws(JSONFieldError) {
    var fields = try JSONFields(json)
    let id = try fields.require("id", fields.value("id"))
    guard id.string != nil || id.int != nil else {
      throw fields.error("id", "must be a string or a whole number, but is \(id.text)")
    }
    self.id = id
    try fields.finish()
  }
}
