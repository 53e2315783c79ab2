package import JSON

/// Where a provider lists its models, and what is peculiar about the list; `ModelListReader` finds the rest by itself.
package struct ModelList: Sendable, Hashable {
  /// How the list goes on when it does not fit into one answer.
  package struct Paging: Sendable, Hashable {
    /// The member that holds the next page's mark (`nextPageToken`), or this page's number when `last` is there.
    package var cursor: String
    /// The member that says whether there is more; without it there is as long as there is a mark.
    package var more: String?
    /// The member that holds the number of the last page.
    package var last: String?
    /// The parameter of the query that asks for the next page.
    package var parameter: String
  }

  /// Below the base URL, with their leading slashes, or whole URLs for lists that are kept elsewhere; `{name}` stands
  /// for a connection variable. All of them together are the list.
  package var paths: [String]
  /// The member that holds the models: `result.data`; `nil` where it has one of the usual names.
  package var items: String?
  /// The member of a model that holds its id; `nil` where it has one of the usual names.
  package var id: String?
  /// What ids may have in front that requests do not want: `models/`.
  package var idDrop: String?
  /// What requests want in front of ids: `@cf/`.
  package var idPrefix: String?
  /// Members of a model with the values one of which they must have, where they are there; of a member that is an
  /// array, one element must.
  package var keep: [String: [JSONValue]] = [:]
  /// As `keep`, for models that are left out.
  package var drop: [String: [JSONValue]] = [:]
  /// What makes its prices USD per million tokens: 1000000 where they are per token; `nil` where they are not read.
  package var priceFactor: Double?
  package var paging: Paging?
  /// Headers that asking for it needs beside the provider's own, by their names in lower case.
  package var headers: [String: String] = [:]

  /// A list whose form is one of the usual ones.
  package init(paths: [String]) { self.paths = paths }

  /// Reads an entry of `providers.json`; absent means nowhere, an unknown key is an error.
  init?(_ value: JSONValue?, path: [String]) throws(JSONFieldError) {
    guard let value else { return nil }
    var fields = try JSONFields(value, path: path)
    paths = try fields.require(
      "path",
      try fields.optional("path", "a path with a leading slash, an https:// URL, or an array of such") { value in
        let paths = value.string.map { [$0] } ?? value.array.map { $0.map { $0.string ?? "" } }
        return paths.flatMap { $0.allSatisfy { $0.hasPrefix("/") || $0.hasPrefix("https://") } ? $0 : nil }
      })
    items = try fields.string("items")
    id = try fields.string("id")
    idDrop = try fields.string("idDrop")
    idPrefix = try fields.string("idPrefix")
    keep = try Self.choices("keep", &fields)
    drop = try Self.choices("drop", &fields)
    priceFactor = try fields.double("priceFactor", in: 0...1e9)
    paging = try Self.paging(fields.value("paging"), path + ["paging"])
    for (name, value) in try ProviderEntry.texts(try fields.object("headers"), path + ["headers"]) {
      headers[name.lowercased()] = value
    }
    try fields.finish()
  }

  private static func choices(
    _ key: String, _ fields: inout JSONFields
  ) throws(JSONFieldError) -> [String: [JSONValue]] {
    var choices: [String: [JSONValue]] = [:]
    for (member, values) in try fields.object(key) ?? JSONObject() {
      guard let array = values.array else { throw fields.error(key, "must map \"\(member)\" to an array") }
      choices[member] = array
    }
    return choices
  }

  private static func paging(_ value: JSONValue?, _ path: [String]) throws(JSONFieldError) -> Paging? {
    guard let value else { return nil }
    var fields = try JSONFields(value, path: path)
    let paging = Paging(
      cursor: try fields.require("cursor", try fields.string("cursor")), more: try fields.string("more"),
      last: try fields.string("last"), parameter: try fields.require("parameter", try fields.string("parameter")))
    try fields.finish()
    return paging
  }
}
