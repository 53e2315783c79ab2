internal import Completion
internal import JSON

/// What a program is told: the new input, with what it does not know of the conversation in front of it.
struct ProgramPrompt: Sendable, Hashable {
  private(set) var text: String
  /// The images of the new input.
  private(set) var images: [Media] = []

  /// The last of `messages` is the input, and so are those in front of it that a person or a tool wrote.
  init(_ messages: [Message]) {
    let start = messages.lastIndex { $0.role == .assistant }.map { $0 + 1 } ?? 0
    let system = messages[..<start].filter { $0.role == .system } + messages[start...].filter { $0.role == .system }
    let earlier = messages[..<start].filter { $0.role != .system }.map(Self.retold).filter { !$0.isEmpty }
    let input = messages[start...].filter { $0.role != .system }
    var blocks = system.map(\.text)
    if !earlier.isEmpty {
      blocks.append("<conversation_so_far>\n\(earlier.joined(separator: "\n"))\n</conversation_so_far>")
    }
    blocks += input.map(\.text)
    text = blocks.filter { !$0.isEmpty }.joined(separator: "\n\n")
    for message in input {
      for case .image(let media) in message.content { images.append(media) }
    }
  }

  private static func retold(_ message: Message) -> String {
    let name = message.role == .assistant ? "assistant" : "user"
    let count = message.content.count { if case .image = $0 { true } else { false } }
    let text = ([message.text] + Array(repeating: "[an image]", count: count)).filter { !$0.isEmpty }
    return text.isEmpty ? "" : "<\(name)>\n\(text.joined(separator: "\n"))\n</\(name)>"
  }

  /// The same with a text in front of it, for programs that take no system text.
  func led(by lead: String?) -> ProgramPrompt {
    guard let lead else { return self }
    var prompt = self
    prompt.text = text.isEmpty ? lead : "\(lead)\n\n\(text)"
    return prompt
  }
}
