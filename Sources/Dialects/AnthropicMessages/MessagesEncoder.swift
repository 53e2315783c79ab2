internal import Completion
internal import HTTP
internal import JSON

/// Writes one request: its body, and the betas that the body needs.
struct MessagesEncoder: BodyEncoder {
  var task: EncodingTask<AnthropicMessagesQuirks>
  /// Set for tokens of a Claude subscription.
  let identity: ClaudeCodeIdentity?
  var body = JSONObject()
  var betas: [String] = []

  var accept: String { request.stream ? "text/event-stream" : "application/json" }

  init(_ task: EncodingTask<AnthropicMessagesQuirks>) {
    self.task = task
    identity = ClaudeCodeIdentity(task.endpoint, task.quirks, task.request.options.tools)
  }

  mutating func encode() throws(ProviderError) -> JSONObject {
    let history = try history(historyRules)
    body = ["model": .string(model.wireID), "max_tokens": .null]
    if request.stream { body["stream"] = true }
    var prompt = Prompt()
    prompt.tools = try encodeTools()
    encodeSystem(history, into: &prompt)
    prompt.messages = encode(history)
    markCacheBreakpoints(&prompt)
    if !prompt.tools.isEmpty { body["tools"] = .array(prompt.tools) }
    if !prompt.system.isEmpty { body["system"] = .array(prompt.system) }
    body["messages"] = .array(prompt.messages)
    let thinking = planThinking()
    encode(thinking)
    encodeSampling(isThinking: thinking.isOn)
    try encodeOutput()
    encodeTier()
    return finished(body)
  }

  private var historyRules: History.Rules {
    var rules = usualRules
    rules.takesImageURLs = rules.takesImages && quirks.supportsMediaURLs
    rules.takesFiles = quirks.supportsFiles ?? model.input.contains("pdf")
    rules.takesFileURLs = rules.takesFiles && quirks.supportsMediaURLs
    rules.ids = ToolCallIDRule(lengths: 1...64)
    return rules
  }

  // MARK: - Headers

  /// The endpoint without a configured `anthropic-beta`, and the headers of this request, where it went: betas add up.
  func headers() -> (Endpoint, [HTTPHeader]) {
    var endpoint = endpoint
    let isBeta = { (header: HTTPHeader) in header.name.lowercased() == "anthropic-beta" }
    let configured = endpoint.headers.filter(isBeta).map { $0.value.reveal() }
    endpoint.headers.removeAll(where: isBeta)
    var headers = [HTTPHeader("anthropic-version", "2023-06-01")]
    if identity != nil { headers += ClaudeCodeIdentity.headers }
    headers += request.sessionHeaders(quirks.sessionHeaders)
    var all: [String] = []
    let lists = configured.map { $0.split(separator: ",").map { $0.trimmed } }
    for beta in (identity == nil ? [] : ClaudeCodeIdentity.betas) + quirks.betas + betas + lists.joined()
    where !all.contains(beta) {
      all.append(beta)
    }
    // An empty configured value takes a header away, here as everywhere.
    let isWanted = configured.last.map { !$0.isEmpty } ?? true
    if isWanted, !all.isEmpty { headers.append(HTTPHeader("anthropic-beta", all.joined(separator: ","))) }
    return (endpoint, headers)
  }

  // MARK: - Options

  private mutating func encodeSampling(isThinking: Bool) {
    if let temperature = options.temperature, takes(.temperature, isThinking, at: temperature == 1) {
      if temperature > 1 { drop("temperature", "\(modelName) takes at most 1, which was sent") }
      body["temperature"] = .double(min(temperature, 1))
    }
    if let topP = options.topP, takes(.topP, isThinking, at: topP == 1) {
      if body["temperature"] != nil {
        drop("topP", "\(modelName) takes either a temperature or this")
      } else {
        body["top_p"] = .double(topP)
      }
    }
    if options.seed != nil { drop("seed", "\(endpoint.provider) has no seeds") }
    guard !options.stop.isEmpty else { return }
    guard !quirks.refuses.contains(.stop) else { return drop("stop", "\(modelName) refuses it") }
    for (index, sequence) in options.stop.enumerated() where sequence.isBlank {
      drop("stop[\(index)]", "\(endpoint.provider) takes no stop sequence of white space alone")
    }
    let sequences = options.stop.filter { !$0.isBlank }
    if !sequences.isEmpty { body["stop_sequences"] = .strings(sequences) }
  }

  /// Whether an option that shapes the sampling may be sent; what is lost is noted unless it asks for the default.
  private mutating func takes(
    _ option: AnthropicMessagesQuirks.Option, _ isThinking: Bool, at isDefault: Bool
  ) -> Bool {
    let isRefused = model.temperature == false || quirks.refuses.contains(option)
    guard isRefused || isThinking else { return true }
    if !isDefault {
      drop(option.rawValue, isRefused ? "\(modelName) refuses it" : "\(modelName) takes none while it thinks")
    }
    return false
  }

  /// Fast mode where the model is sold so, else the account's own priority capacity.
  private mutating func encodeTier() {
    switch options.serviceTier {
    case nil: break
    case .priority where model.fastMode:
      body["speed"] = "fast"
      betas.append("fast-mode-2026-02-01")
    case .priority where quirks.supportsServiceTier: body["service_tier"] = "auto"
    case .default where quirks.supportsServiceTier: body["service_tier"] = "standard_only"
    case .default: break
    case .priority, .flex: drop("serviceTier", "\(endpoint.provider) has no such tier for \(model.id)")
    }
  }
}

extension StringProtocol {
  fileprivate var isBlank: Bool { allSatisfy(\.isWhitespace) }

  /// Without white space at either end.
  var trimmed: String {
    String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }
}
