/// Mistral's `POST {base}/chat/completions`, with `https://api.mistral.ai/v1` as its base: chat completions with
/// Mistral's own names, thoughts and documents as parts of the content, and whole tool calls.
package struct Mistral: CompletionsFamily {
  package let api: APIFamily = "mistral"
  package let defaults = OpenAICompletionsQuirks.mistral

  /// The family; it has no state.
  package init() {}
}
