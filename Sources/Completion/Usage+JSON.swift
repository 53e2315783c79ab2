package import JSON

extension JSONValue {
  /// A provider's count of tokens: a whole number, taken as the nearest from 0 to 2^50; `nil` for anything else.
  package var tokenCount: Int? { int.map { min(max(0, $0), Usage.most) } }
}

extension Usage {
  /// Reads the counts; an absent one is 0. `total` is the sum of the others and is not believed.
  package init(json: JSONValue, path: [String] = []) throws(JSONFieldError) {
    var fields = try JSONFields(json, path: path)
    self.init(
      input: try fields.int("input") ?? 0, output: try fields.int("output") ?? 0,
      cacheRead: try fields.int("cacheRead") ?? 0, cacheWrite: try fields.int("cacheWrite") ?? 0,
      reasoning: try fields.int("reasoning") ?? 0, cacheWriteLong: try fields.int("cacheWriteLong") ?? 0)
    estimated = try fields.bool("estimated") ?? false
    _ = try fields.int("total")
    try fields.finish()
  }

  /// All counts, with their `total`; `cacheWriteLong` only where there is any.
  package var json: JSONValue {
    var members: JSONObject = [
      "input": .int(input), "output": .int(output), "cacheRead": .int(cacheRead), "cacheWrite": .int(cacheWrite),
    ]
    if cacheWriteLong > 0 { members["cacheWriteLong"] = .int(cacheWriteLong) }
    members["reasoning"] = .int(reasoning)
    members["total"] = .int(total)
    members["estimated"] = .bool(estimated)
    return .object(members)
  }
}

/// What a completion or a thread cost, in USD.
package struct Cost: Sendable, Hashable {
  package var input: Double
  package var output: Double
  package var cacheRead: Double
  package var cacheWrite: Double
  /// The sum of the others, or what the provider itself reported.
  package var total: Double

  /// A cost; `total` defaults to the sum of the parts.
  package init(
    input: Double = 0, output: Double = 0, cacheRead: Double = 0, cacheWrite: Double = 0, total: Double? = nil
  ) {
    self.input = input
    self.output = output
    self.cacheRead = cacheRead
    self.cacheWrite = cacheWrite
    self.total = total ?? (input + output + cacheRead + cacheWrite)
  }

  /// The costs of two completions together.
  package static func + (left: Cost, right: Cost) -> Cost {
    Cost(
      input: left.input + right.input, output: left.output + right.output, cacheRead: left.cacheRead + right.cacheRead,
      cacheWrite: left.cacheWrite + right.cacheWrite, total: left.total + right.total)
  }

  /// Reads the amounts; an absent part is 0.
  package init(json: JSONValue, path: [String] = []) throws(JSONFieldError) {
    var fields = try JSONFields(json, path: path)
    let amounts = 0...Double.greatestFiniteMagnitude
    self.init(
      input: try fields.double("input", in: amounts) ?? 0, output: try fields.double("output", in: amounts) ?? 0,
      cacheRead: try fields.double("cacheRead", in: amounts) ?? 0,
      cacheWrite: try fields.double("cacheWrite", in: amounts) ?? 0, total: try fields.double("total", in: amounts))
    try fields.finish()
  }

  /// All amounts.
  package var json: JSONValue {
    [
      "input": .double(input), "output": .double(output), "cacheRead": .double(cacheRead),
      "cacheWrite": .double(cacheWrite), "total": .double(total),
    ]
  }
}

extension Cost {
  /// What all vendors that keep a prompt for an hour ask for that, as a multiple of the price of input.
  private static let longCacheFactor = 2.0

  /// What the `usage` of one completion costs at the model's prices; `nil` when they are unknown. Where no price for
  /// cached tokens is known they cost what other input costs. `tier` is the one the provider used, in its own word; a
  /// tier without a price of its own costs what the default one does.
  package init?(of usage: Usage, _ model: ModelInfo, tier: String? = nil) {
    guard let prices = model.cost else { return nil }
    let isLong = prices.longContext.map { usage.input + usage.cacheRead + usage.cacheWrite > $0.above } ?? false
    let surcharge = isLong ? prices.longContext : nil
    let factor = tier.flatMap { prices.tiers[$0] } ?? 1
    let (inputFactor, outputFactor) = (factor * (surcharge?.input ?? 1), factor * (surcharge?.output ?? 1))
    let short = prices.cacheWrite ?? prices.input
    let long = prices.cacheWriteLong ?? max(short, prices.input * Self.longCacheFactor)
    let writes = Double(usage.cacheWrite - usage.cacheWriteLong) * short + Double(usage.cacheWriteLong) * long
    self.init(
      input: Double(usage.input) * prices.input * inputFactor / 1e6,
      output: Double(usage.output) * prices.output * outputFactor / 1e6,
      cacheRead: Double(usage.cacheRead) * (prices.cacheRead ?? prices.input) * inputFactor / 1e6,
      cacheWrite: writes * inputFactor / 1e6)
  }
}
