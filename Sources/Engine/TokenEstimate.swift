internal import Completion
internal import JSON

/// What a text probably counts where nobody counts it: four bytes a token.
enum TokenEstimate {
  /// The tokens of `messages` alone.
  static func tokens(of messages: [Message]) -> Int {
    messages.reduce(0) { $0 + $1.content.reduce(0) { $0 + $1.size } } / 4
  }

  /// The tokens of everything that a request says.
  static func tokens(in request: CompletionRequest) -> Int {
    let options = request.options
    var size = (options.system ?? "").utf8.count + (options.instructions ?? "").utf8.count
    for tool in options.tools {
      size += tool.name.utf8.count + (tool.description ?? "").utf8.count
      size += JSONValue.object(tool.inputSchema).bytes.count
    }
    return tokens(of: request.messages) + size / 4
  }

  /// The tokens of texts that stand alone.
  static func tokens(of texts: [String]) -> Int { texts.reduce(0) { $0 + ($1.utf8.count + 3) / 4 } }
}

extension Usage {
  /// Counts that are our own guess.
  static func estimated(input: Int, output: Int) -> Usage {
    var usage = Usage(input: input, output: output)
    usage.estimated = true
    return usage
  }
}

extension Part {
  /// Bytes of text; an image counts as what most providers bill for one.
  fileprivate var size: Int {
    switch self {
    case .text(let text): text.utf8.count
    case .reasoning(let reasoning): reasoning.text.utf8.count
    case .toolCall(let call): JSONValue.object(call.arguments).bytes.count + call.name.utf8.count
    case .toolResult(let result): result.content.reduce(0) { $0 + $1.size }
    case .image, .file: 4800
    }
  }
}
