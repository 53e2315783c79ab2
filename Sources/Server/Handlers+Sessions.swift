internal import Catalog
internal import Completion
internal import Engine
internal import JSON
internal import Synchronization
internal import WireProtocol

extension ClientSession {
  static let sessionMethods: [Handler] = [
    .ordered(.createSession, CreateSessionParams.self) { session, params, _ throws(ProviderError) in
      let record = try await session.engine.createSession(
        id: params.id, name: params.name, provider: params.provider, model: params.model,
        connectionDefault: session.state.withLock { $0.choice }, system: params.system, cwd: params.cwd,
        fallbacks: params.fallbacks, budgetUSD: params.budgetUSD)
      return try await session.info(record).json
    },
    .ordered(.listSessions, ListSessionsParams.self) { session, params, _ throws(ProviderError) in
      try await session.list(params).json
    },
    .ordered(.getSession, GetSessionParams.self) { session, params, _ throws(ProviderError) in
      try await session.get(params).json
    },
    .ordered(.renameSession, RenameSessionParams.self) { session, params, _ throws(ProviderError) in
      let record = try await session.engine.sessions.rename(params.session, to: params.name)
      return try await session.info(record).json
    },
    .ordered(.setBudget, SetBudgetParams.self) { session, params, _ throws(ProviderError) in
      let record = try await session.engine.setBudget(of: params.session, to: params.budgetUSD)
      return try await session.info(record).json
    },
    .ordered(.deleteSession, SessionParams.self) { session, params, _ throws(ProviderError) in
      _ = try await session.engine.deleteSession(params.session)
      return EmptyResult().json
    },
    .ordered(.switchProvider, SwitchProviderParams.self) { session, params, _ throws(ProviderError) in
      try await session.switchProvider(params).json
    },
  ]

  private func info(_ record: SessionRecord) async throws(ProviderError) -> SessionInfo {
    await SessionInfo(try engine.sessions.summary(of: record), engine)
  }

  private func list(_ params: ListSessionsParams) async throws(ProviderError) -> ListSessionsResult {
    var all = try await engine.sessions.list(query: params.query)[...]
    if let cursor = params.cursor {
      guard let last = all.firstIndex(where: { $0.record.id == cursor }) else {
        throw ProviderError(.invalidParams, "cursor: names no session of this list", path: "cursor")
      }
      all = all[(last + 1)...]
    }
    var page: [SessionInfo] = []
    for session in all.prefix(params.limit) { page.append(try await info(session.record)) }
    let hasMore = all.count > params.limit
    return ListSessionsResult(sessions: page, nextCursor: hasMore ? page.last?.id : nil)
  }

  private func get(_ params: GetSessionParams) async throws(ProviderError) -> GetSessionResult {
    let record = try await engine.sessions.find(params.session)
    let summary = try await engine.sessions.summary(of: record, messages: params.messages)
    let info = await SessionInfo(summary, engine)
    guard params.messages || params.provider != nil else { return GetSessionResult(session: info) }
    let name = params.provider ?? record.provider
    // A thread can be read whether or not the settings, which may be broken, still know its provider.
    var thread = summary.threads.first { $0.provider == name }
    if thread == nil {
      let provider = try await engine.catalog().provider(named: name).id
      thread = summary.threads.first { $0.provider == provider }
    }
    return GetSessionResult(session: info, messages: params.messages ? thread?.messages ?? [] : nil)
  }

  private func switchProvider(_ params: SwitchProviderParams) async throws(ProviderError) -> SwitchProviderResult {
    guard let reference = params.session else {
      let choice = try await engine.usableChoice(provider: params.provider, model: params.model)
      let previous = state.withLock { state in
        defer { state.choice = choice }
        return state.choice
      }
      return SwitchProviderResult(
        provider: choice.provider, model: choice.model ?? "", messageCount: 0, previous: previous)
    }
    let switched = try await engine.switchProvider(
      of: reference, to: params.provider, model: params.model, carry: params.carry)
    return SwitchProviderResult(
      session: switched.session.id, provider: switched.session.provider, model: switched.session.model,
      messageCount: switched.messageCount, previous: switched.previous)
  }
}

extension SessionInfo {
  /// A session with what its threads cost at today's prices.
  fileprivate init(_ summary: SessionSummary, _ engine: CompletionEngine) async {
    let record = summary.record
    var threads: [ThreadInfo] = []
    for thread in summary.threads {
      threads.append(
        ThreadInfo(
          provider: thread.provider, model: thread.model, messageCount: thread.messageCount, usage: thread.usage,
          cost: await engine.cost(of: thread)))
    }
    self.init(
      id: record.id, name: record.name, provider: record.provider, model: record.model, system: record.system,
      fallbacks: record.fallbacks, budgetUSD: record.budgetUSD, createdAt: record.createdAt,
      updatedAt: summary.updatedAt, threads: threads, activeCompletion: summary.activeCompletion)
  }
}
