internal import Completion
internal import Credentials
internal import JSON
internal import Platform

/// A session as `session.json` holds it.
package struct SessionRecord: Sendable, Hashable {
  /// The session's id: the name of its folder.
  package let id: String
  /// The name a person gave it; unique among sessions.
  package var name: String?
  /// The provider that answers when a completion names none.
  package var provider: String
  /// The model that answers when a completion names none.
  package var model: String
  /// The account at `provider` that it began with; `nil` for the default one.
  package var account: String?
  /// The system prompt of completions that bring none.
  package var system: String?
  /// The folder that relative media paths start from.
  package var cwd: String?
  /// `provider/model`s that may answer in its own one's place; `nil` where the settings say.
  package var fallbacks: [String]?
  /// How many USD its completions may cost together; `nil` for any number.
  package var budgetUSD: Double?
  /// ISO 8601.
  package let createdAt: String
}

/// The sessions on disk: one folder each, found by id, or by name through a link of that name. Every method blocks.
///
/// Names are links because making a link is one step that fails when the name is taken: two processes that create
/// the same name at once end up with the same session.
struct SessionStore: Sendable {
  private static let nameLimit = 80
  private static let file = "session.json"

  private let root: String
  private let names: String

  /// The store below a state folder; nothing is made before the first session is.
  init(stateDirectory: String) {
    root = "\(stateDirectory)/sessions"
    names = "\(stateDirectory)/session-names"
  }

  /// The session of that id or name; `nil` when there is none.
  func find(_ reference: String) throws(ProviderError) -> SessionRecord? {
    if Self.isID(reference), let record = try load(reference) { return record }
    // To the system, a path ends at a zero byte.
    guard !reference.isEmpty, !reference.utf8.contains(0), let id = try linkTarget(reference) else { return nil }
    if let record = try load(id) { return record }
    // A process was killed between removing a session and its name.
    unlink(linkPath(reference))
    return nil
  }

  /// Makes a session. When another process makes one of the same name at the same moment, theirs is returned.
  func create(_ new: SessionRecord) throws(ProviderError) -> SessionRecord {
    let folder = folder(new.id)
    try storage { () throws(SystemError) in
      try FileSystem.makeDirectory(root)
      // A folder without a session file is what a process that was killed right here left behind.
      guard mkdir(folder, 0o700) == 0 || errno == EEXIST && access("\(folder)/\(Self.file)", F_OK) != 0 else {
        throw SystemError("make folder", folder)
      }
      try FileSystem.replace("\(folder)/\(Self.file)", with: encode(new))
    }
    guard let name = new.name else { return new }
    if try link(name, to: new.id) { return new }
    try storage { () throws(SystemError) in try FileSystem.remove(folder) }
    if let winner = try find(name) { return winner }
    return try create(new)
  }

