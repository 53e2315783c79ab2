internal import JSON

/// Where a provider says how much of its limits is left, and how to read the answer: all members of windows and credits
/// are paths into it, as `rate_limit.primary_window`.
package struct LimitEndpoint: Sendable, Hashable {
  /// A limit that is told of.
  package struct Window: Sendable, Hashable {
    /// Its name; `nil` with `each`.
    package var name: String?
    /// An object, each member of which is a window, under its own name.
    package var each: String?
    /// The object that holds the members; what is not in it is looked for in the whole answer.
    package var place: String?
    package var parts: [LimitPart: String] = [:]
  }

  /// Money, or what the provider counts in its stead.
  package struct Credits: Sendable, Hashable {
    package var remaining: String?
    package var total: String?
    package var used: String?
    /// A path, or a currency's code.
    package var currency: String?
    package var unlimited: String?
  }

  /// Below the base URL, or a whole URL; `{name}` stands for a variable, or for a text that the login keeps.
  package var path: String
  /// Whether it wants the login itself instead of the token that was had for it.
  package var usesLogin: Bool
  /// What `{name}` stands for where nothing is known.
  package var variables: [String: String] = [:]
  package var windows: [Window]
  package var credits: Credits?

  /// Reads an entry of `providers.json`; an unknown key is an error.
  init(_ value: JSONValue, path: [String]) throws(JSONFieldError) {
    var fields = try JSONFields(value, path: path)
    self.path = try fields.require(
      "path",
      try fields.optional("path", "a path with a leading slash, or an https:// URL") { value in
        value.string.flatMap { $0.hasPrefix("/") || $0.hasPrefix("https://") ? $0 : nil }
      })
    usesLogin = try fields.bool("login") ?? false
    windows = try fields.list("windows", Self.window) ?? []
    for (name, value) in try ProviderEntry.texts(try fields.object("variables"), path + ["variables"]) {
      variables[name] = value
    }
    credits = try fields.value("credits").map { value throws(JSONFieldError) in
      try Self.credits(value, path + ["credits"])
    }
    try fields.finish()
  }

  private static func window(_ value: JSONValue, _ path: [String]) throws(JSONFieldError) -> Window {
    var fields = try JSONFields(value, path: path)
    var window = Window(
      name: try fields.string("name"), each: try fields.string("each"), place: try fields.string("at"))
    for part in LimitPart.allCases { window.parts[part] = try fields.string(part.rawValue) }
    try fields.finish()
    return window
  }

  private static func credits(_ value: JSONValue, _ path: [String]) throws(JSONFieldError) -> Credits {
    var fields = try JSONFields(value, path: path)
    let credits = Credits(
      remaining: try fields.string("remaining"), total: try fields.string("total"), used: try fields.string("used"),
      currency: try fields.string("currency"), unlimited: try fields.string("unlimited"))
    try fields.finish()
    return credits
  }
}
