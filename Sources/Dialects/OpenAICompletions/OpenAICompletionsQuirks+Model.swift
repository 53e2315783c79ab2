internal import Completion

extension OpenAICompletionsQuirks {
  /// How `model` is held to a schema: as the quirks say; else natively, unless the catalogue knows that it cannot.
  func structuredOutput(for model: ModelInfo) -> StructuredOutput {
    if let structuredOutput { return structuredOutput }
    guard model.structured == false else { return .jsonSchema }
    return (supportsTools ?? model.tools) && supportsToolChoice ? .tool : .jsonObject
  }
}
