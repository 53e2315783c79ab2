package import JSON

/// What is started for one attempt at an answer.
package struct ProgramLaunch: Sendable, Hashable {
  /// The program's path.
  package var program: String
  /// What stands behind it. Everybody on the machine can read it, so nothing secret does.
  package var arguments: [String] = []
  /// All of its environment.
  package var environment: [String: String] = [:]
  /// Where it works.
  package var directory: String
  /// Files that are there for as long as it runs.
  package var files: PrivateFiles?

  /// A program without arguments.
  package init(program: String, directory: String) {
    self.program = program
    self.directory = directory
  }
}

/// Files for this user alone, in a folder of their own.
package struct PrivateFiles: Sendable, Hashable {
  /// The folder, which is made for them.
  package var folder: String
  /// Their texts by their names.
  package var texts: [String: String] = [:]

  /// No files yet.
  package init(folder: String) { self.folder = folder }

  /// Where the file called `name` is.
  package func path(_ name: String) -> String { "\(folder)/\(name)" }
}

extension ProgramLaunch {
  /// As the supervisor is told.
  var json: JSONValue {
    var order: JSONObject = [
      "program": .string(program), "arguments": .strings(arguments), "environment": Self.texts(environment),
      "directory": .string(directory),
    ]
    if let files { order["files"] = ["folder": .string(files.folder), "texts": Self.texts(files.texts)] }
    return .object(order)
  }

  /// Reads what `json` writes.
  init(json: JSONValue) throws(JSONFieldError) {
    var fields = try JSONFields(json)
    program = try fields.require("program", fields.nonEmptyString("program"))
    arguments = try fields.strings("arguments") ?? []
    environment = Self.texts(try fields.object("environment"))
    directory = try fields.require("directory", fields.nonEmptyString("directory"))
    if let value = fields.value("files") {
      var members = try JSONFields(value, path: ["files"])
      files = PrivateFiles(folder: try members.require("folder", members.nonEmptyString("folder")))
      files?.texts = Self.texts(try members.object("texts"))
      try members.finish()
    }
    try fields.finish()
  }

  private static func texts(_ texts: [String: String]) -> JSONValue {
    .object(JSONObject(texts.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
  }

  private static func texts(_ object: JSONObject?) -> [String: String] {
    var texts: [String: String] = [:]
    for (name, value) in object ?? JSONObject() { texts[name] = value.string }
    return texts
  }
}
