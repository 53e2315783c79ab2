package import Completion
package import JSON

/// The parameters of `getLimits`.
package struct GetLimitsParams: WireParams {
  package var provider: String?

  package init(_ json: JSONValue?) throws(JSONFieldError) {
    var fields = try JSONFields(json)
    provider = try fields.nonEmptyString("provider")
    try fields.finish()
  }
}

/// What is left at a provider: an entry of `getLimits`, and the parameters of `limitsChanged`.
package struct LimitsInfo: Sendable, Hashable {
  /// So many of something.
  package struct Window: Sendable, Hashable {
    package var name: String
    package var limit: Double?
    package var remaining: Double?
    package var usedPercent: Double?
    /// ISO 8601, UTC, with milliseconds.
    package var resetsAt: String?

    /// A limit.
    package init(
      name: String, limit: Double? = nil, remaining: Double? = nil, usedPercent: Double? = nil, resetsAt: String? = nil
    ) {
      self.name = name
      self.limit = limit
      self.remaining = remaining
      self.usedPercent = usedPercent
      self.resetsAt = resetsAt
    }

    /// Without its name where its member says it.
    fileprivate func json(isNamed: Bool) -> JSONValue {
      var members = JSONObject()
      if !isNamed { members["name"] = .string(name) }
      members.set("limit", limit.map(JSONValue.amount))
      members.set("remaining", remaining.map(JSONValue.amount))
      if !isNamed { members.set("usedPercent", usedPercent.map(JSONValue.amount)) }
      members.set("resetsAt", resetsAt.map(JSONValue.string))
      return .object(members)
    }
  }

  /// What was paid for in advance.
  package struct Credits: Sendable, Hashable {
    package var remaining: Double?
    package var total: Double?
    package var used: Double?
    package var currency: String?
    package var unlimited: Bool

    /// Credits.
    package init(
      remaining: Double? = nil, total: Double? = nil, used: Double? = nil, currency: String? = nil,
      unlimited: Bool = false
    ) {
      self.remaining = remaining
      self.total = total
      self.used = used
      self.currency = currency
      self.unlimited = unlimited
    }

    fileprivate var json: JSONValue {
      var members = JSONObject()
      members.set("remaining", remaining.map(JSONValue.amount))
      members.set("total", total.map(JSONValue.amount))
      members.set("used", used.map(JSONValue.amount))
      members.set("currency", currency.map(JSONValue.string))
      if unlimited { members["unlimited"] = true }
      return .object(members)
    }
  }

  /// The limits that nearly every provider has, which are members of their own.
  private static let named = ["requests", "tokens"]

  package var provider: String
  package var account: String?
  /// `requests` and `tokens` among them.
  package var windows: [Window]
  package var credits: Credits?
  /// ISO 8601, UTC, with milliseconds.
  package var asOf: String
  /// "headers" or "endpoint".
  package var source: String

  /// What is left.
  package init(
    provider: String, account: String? = nil, windows: [Window], credits: Credits? = nil, asOf: String, source: String
  ) {
    self.provider = provider
    self.account = account
    self.windows = windows
    self.credits = credits
    self.asOf = asOf
    self.source = source
  }

  /// The entry as the client gets it.
  package var json: JSONValue {
    var members: JSONObject = ["provider": .string(provider)]
    members.set("account", account.map(JSONValue.string))
    for name in Self.named { members.set(name, windows.first { $0.name == name }?.json(isNamed: true)) }
    members["window"] = .array(windows.filter { !Self.named.contains($0.name) }.map { $0.json(isNamed: false) })
    members.set("credits", credits?.json)
    members["asOf"] = .string(asOf)
    members["source"] = .string(source)
    return .object(members)
  }
}

/// The result of `getLimits`.
package struct LimitsResult: Sendable {
  package var limits: [LimitsInfo]
  package var failures: [(provider: String, error: ProviderError)]

  /// A result.
  package init(limits: [LimitsInfo], failures: [(provider: String, error: ProviderError)] = []) {
    self.limits = limits
    self.failures = failures
  }

  /// The result as the client gets it.
  package var json: JSONValue {
    var members: JSONObject = ["limits": .array(limits.map(\.json))]
    if !failures.isEmpty {
      members["failures"] = .array(
        failures.map { ["provider": .string($0.provider), "error": WireError($0.error).json] })
    }
    return .object(members)
  }
}

extension JSONValue {
  /// A number, without a fraction where it has none.
  fileprivate static func amount(_ value: Double) -> JSONValue {
    Int(exactly: value).map(JSONValue.int) ?? .double(value)
  }
}