  /// Changes a session under its lock, so that two processes never undo each other's change.
  func update(_ id: String, _ change: (inout SessionRecord) -> Void) throws(ProviderError) -> SessionRecord {
    let folder = folder(id)
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.notFound(id) }
    defer { close(descriptor) }
    _ = retryingInterrupts { Int(flock(descriptor, LOCK_EX)) }
    guard var record = try load(id) else { throw Self.notFound(id) }
    let before = record
    change(&record)
    if record != before {
      let bytes = encode(record)
      try storage { () throws(SystemError) in try FileSystem.replace("\(folder)/\(Self.file)", with: bytes) }
    }
    return record
  }

  /// Gives a session another name, or none.
  func rename(_ id: String, to name: String?) throws(ProviderError) -> SessionRecord {
    guard let record = try load(id) else { throw Self.notFound(id) }
    if record.name == name { return record }
    if let name, let other = try find(name), other.id != id {
      throw Self.nameTaken(name)
    }
    if let name, try !link(name, to: id) { throw Self.nameTaken(name) }
    let renamed = try update(id) { $0.name = name }
    if let old = record.name { unlink(linkPath(old)) }
    return renamed
  }

  /// Removes a session with all its threads.
  func delete(_ record: SessionRecord) throws(ProviderError) {
    try storage { () throws(SystemError) in
      try FileSystem.remove("\(folder(record.id))/\(Self.file)")
      try FileSystem.remove(folder(record.id))
    }
    if let name = record.name { unlink(linkPath(name)) }
  }

  /// Every session with the time of its last change, newest first.
  func list() throws(ProviderError) -> [(record: SessionRecord, updatedAt: String)] {
    let ids = try storage { () throws(SystemError) in try FileSystem.list(root) }
    var sessions: [(record: SessionRecord, updatedAt: String)] = []
    for id in ids {
      // A damaged session hides itself alone; asking for it says what is wrong with it.
      guard isFolder(id), let record = try? load(id) else { continue }
      sessions.append((record, updatedAt(id)))
    }
    return sessions.sorted { ($0.updatedAt, $0.record.id) > ($1.updatedAt, $1.record.id) }
  }

  /// When a session's files last changed.
  func updatedAt(_ id: String) -> String {
    let paths = [Self.file] + providers(id).map { "\($0).jsonl" }
    let latest = paths.compactMap { name -> (Int, Int)? in
      var status = stat()
      guard stat("\(folder(id))/\(name)", &status) == 0 else { return nil }
      #if canImport(Darwin)
      return (status.st_mtimespec.tv_sec, status.st_mtimespec.tv_nsec / 1_000_000)
      #else
      return (status.st_mtim.tv_sec, status.st_mtim.tv_nsec / 1_000_000)
      #endif
    }.max { $0 < $1 }
    return Timestamp.text(seconds: latest?.0 ?? 0, milliseconds: latest?.1 ?? 0)
  }

  /// The providers that have a thread in a session, in alphabetical order.
  func providers(_ id: String) -> [String] {
    let names = (try? FileSystem.list(folder(id))) ?? []
    return names.filter { $0.hasSuffix(".jsonl") }.map { String($0.dropLast(6)) }.sorted()
  }

  /// A provider's thread; `nil` when it has none and `create` is not set.
  func thread(_ id: String, _ provider: String, create: Bool) throws(ProviderError) -> LineFile? {
    let path = "\(folder(id))/\(provider).jsonl"
    return try storage { () throws(SystemError) in try LineFile(path: path, create: create) }
  }
}

// MARK: - Ids, names and files

extension SessionStore {
  /// A new id. Ids sort by the time they were made.
  static func newID() -> String {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return "ses_" + String(time.tv_sec * 1000 + time.tv_nsec / 1_000_000, radix: 36) + randomHex(4)
  }

