/// The API families this program speaks. A new family is one folder beside this file and one line here.
package enum Dialects {
  /// All of them, by name.
  package static let all: [any Dialect] = [
    AnthropicMessages(),
    AzureOpenAIResponses(),
    BedrockConverse(),
    GoogleGenerativeAI(),
    GoogleVertex(),
    Mistral(),
    OllamaChat(),
    OpenAICodexResponses(),
    OpenAICompletions(),
    OpenAIResponses(),
    VertexAnthropic(),
  ]

  /// The family called `name`; `nil` when there is none.
  package static func named(_ name: APIFamily) -> (any Dialect)? { all.first { $0.api == name } }
}
