package import Completion
package import JSON

/// What `models.json` or the config file says about a model; what it leaves out stays as it was.
package struct ModelEntry: Sendable, Hashable {
  package var name: String?
  package var upstreamID: String?
  /// The API family, as it was written; `ProviderCatalog` replaces a short form by the name.
  package var api: String?
  package var contextWindow: Int?
  package var maxOutputTokens: Int?
  package var input: [String]?
  package var reasoning: Bool?
  package var efforts: [String]?
  package var thinkingBudget: ThinkingBudget?
  package var thinkingToggle: Bool?
  package var tools: Bool?
  package var structured: Bool?
  package var temperature: Bool?
  package var fastMode: Bool?
  package var cost: ModelCost?
  package var released: String?
  package var status: String?
  package var quirks: JSONObject?

  /// The kinds of input a model can take.
  private static let inputs = ["text", "image", "pdf", "audio", "video"]

  /// Reads an entry; an unknown key is an error.
  package init(_ value: JSONValue?, path: [String] = []) throws(JSONFieldError) {
    var fields = try JSONFields(value, path: path)
    name = try fields.string("name")
    upstreamID = try fields.nonEmptyString("upstreamID")
    api = try fields.nonEmptyString("api")
    contextWindow = try fields.int("contextWindow", in: 1...Int.max)
    maxOutputTokens = try fields.int("maxOutputTokens", in: 1...Int.max)
    input = try fields.strings("input")
    reasoning = try fields.bool("reasoning")
    try readThinking(&fields)
    tools = try fields.bool("tools")
    structured = try fields.bool("structured")
    temperature = try fields.bool("temperature")
    fastMode = try fields.bool("fastMode")
    cost = try fields.value("cost").map { value throws(JSONFieldError) in try Self.cost(value, path + ["cost"]) }
    released = try fields.optional("released", "a date like 2026-08-22") { value in
      value.string.flatMap { Self.isDate($0) ? $0 : nil }
    }
    status = try fields.string("status")
    quirks = try fields.object("quirks")
    try fields.finish()
    if let odd = input?.first(where: { !Self.inputs.contains($0) }) {
      let known = Self.inputs.joined(separator: ", ")
      throw fields.error("input", "\"\(odd)\" is no kind of input; there are \(known)")
    }
  }

  private mutating func readThinking(_ fields: inout JSONFields) throws(JSONFieldError) {
    efforts = try fields.strings("efforts")
    thinkingBudget = try fields.value("thinkingBudget").map { [path = fields.path] value throws(JSONFieldError) in
      try Self.budget(value, path + ["thinkingBudget"])
    }
    thinkingToggle = try fields.bool("thinkingToggle")
  }

  /// A year, a month or a day as ISO 8601 writes them.
  static func isDate(_ text: String) -> Bool {
    let digits = text.utf8.map { (0x30...0x39).contains($0) ? UInt8(ascii: "0") : $0 }
    return ["0000", "0000-00", "0000-00-00"].contains(String(decoding: digits, as: UTF8.self))
  }

  private static func budget(_ value: JSONValue, _ path: [String]) throws(JSONFieldError) -> ThinkingBudget {
    var fields = try JSONFields(value, path: path)
    let budget = ThinkingBudget(min: try fields.int("min"), max: try fields.int("max"))
    try fields.finish()
    if let min = budget.min, let max = budget.max, min > max { throw fields.error("min", "is above max") }
    return budget
  }

  private static func cost(_ value: JSONValue, _ path: [String]) throws(JSONFieldError) -> ModelCost {
    var fields = try JSONFields(value, path: path)
    let prices: ClosedRange<Double> = 0...1e6
    var cost = ModelCost(
      input: try fields.require("input", try fields.double("input", in: prices)),
      output: try fields.require("output", try fields.double("output", in: prices)),
      cacheRead: try fields.double("cacheRead", in: prices),
      cacheWrite: try fields.double("cacheWrite", in: prices))
    cost.cacheWriteLong = try fields.double("cacheWriteLong", in: prices)
    for (tier, factor) in try fields.object("tiers") ?? JSONObject() {
      guard let factor = factor.double, (0...1000).contains(factor) else {
        throw fields.error("tiers", "must map \"\(tier)\" to a number from 0 to 1000")
      }
      cost.tiers[tier] = factor
    }
    cost.longContext = try fields.value("longContext").map { value throws(JSONFieldError) in
      try longContext(value, path + ["longContext"])
    }
    try fields.finish()
    return cost
  }

  private static func longContext(_ value: JSONValue, _ path: [String]) throws(JSONFieldError) -> ModelCost.LongContext
  {
    var fields = try JSONFields(value, path: path)
    let factors: ClosedRange<Double> = 0...1000
    let surcharge = ModelCost.LongContext(
      above: try fields.require("above", try fields.int("above")),
      input: try fields.require("input", try fields.double("input", in: factors)),
      output: try fields.require("output", try fields.double("output", in: factors)))
    try fields.finish()
    return surcharge
  }

  /// `model` with what this entry says laid over it.
  package func applied(to model: ModelInfo) -> ModelInfo {
    var model = model
    if let name { model.name = name }
    if let upstreamID { model.upstreamID = upstreamID }
    if let api { model.api = api }
    if let contextWindow { model.contextWindow = contextWindow }
    if let maxOutputTokens { model.maxOutputTokens = maxOutputTokens }
    if let input { model.input = input }
    if let reasoning { model.reasoning = reasoning }
    if let efforts { model.efforts = efforts }
    if let thinkingBudget { model.thinkingBudget = thinkingBudget }
    if let thinkingToggle { model.thinkingToggle = thinkingToggle }
    if let tools { model.tools = tools }
    if let structured { model.structured = structured }
    if let temperature { model.temperature = temperature }
    if let fastMode { model.fastMode = fastMode }
    if let cost { model.cost = cost }
    if let released { model.released = released }
    if let status { model.status = status }
    if let quirks { model.quirks.merge(quirks) }
    return model
  }
}
