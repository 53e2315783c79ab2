package import JSON

/// The result of `getConfig` and `reloadConfig`: the settings in force and where each comes from.
package struct ConfigResult: Sendable {
  /// A file that is looked at.
  package struct File: Sendable, Hashable {
    package var path: String
    package var exists: Bool

    /// A file.
    package init(path: String, exists: Bool) {
      self.path = path
      self.exists = exists
    }
    fileprivate var json: JSONValue { ["path": .string(path), "exists": .bool(exists)] }
  }

  /// One value that was set.
  package struct Setting: Sendable, Hashable {
    /// The way to it: `providers.ollama.baseURL`.
    package var key: String
    /// The value; secrets are already replaced by `•••`.
    package var value: JSONValue
    /// The file that sets it.
    package var file: String
    /// The line it stands on, from 1; `nil` when not known.
    package var line: Int?

    /// A setting.
    package init(key: String, value: JSONValue, file: String, line: Int? = nil) {
      self.key = key
      self.value = value
      self.file = file
      self.line = line
    }
    fileprivate var json: JSONValue {
      var members: JSONObject = ["key": .string(key), "value": value, "file": .string(file)]
      members.set("line", line.map(JSONValue.int))
      return .object(members)
    }
  }

  package var files: [File]
  package var settings: [Setting]

  /// A result.
  package init(files: [File], settings: [Setting]) {
    self.files = files
    self.settings = settings
  }
  /// `{"files": [..], "settings": [..]}`.
  package var json: JSONValue {
    ["files": .array(files.map(\.json)), "settings": .array(settings.map(\.json))]
  }
}
