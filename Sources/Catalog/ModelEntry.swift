package import Completion
package import JSON

/// What `models.json` or the config file says about a model; what it leaves out stays as it was.
package struct ModelEntry: Sendable, Hashable {
  package var name: String?
  package var contextWindow: Int?
  package var maxOutputTokens: Int?
  package var input: [String]?
  package var reasoning: Bool?
  package var tools: Bool?
  package var structured: Bool?
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
    contextWindow = try fields.int("contextWindow", in: 1...Int.max)
    maxOutputTokens = try fields.int("maxOutputTokens", in: 1...Int.max)
    input = try fields.strings("input")
    reasoning = try fields.bool("reasoning")
    tools = try fields.bool("tools")
    structured = try fields.bool("structured")
    cost = try fields.value("cost").map { value throws(JSONFieldError) in try Self.cost(value, path + ["cost"]) }
    released = try fields.string("released")
    status = try fields.string("status")
    quirks = try fields.object("quirks")
    try fields.finish()
    if let odd = input?.first(where: { !Self.inputs.contains($0) }) {
      let known = Self.inputs.joined(separator: ", ")
      throw fields.error("input", "\"\(odd)\" is no kind of input; there are \(known)")
    }
  }

  private static func cost(_ value: JSONValue, _ path: [String]) throws(JSONFieldError) -> ModelCost {
    var fields = try JSONFields(value, path: path)
    let prices: ClosedRange<Double> = 0...1e6
    let cost = ModelCost(
      input: try fields.require("input", try fields.double("input", in: prices)),
      output: try fields.require("output", try fields.double("output", in: prices)),
      cacheRead: try fields.double("cacheRead", in: prices),
      cacheWrite: try fields.double("cacheWrite", in: prices))
    try fields.finish()
    return cost
  }

  /// `model` with what this entry says laid over it.
  package func applied(to model: ModelInfo) -> ModelInfo {
    var model = model
    if let name { model.name = name }
    if let contextWindow { model.contextWindow = contextWindow }
    if let maxOutputTokens { model.maxOutputTokens = maxOutputTokens }
    if let input { model.input = input }
    if let reasoning { model.reasoning = reasoning }
    if let tools { model.tools = tools }
    if let structured { model.structured = structured }
    if let cost { model.cost = cost }
    if let released { model.released = released }
    if let status { model.status = status }
    if let quirks { model.quirks.merge(quirks) }
    return model
  }
}
