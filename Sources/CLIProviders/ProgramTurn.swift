package import Catalog
package import Completion
internal import Dialects
package import JSON

/// What a program is asked to do: to go on with a conversation.
package struct ProgramTurn: Sendable {
  /// The conversation and its options.
  package var request: CompletionRequest
  /// Who is asked, as the messages it wrote say.
  package var origin: Origin
  /// The program, found.
  package var program: String
  /// The provider's settings.
  package var settings: ProgramSettings
  /// The MCP servers it is to have.
  package var servers: [MCPServer] = []
  /// What the settings of the whole machine say, where servers are passed by such a file.
  package var systemSettings = JSONObject()
  /// All of the program's environment.
  package var environment: [String: String] = [:]
  /// Where it works.
  package var directory: String
  /// A folder that is not there yet, for files it needs.
  package var folder: String
  /// In seconds since 1970.
  package var time: Int

  /// A turn.
  package init(
    _ request: CompletionRequest, origin: Origin, program: String, settings: ProgramSettings, directory: String,
    folder: String, time: Int
  ) {
    self.request = request
    self.origin = origin
    self.program = program
    self.settings = settings
    self.directory = directory
    self.folder = folder
    self.time = time
  }

  /// The model to ask for; `nil` leaves it to the program.
  var model: String? { origin.model == ProgramSettings.ownModel ? nil : origin.model }

  /// Whether the conversation is to be gone on with later.
  var isKept: Bool { request.sessionId != nil }

  /// The system text and the project's instructions.
  var system: String? {
    let texts = [request.options.system, request.options.instructions].compactMap { $0 }.filter { !$0.isEmpty }
    return texts.isEmpty ? nil : texts.joined(separator: "\n\n")
  }

  /// What starts the program with these arguments.
  func launch(_ arguments: [String]) -> ProgramLaunch {
    var launch = ProgramLaunch(program: program, directory: directory)
    launch.arguments = arguments
    launch.environment = environment
    return launch
  }

  /// The session of the program that this conversation can go on in.
  var session: ProgramSession? { lastSession?.session }

  private var lastSession: (session: ProgramSession, position: Int)? {
    for (position, message) in request.messages.enumerated().reversed() where message.role == .assistant {
      guard let writer = message.origin, writer.provider == origin.provider, writer.api == origin.api else { continue }
      for case .reasoning(let part) in message.content {
        guard let session = part.opaque.flatMap(ProgramSession.init(opaque:)) else { continue }
        // The programs keep their sessions by folder.
        return session.directory == directory ? (session, position) : nil
      }
    }
    return nil
  }

  /// What to tell the program: all of the conversation, or what it does not know yet.
  func prompt(
    knowing session: ProgramSession?, media: Bool, _ dropped: inout [Dropped]
  ) throws(ProviderError) -> ProgramPrompt {
    let start = session == nil ? 0 : lastSession.map { $0.position + 1 } ?? 0
    var rules = History.Rules(reader: origin)
    rules.takesTools = false
    rules.takesImages = media
    let history = try History(Array(request.messages[start...]), for: rules)
    dropped += history.dropped.map { Dropped($0.what, $0.why) }
    return ProgramPrompt(history.messages)
  }

  /// Names the options that are set, but for those that are `carried`, and so with the settings that only some programs
  /// have.
  func losses(carrying carried: Set<String> = []) -> [Dropped] {
    let options = request.options
    let set: [(name: String, isSet: Bool)] = [
      ("maxTokens", options.maxTokens != nil), ("temperature", options.temperature != nil),
      ("topP", options.topP != nil), ("stop", !options.stop.isEmpty), ("seed", options.seed != nil),
      ("reasoning", options.reasoning != nil), ("tools", !options.tools.isEmpty),
      ("toolChoice", options.toolChoice != nil), ("parallelTools", options.parallelTools != nil),
      ("output", options.output != nil), ("serviceTier", options.serviceTier != nil),
      ("extra", !options.extra.isEmpty),
    ]
    let own: [(name: String, isSet: Bool)] = [
      ("maxTurns", settings.maxTurns != nil), ("maxBudgetUSD", settings.maxBudgetUSD != nil),
      ("allowedTools", settings.allowedTools != nil),
    ]
    return (set + own).filter { $0.isSet && !carried.contains($0.name) }.map { name, _ in
      let why = name == "tools" ? "the program runs tools of its own and no others" : "the program has no such option"
      return Dropped(name, why)
    }
  }
}

/// A session that a program keeps itself.
package struct ProgramSession: Sendable, Hashable {
  private static let member = "program"

  /// The program's id for it.
  package var id: String
  /// Where the program worked.
  package var directory: String
  /// What it has cost so far, in USD, where the program counts by session.
  package var cost: Double?

  init(id: String, directory: String, cost: Double? = nil) {
    self.id = id
    self.directory = directory
    self.cost = cost
  }

  /// Reads it from a part of a message that the program wrote.
  init?(opaque: JSONValue) {
    guard let session = opaque[Self.member], let id = session["session"]?.string,
      let directory = session["directory"]?.string
    else { return nil }
    self.init(id: id, directory: directory, cost: session["costUSD"]?.double)
  }

  /// What stands for it in a message.
  var opaque: JSONValue {
    var members: JSONObject = ["session": .string(id), "directory": .string(directory)]
    members.set("costUSD", cost.map(JSONValue.double))
    return [Self.member: .object(members)]
  }

  /// The event that puts it behind the answer.
  var event: StreamEvent { .reasoningEnd(opaque: opaque) }
}
