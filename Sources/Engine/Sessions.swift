package import Completion
internal import JSON
internal import Platform
internal import Synchronization

/// One thread of a session, in numbers.
package struct ThreadSummary: Sendable {
  /// The provider's id.
  package let provider: String
  /// The model that answered last, or that is to answer first.
  package let model: String
  /// How many messages a provider would be shown.
  package let messageCount: Int
  /// What every completion used, in order, and of whom: another model may have answered in the thread's place.
  package let usages: [(choice: ModelChoice, usage: Usage)]
  /// The messages themselves, where they were asked for.
  package let messages: [StoredMessage]

  /// All completions together.
  package var usage: Usage { usages.reduce(Usage()) { $0 + $1.usage } }
}

/// A session and its threads.
package struct SessionSummary: Sendable {
  /// The session.
  package let record: SessionRecord
  /// ISO 8601.
  package let updatedAt: String
  /// A thread for each provider that was ever asked.
  package let threads: [ThreadSummary]
  /// What runs in it right now, in this process.
  package let activeCompletion: String?
  /// Parts of its files that could not be read.
  package let warnings: [String]
}

/// The sessions and their threads: what is on disk, who is at work in it, and what was read of it.
package final class Sessions: Sendable {
  /// So many threads are kept in memory; beyond that all are forgotten and read again when needed.
  private static let cacheLimit = 64

  let store: SessionStore
  let lanes = ThreadLanes()
  private let cache = Mutex<[ThreadLanes.Key: ThreadContent]>([:])

  init(stateDirectory: String) { store = SessionStore(stateDirectory: stateDirectory) }

  /// The session of that id or name.
  /// - Throws: `sessionNotFound`, `storage`.
  package func find(_ reference: String) async throws(ProviderError) -> SessionRecord {
    let found = try await BlockingQueue.run { [store] () throws(ProviderError) in try store.find(reference) }
    guard let found else { throw SessionStore.notFound(reference) }
    return found
  }

  /// The session of that id or name; a name that nobody has yet is given to a new session, made by `make`.
  func findOrCreate(
    _ reference: String, _ make: (String) async throws(ProviderError) -> SessionRecord
  ) async throws(ProviderError) -> SessionRecord {
    let found = try await BlockingQueue.run { [store] () throws(ProviderError) in try store.find(reference) }
    if let found { return found }
    if SessionStore.isGeneratedID(reference) { throw SessionStore.notFound(reference) }
    let new = try await make(reference)
    return try await BlockingQueue.run { [store] () throws(ProviderError) in try store.create(new) }
  }

  /// Makes a session.
  /// - Throws: `invalidParams` when the id or the name is taken or unusable.
  func create(_ new: SessionRecord) async throws(ProviderError) -> SessionRecord {
    try await BlockingQueue.run { [store] () throws(ProviderError) in
      guard SessionStore.isID(new.id) else {
        throw ProviderError(
          .invalidParams, "a session's id has 1 to 64 letters, digits, '.', '_' or '-'", path: "id")
      }
      if try store.find(new.id) != nil {
        throw ProviderError(.invalidParams, "a session with the id \"\(new.id)\" already exists", path: "id")
      }
      if let name = new.name {
        try SessionStore.check(name: name)
        if try store.find(name) != nil {
          throw ProviderError(.invalidParams, "a session named \"\(name)\" already exists", path: "name")
        }
      }
      return try store.create(new)
    }
  }

  /// Gives a session another name; `nil` takes it away.
  package func rename(_ reference: String, to name: String?) async throws(ProviderError) -> SessionRecord {
    let record = try await find(reference)
    return try await BlockingQueue.run { [store] () throws(ProviderError) in try store.rename(record.id, to: name) }
  }

  /// The sessions whose id, name or provider contains `query`, newest first.
  package func list(query: String?) async throws(ProviderError) -> [(record: SessionRecord, updatedAt: String)] {
    let all = try await BlockingQueue.run { [store] () throws(ProviderError) in SendableList(try store.list()) }.items
    guard let query = query?.lowercased(), !query.isEmpty else { return all }
    return all.filter { session in
      [session.record.id, session.record.name ?? "", session.record.provider].contains {
        $0.lowercased().contains(query)
      }
    }
  }

  /// A session with its threads, or with one of them.
  package func summary(
    of record: SessionRecord, provider: String? = nil, messages: Bool = false
  ) async throws(ProviderError) -> SessionSummary {
    let active = lanes.active(in: record.id)
    return try await BlockingQueue.run { [self] () throws(ProviderError) in
      var threads: [ThreadSummary] = []
      var warnings: [String] = []
      for name in store.providers(record.id) where provider == nil || provider == name {
        let content = try read(ThreadLanes.Key(session: record.id, provider: name))
        warnings += content.warnings
        threads.append(
          ThreadSummary(
            provider: name, model: content.lastModel(of: name) ?? record.model, messageCount: content.messages.count,
            usages: content.messages.compactMap { message in
              message.usage.map { (ModelChoice(provider: message.provider, model: message.model), $0) }
            },
            messages: messages ? content.messages : []))
      }
      return SessionSummary(
        // File systems tell the time by a slower clock.
        record: record, updatedAt: max(store.updatedAt(record.id), record.createdAt), threads: threads,
        activeCompletion: active,
        warnings: warnings)
    }
  }

  /// How many messages a thread holds, and the model that answered in it last.
  func state(of key: ThreadLanes.Key) async throws(ProviderError) -> (messageCount: Int, lastModel: String?) {
    let content = try await BlockingQueue.run { [self] () throws(ProviderError) in try read(key) }
    return (content.messages.count, content.lastModel(of: key.provider))
  }

  /// Removes a session's files.
  func delete(_ record: SessionRecord) async throws(ProviderError) {
    try await BlockingQueue.run { [store] () throws(ProviderError) in try store.delete(record) }
    cache.withLock { cache in cache = cache.filter { $0.key.session != record.id } }
  }

  /// Opens a thread for writing.
  /// - Throws: `busy` when another process completes in it and `wait` is not set.
  func open(_ key: ThreadLanes.Key, wait: Bool) async throws(ProviderError) -> OpenThread {
    guard wait else {
      return try await BlockingQueue.run { [self] () throws(ProviderError) in try openBlocking(key, wait: false) }
    }
    // Who no longer wants to wait does not: the lock that comes later is given back with the file nobody keeps.
    let opened = await unlessCancelled { [self] () -> Result<OpenThread, ProviderError> in
      do throws(ProviderError) {
        return .success(
          try await BlockingQueue.run { () throws(ProviderError) in try self.openBlocking(key, wait: true) })
      } catch {
        return .failure(error)
      }
    }
    guard let opened else { throw ProviderError(.cancelled, "cancelled while another process completes") }
    return try opened.get()
  }

  private func openBlocking(_ key: ThreadLanes.Key, wait: Bool) throws(ProviderError) -> OpenThread {
    guard let file = try store.thread(key.session, key.provider, create: true) else {
      throw SessionStore.notFound(key.session)
    }
    let cached = cache.withLock { $0[key] }
    let thread = try store.storage { () throws(SystemError) in try OpenThread(file, cached: cached, wait: wait) }
    guard let thread else { throw ThreadLanes.busy(nil) }
    return thread
  }

  /// Ends the writing that `open` began.
  func close(_ thread: OpenThread, _ key: ThreadLanes.Key) {
    remember(thread.current, key)
    thread.close()
  }

  /// Copies messages of one thread to the end of another.
  func carry(
    _ carry: Carry, from source: ThreadLanes.Key, to target: ThreadLanes.Key
  ) async throws(ProviderError) {
    guard carry != .none, source != target else { return }
    let turn = try lanes.enter(target, "switchProvider", mayWait: false)
    defer { lanes.leave(turn) }
    let thread = try await open(target, wait: false)
    defer { close(thread, target) }
    try await BlockingQueue.run { [self] () throws(ProviderError) in
      // What a completion that still runs has written so far is no exchange yet.
      let running = lanes.running(source)
      var messages = try read(source).messages.filter { $0.completionId == nil || $0.completionId != running }
      if carry == .last {
        let start = messages.lastIndex { $0.message.role == .user } ?? messages.startIndex
        messages = Array(messages[start...])
      }
      let copies = messages.map { message in
        var copy = message
        copy.id = Self.newMessageID()
        copy.copied = true
        copy.completionId = nil
        copy.usage = nil
        return copy
      }
      try store.storage { () throws(SystemError) in try thread.append(copies, sync: true) }
    }
  }

  /// A new message id.
  static func newMessageID() -> String { "msg_" + randomHex(8) }

  private func read(_ key: ThreadLanes.Key) throws(ProviderError) -> ThreadContent {
    guard let file = try store.thread(key.session, key.provider, create: false) else { return .none }
    let cached = cache.withLock { $0[key] }
    let content = try store.storage { () throws(SystemError) in
      if let cached, try file.stamp() == cached.stamp { return cached }
      return try ThreadContent(file)
    }
    remember(content, key)
    return content
  }

  private func remember(_ content: ThreadContent, _ key: ThreadLanes.Key) {
    cache.withLock { cache in
      if cache.count >= Self.cacheLimit, cache[key] == nil { cache.removeAll() }
      cache[key] = content
    }
  }
}

/// Tuples are not `Sendable` generic arguments by themselves; an array of them in a struct is.
private struct SendableList: Sendable {
  let items: [(record: SessionRecord, updatedAt: String)]
  init(_ items: [(record: SessionRecord, updatedAt: String)]) { self.items = items }
}
