package import JSON

/// Mistral's `POST {base}/chat/completions`, with `https://api.mistral.ai/v1` as its base: chat completions with
/// Mistral's own names, thoughts and documents as parts of the content, and whole tool calls.
package struct Mistral: CompletionsFamily {
  package let api: APIFamily = "mistral"
  /// As the API's reference has it; `quirks` of a provider or a model may say otherwise.
  package let preset: JSONObject = [
    "toolCallIdLength": 9, "requiresToolResultName": true, "requiredToolChoice": "any", "supportsStrictMode": true,
    "supportsUsageInStreaming": false, "seedField": "random_seed", "trailingAssistant": "prefix",
    "thinkingFormat": "prompt-mode", "reasoningField": "thinking", "fileInput": "documentURL",
    "promptCacheKey": "always", "sessionHeaders": ["x-affinity"], "infill": "mistral",
    "dimensionsField": "output_dimension",
  ]

  /// The family; it has no state.
  package init() {}
}
