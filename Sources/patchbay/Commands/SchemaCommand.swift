internal import EmbeddedData
internal import JSON
internal import SchemaTypes

extension Command {
  static let schema = Command(
    name: "schema", operands: "", summary: "Print the protocol's schema (OpenRPC 1.3), or types made from it",
    options: [
      .init("--for", nil, value: "LANGUAGE", "Print the protocol's types in \(languages) instead")
    ],
    examples: [
      ("patchbay schema > openrpc.json", "the schema"),
      ("patchbay schema --for typescript > types.d.ts", "interfaces and unions for a client of your own"),
    ],
    run: { arguments in
      try refuseOperands(arguments, "schema")
      let file = embedded_openrpc()
      let schema = UnsafeBufferPointer(start: file.bytes, count: file.count)
      guard let name = arguments["--for"] else {
        Terminal.output.write(String(decoding: schema, as: UTF8.self))
        return ExitStatus.success
      }
      guard let language = TypeLanguage(rawValue: name) else {
        throw UsageError(message: "there are no types for \(name), but for \(languages)", command: "schema")
      }
      Terminal.output.write(try language.types(of: try JSONValue(parsing: Array(schema))))
      return ExitStatus.success
    })

  private static var languages: String {
    let names = TypeLanguage.allCases.map(\.rawValue)
    return names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
  }
}
