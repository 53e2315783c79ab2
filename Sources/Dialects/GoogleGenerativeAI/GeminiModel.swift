internal import Completion

/// What follows from quirks, catalogue and id of a model together.
struct GeminiModel {
  let info: ModelInfo
  let quirks: GeminiQuirks

  init(_ info: ModelInfo, _ quirks: GeminiQuirks) {
    self.info = info
    self.quirks = quirks
  }

  private var isThirdGeneration: Bool {
    (quirks.generation ?? Self.generation(in: info.wireID) ?? (info.efforts == nil ? 2 : 3)) >= 3
  }

  var thinking: GeminiQuirks.Thinking {
    if let thinking = quirks.thinking { return thinking }
    if info.efforts?.isEmpty == false { return .level }
    return info.thinkingBudget == nil && isThirdGeneration ? .level : .budget
  }

  var sendsCallIds: Bool { quirks.sendsCallIds ?? isThirdGeneration }
  var requiresThoughtSignatures: Bool { quirks.requiresThoughtSignatures ?? isThirdGeneration }
  var hasMultimodalToolResults: Bool { quirks.multimodalToolResults ?? isThirdGeneration }
  var takesTools: Bool { quirks.supportsTools ?? info.tools }
  var takesFiles: Bool { quirks.supportsFiles ?? ["pdf", "audio", "video"].contains { info.input.contains($0) } }

  /// How `options.output` is asked for; `none` also where no way is left.
  func structuredOutput(_ options: CompletionOptions) -> GeminiQuirks.StructuredOutput {
    let offersTools = !options.tools.isEmpty && options.toolChoice != ToolChoice.none
    var way = quirks.structuredOutput ?? (info.structured == false ? .tool : .native)
    if way == .native, offersTools, !(quirks.schemaWithTools ?? isThirdGeneration) { way = .tool }
    return way == .tool && !takesTools ? .none : way
  }

  /// The tool whose arguments are the structured answer.
  func answerTool(_ options: CompletionOptions) -> String? {
    options.output != nil && structuredOutput(options) == .tool ? options.answerToolName : nil
  }

  /// The id without the folder that lists of models show in front of it.
  static func bareID(_ id: String) -> String {
    for prefix in ["models/", "publishers/google/models/"] where id.hasPrefix(prefix) {
      return String(id.dropFirst(prefix.count))
    }
    return id
  }

  /// The number behind `gemini-`, wherever a gateway's prefix puts that.
  private static func generation(in id: String) -> Int? {
    guard let start = id.firstRange(of: "gemini-")?.upperBound else { return nil }
    return Int(id[start...].prefix { $0.isASCII && $0.isNumber })
  }
}
