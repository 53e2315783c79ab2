internal import Catalog
internal import Completion
internal import Engine
internal import JSON
internal import Platform

extension Command {
  static let catalog = Command(
    name: "catalog", operands: "[show|update FILE|URL|reset]",
    summary: "Show, replace or remove your own list of models",
    details: "The list is laid over the one that ships, and under the config file. It comes from a file as models.dev "
      + "has them; a running server takes it up when it reloads its config.",
    options: [.init("--json", nil, "Print JSON")],
    examples: [
      ("patchbay catalog update https://models.dev/api.json", "Take the newest models and prices"),
      ("patchbay catalog reset", "Go back to what ships"),
    ],
    run: { arguments in
      let directories = Directories(.process)
      var words = arguments.operands[...]
      let verb = words.popFirst() ?? "show"
      switch (verb, words.count) {
      case ("show", 0): return try show(ModelOverlay(in: directories), arguments)
      case ("reset", 0): return try reset(directories, arguments)
      case ("update", 1): return try await update(from: words[words.startIndex], directories, arguments)
      default:
        throw UsageError(
          message:
            "catalog takes show, update FILE|URL or reset, but not: \(arguments.operands.joined(separator: " "))",
          command: "catalog")
      }
    })

  private static func show(_ overlay: ModelOverlay, _ arguments: Arguments) throws -> Int32 {
    let sections = try overlay.sections()
    if arguments.has("--json") {
      return printJSON(["path": .string(overlay.path), "exists": .bool(overlay.exists), "models": .object(sections)])
    }
    guard overlay.exists else {
      Terminal.output.line("There is no list of your own; what ships is in effect. It would be \(overlay.path).")
      return ExitStatus.success
    }
    Terminal.output.line(overlay.path)
    table(sections).print()
    return ExitStatus.success
  }

  private static func update(
    from source: String, _ directories: Directories, _ arguments: Arguments
  ) async throws -> Int32 {
    let list = try list(in: try parsed(try await bytes(of: source), source), source)
    try ModelOverlay.write(list.sections, in: directories)
    let path = ModelOverlay.path(in: directories)
    if arguments.has("--json") {
      return printJSON(["path": .string(path), "models": .object(list.sections), "notTaken": .strings(list.unknown)])
    }
    table(list.sections).print()
    if !list.unknown.isEmpty {
      Terminal.error.line(visible("Not taken, for they are no providers here: \(list.unknown.joined(separator: ", "))"))
    }
    Terminal.error.line("Written to \(path).")
    return ExitStatus.success
  }

  private static func reset(_ directories: Directories, _ arguments: Arguments) throws -> Int32 {
    let path = ModelOverlay.path(in: directories)
    let wasThere = try ModelOverlay.remove(in: directories)
    if arguments.has("--json") { return printJSON(["path": .string(path), "removed": .bool(wasThere)]) }
    Terminal.output.line(wasThere ? "Removed \(path)." : "There was no list of your own.")
    return ExitStatus.success
  }

  private static func bytes(of source: String) async throws -> [UInt8] {
    if source.hasPrefix("https://") || source.hasPrefix("http://") {
      return try await Workbench().engine.download(source)
    }
    do {
      if let bytes = try FileSystem.read(source) { return bytes }
    } catch {
      throw ProviderError(.invalidParams, "\(error)", hint: "Name a file that you may read, or a URL.")
    }
    throw ProviderError(.invalidParams, "there is no file \(source)", hint: "Name a file, or a URL with its https://.")
  }

  private static func parsed(_ bytes: [UInt8], _ source: String) throws(ProviderError) -> JSONValue {
    do {
      return try JSONValue(parsing: bytes)
    } catch {
      throw ProviderError(.invalidParams, "\(ServerAddress.masked(source)) is no JSON: \(error)")
    }
  }

  private static func list(in value: JSONValue, _ source: String) throws(ProviderError) -> ModelsDev {
    let shipped = try ShippedCatalog.load()
    do throws(ProviderError) {
      return try ModelsDev(value, shipped: shipped)
    } catch {
      var error = error
      error.message = "\(ServerAddress.masked(source)): \(error.message)"
      throw error
    }
  }

  private static func table(_ sections: JSONObject) -> Table {
    var table = Table(["PROVIDER", "MODELS"])
    for (provider, models) in sections { table.add([provider, "\(models.object?.count ?? 0)"]) }
    return table
  }
}
