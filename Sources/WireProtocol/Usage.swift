package import Completion
package import JSON

/// The parameters of `getUsage`.
package struct GetUsageParams: WireParams {
  /// What is added up by itself.
  package enum Grouping: String, Sendable, CaseIterable { case provider, model, session, day }

  /// A day or a time; whether it is one is not checked here.
  package var since: String?
  /// As `since`.
  package var until: String?
  package var groupBy: Grouping?

  package init(_ json: JSONValue?) throws(JSONFieldError) {
    var fields = try JSONFields(json)
    since = try fields.nonEmptyString("since")
    until = try fields.nonEmptyString("until")
    groupBy = try fields.choice("groupBy", Grouping.self)
    try fields.finish()
  }
}

/// Completions added up.
package struct UsageSum: Sendable, Hashable {
  package var completions: Int
  package var failed: Int
  package var billedElsewhere: Int
  package var unpriced: Int
  package var usage: Usage
  /// `nil` when no cost is known.
  package var cost: Cost?
  package var durationMs: Int

  /// A sum.
  package init(
    completions: Int, failed: Int, billedElsewhere: Int, unpriced: Int, usage: Usage, cost: Cost?, durationMs: Int
  ) {
    self.completions = completions
    self.failed = failed
    self.billedElsewhere = billedElsewhere
    self.unpriced = unpriced
    self.usage = usage
    self.cost = cost
    self.durationMs = durationMs
  }

  fileprivate var json: JSONObject {
    [
      "completions": .int(completions), "failed": .int(failed), "billedElsewhere": .int(billedElsewhere),
      "unpriced": .int(unpriced), "usage": usage.json, "cost": cost?.json ?? .null, "durationMs": .int(durationMs),
    ]
  }
}

/// The result of `getUsage`.
package struct UsageResult: Sendable {
  package var total: UsageSum
  /// `nil` when nothing was to be added up by itself; a key is `nil` for what belongs to no session.
  package var groups: [(key: String?, sum: UsageSum)]?
  package var warnings: [String]

  /// A result.
  package init(total: UsageSum, groups: [(key: String?, sum: UsageSum)]? = nil, warnings: [String] = []) {
    self.total = total
    self.groups = groups
    self.warnings = warnings
  }

  /// The result as the client gets it.
  package var json: JSONValue {
    var members: JSONObject = ["total": .object(total.json)]
    if let groups {
      members["groups"] = .array(
        groups.map { key, sum in
          var group: JSONObject = ["key": key.map(JSONValue.string) ?? .null]
          group.merge(sum.json)
          return .object(group)
        })
    }
    if !warnings.isEmpty { members["warnings"] = .strings(warnings) }
    return .object(members)
  }
}
