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

  /// One value.
  package struct Setting: Sendable, Hashable {
    /// The way to it: `providers.ollama.baseURL`.
    package var key: String
    /// The value; secrets are already replaced by `•••`.
    package var value: JSONValue
    /// Who set it: `default`, `env:NAME`, or a file with the line (`/home/me/config.json:12`).
    package var source: String

    /// A setting.
    package init(key: String, value: JSONValue, source: String) {
      self.key = key
      self.value = value
      self.source = source
    }
    fileprivate var json: JSONValue { ["key": .string(key), "value": value, "source": .string(source)] }
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