  /// Whether `text` may be the id of a session: it becomes the name of a folder.
  static func isID(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count) && text.first != "."
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
      }
  }

  /// Whether `text` looks like an id that this program made, so that it is not taken for the name of a new session.
  static func isGeneratedID(_ text: String) -> Bool {
    text.hasPrefix("ses_") && text.utf8.count >= 19
      && text.utf8.dropFirst(4).allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
  }

  /// The error for a session that is not there.
  static func notFound(_ reference: String) -> ProviderError {
    ProviderError(
      .sessionNotFound, "there is no session \"\(reference)\"", hint: "listSessions shows the ones there are.")
  }

  private static func nameTaken(_ name: String) -> ProviderError {
    ProviderError(
      .invalidParams, "a session named \"\(name)\" already exists", hint: "Choose another name.", path: "name")
  }

  /// Refuses names that cannot be kept; `field` is where the name was given.
  static func check(name: String, field: String = "name") throws(ProviderError) {
    let isSound = !name.isEmpty && name.count <= nameLimit && !name.unicodeScalars.contains { $0.value < 0x20 }
    guard isSound else {
      throw ProviderError(
        .invalidParams, "a session's name has 1 to \(nameLimit) characters and no control characters", path: field)
    }
    guard encoded(name).utf8.count <= 255 else {
      throw ProviderError(.invalidParams, "a session's name has at most 255 bytes", path: field)
    }
  }

  private func folder(_ id: String) -> String { "\(root)/\(id)" }

  private func isFolder(_ id: String) -> Bool {
    var status = stat()
    return stat(folder(id), &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  private func linkPath(_ name: String) -> String { "\(names)/\(Self.encoded(name))" }

  /// `name` as a file name: a slash, a percent sign and a leading dot are written as `%XX`.
  private static func encoded(_ name: String) -> String {
    var text = ""
    for scalar in name.unicodeScalars {
      switch scalar {
      case "/": text += "%2F"
      case "%": text += "%25"
      case "." where text.isEmpty: text += "%2E"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }

  private func link(_ name: String, to id: String) throws(ProviderError) -> Bool {
    try Self.check(name: name)
    try storage { () throws(SystemError) in try FileSystem.makeDirectory(names) }
    if symlink(id, linkPath(name)) == 0 { return true }
    guard errno == EEXIST else { throw Self.storageError(SystemError("name session", linkPath(name))) }
    guard try find(name) == nil else { return false }
    return try link(name, to: id)
  }

  private func linkTarget(_ name: String) throws(ProviderError) -> String? {
    var buffer = [CChar](repeating: 0, count: 256)
    let count = readlink(linkPath(name), &buffer, buffer.count)
    if count >= 0 { return String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self) }
    if errno == ENOENT || errno == ENAMETOOLONG { return nil }
    throw Self.storageError(SystemError("read", linkPath(name)))
  }

  private func load(_ id: String) throws(ProviderError) -> SessionRecord? {
    let path = "\(folder(id))/\(Self.file)"
    guard let bytes = try storage({ () throws(SystemError) in try FileSystem.read(path) }) else { return nil }
    do {
      return try decode(JSONValue(parsing: bytes), id: id)
    } catch {
      throw ProviderError(
        .storage, "the session file \(path) is damaged: \(error)",
        hint: "Mend or remove it; the messages are in the .jsonl files beside it.")
    }
  }

  private func encode(_ record: SessionRecord) -> [UInt8] {
    var object: JSONObject = ["version": 1, "id": .string(record.id)]
    object.set("name", record.name.map(JSONValue.string))
    object["provider"] = .string(record.provider)
    object["model"] = .string(record.model)
    object.set("account", record.account.map(JSONValue.string))
    object.set("system", record.system.map(JSONValue.string))
    object.set("cwd", record.cwd.map(JSONValue.string))
    object.set("fallbacks", record.fallbacks.map { .strings($0) })
    object.set("budgetUSD", record.budgetUSD.map(JSONValue.double))
    object["createdAt"] = .string(record.createdAt)
    return JSONValue.object(object).bytes + [0x0A]
  }

  private func decode(_ value: JSONValue, id: String) throws(JSONFieldError) -> SessionRecord {
    var fields = try JSONFields(value)
    let provider = try fields.string("provider")
    let model = try fields.string("model")
    let createdAt = try fields.string("createdAt")
    return SessionRecord(
      id: id, name: try fields.string("name"), provider: try fields.require("provider", provider),
      model: try fields.require("model", model), account: try fields.string("account"),
      system: try fields.string("system"), cwd: try fields.string("cwd"),
      fallbacks: try fields.strings("fallbacks"),
      budgetUSD: try fields.double("budgetUSD", in: 0...1e9),
      createdAt: try fields.require("createdAt", createdAt))
  }

  /// Runs `body`, turning a failed system call into the error a client sees.
  func storage<Value>(_ body: () throws(SystemError) -> Value) throws(ProviderError) -> Value {
    do throws(SystemError) {
      return try body()
    } catch {
      throw Self.storageError(error)
    }
  }

  /// The error a client sees for a failed system call.
  static func storageError(_ error: SystemError) -> ProviderError {
    var result = ProviderError(error)
    if error.code == EEXIST { result.hint = "Choose another id." }
    return result
  }
}
