internal import Completion

extension CompletionOptions {
  /// - Throws: `invalidParams` when `toolChoice` asks for a tool that is not among `tools`.
  func checkToolChoice() throws(ProviderError) {
    if case .tool(let name)? = toolChoice, !tools.contains(where: { $0.name == name }) {
      throw ProviderError(
        .invalidParams, "toolChoice names the tool \"\(name)\", which is not among tools", path: "toolChoice")
    }
    if toolChoice == .required, tools.isEmpty {
      throw ProviderError(.invalidParams, "toolChoice is \"required\", but there are no tools", path: "toolChoice")
    }
  }
}
