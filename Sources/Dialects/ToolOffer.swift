internal import Completion

/// What a request says about which tools may, must or must not be called.
enum ToolOffer {
  /// Nothing: the API's default says the same.
  case unstated
  /// The tools are left out, which is as good as forbidding them.
  case withheld
  case stated(ToolChoice)
}

extension CompletionOptions {
  /// Whether the model has no choice but to call one of `tools`.
  var forcesTool: Bool {
    switch toolChoice {
    case .required?, .tool?: true
    case nil, .auto?, ToolChoice.none?: false
    }
  }

  /// How `toolChoice` is written where the API has such a field (`supportsChoice`) and where the structured answer is
  /// itself a tool (`hasAnswerTool`). Not offering tools can stand for forbidding them; forcing one has no substitute.
  /// - Throws: `invalidParams` for a choice that `tools` does not allow, `unsupported` where a call cannot be forced.
  func toolOffer(supportsChoice: Bool, hasAnswerTool: Bool, provider: String) throws(ProviderError) -> ToolOffer {
    guard let choice = toolChoice else { return .unstated }
    try checkToolChoice()
    guard !tools.isEmpty else { return .unstated }
    switch choice {
    case .auto: return supportsChoice && !hasAnswerTool ? .stated(.auto) : .unstated
    case .none: return supportsChoice && !hasAnswerTool ? .stated(.none) : .withheld
    case .required, .tool:
      guard supportsChoice else {
        throw ProviderError(
          .unsupported, "\(provider) cannot force a tool call",
          hint: "Use toolChoice \"auto\", or another provider.", path: "toolChoice")
      }
      return .stated(choice)
    }
  }

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
