package import JSON

/// A server of the Model Context Protocol that programs are to have, with everything looked up.
package struct MCPServer: Sendable, Hashable {
  /// How it is reached.
  package enum Transport: Sendable, Hashable {
    /// Started by the program, with these variables on top of what the program gives it.
    case process(command: String, arguments: [String], environment: [String: String], directory: String?)
    /// Over HTTP.
    case http(url: String, headers: [String: String])
  }
  /// Letters, digits, `-` and `_`.
  package var name: String
  /// How it is reached.
  package var transport: Transport

  /// A server.
  package init(name: String, _ transport: Transport) {
    self.name = name
    self.transport = transport
  }
}

extension MCPServer {
  private static func texts(_ texts: [String: String]) -> JSONValue {
    .object(JSONObject(texts.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
  }

  /// As Claude Code and the Copilot CLI want it.
  var claudeJSON: JSONValue {
    switch transport {
    case .process(let command, let arguments, let environment, let directory):
      var members: JSONObject = [
        "type": "stdio", "command": .string(command), "args": .strings(arguments), "env": Self.texts(environment),
      ]
      members.set("cwd", directory.map(JSONValue.string))
      return .object(members)
    case .http(let url, let headers): return ["type": "http", "url": .string(url), "headers": Self.texts(headers)]
    }
  }

  /// As the Gemini CLI wants it.
  var geminiJSON: JSONValue {
    switch transport {
    case .process(let command, let arguments, let environment, let directory):
      var members: JSONObject = [
        "command": .string(command), "args": .strings(arguments), "env": Self.texts(environment),
      ]
      members.set("cwd", directory.map(JSONValue.string))
      return .object(members)
    case .http(let url, let headers): return ["httpUrl": .string(url), "headers": Self.texts(headers)]
    }
  }

  /// As Codex wants it where it reads more than words of a command line. It waits for a `required` server, and does
  /// nothing without it.
  func codexJSON(isRequired: Bool) -> JSONValue {
    var members: JSONObject
    switch transport {
    case .process(let command, let arguments, let environment, let directory):
      members = ["command": .string(command), "args": .strings(arguments), "env": Self.texts(environment)]
      members.set("cwd", directory.map(JSONValue.string))
    case .http(let url, let headers): members = ["url": .string(url), "http_headers": Self.texts(headers)]
    }
    // Nobody is there to be asked, and whoever configures a server here wants it used.
    members["default_tools_approval_mode"] = "approve"
    if isRequired { members["required"] = true }
    return .object(members)
  }

  /// As Codex takes it on its command line: the words, and the variables that hold what must not stand there.
  var codexOverrides: (words: [String], environment: [String: String]) {
    let path = "mcp_servers.\(name)"
    func set(_ key: String, _ value: JSONValue) -> [String] { ["-c", "\(path).\(key)=\(value.text)"] }
    switch transport {
    case .process(let command, let arguments, let environment, let directory):
      var words = set("command", .string(command)) + set("args", .strings(arguments))
      words += set("env_vars", .strings(environment.keys.sorted()))
      if let directory { words += set("cwd", .string(directory)) }
      return (words, environment)
    case .http(let url, let headers):
      var words = set("url", .string(url))
      var environment: [String: String] = [:]
      for (index, header) in headers.sorted(by: { $0.key < $1.key }).enumerated() {
        let variable = "PATCHBAY_MCP_\(name.uppercased().replacing("-", with: "_"))_\(index)"
        words += ["-c", "\(path).env_http_headers.\(header.key)=\(JSONValue.string(variable).text)"]
        environment[variable] = header.value
      }
      return (words, environment)
    }
  }
}
