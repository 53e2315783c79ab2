/// `POST {base}/chat/completions`: OpenAI's older API, which nearly every other provider and local server imitates.
/// Where they differ is data, see `OpenAICompletionsQuirks`.
package struct OpenAICompletions: CompletionsFamily {
  package let api: APIFamily = "openai-completions"
  package let defaults = OpenAICompletionsQuirks()

  /// The family; it has no state.
  package init() {}
}
