import Completion
import Credentials
import HTTP
import JSON
import Platform
import TestSupport
import Testing

@Suite("Keeping credentials", .timeLimit(.minutes(1)))
struct AuthStoreTests {
  static let tokens = OAuthCredential(
    access: Secret("at"), refresh: Secret("rt"), expiresAt: 5_000, extra: ["accountId": "me", "list": [1, 2]])

  private func mode(_ path: String) -> mode_t {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & 0o777 : 0
  }

  private func text(_ path: String) throws -> String {
    String(decoding: try #require(try FileSystem.read(path)), as: UTF8.self)
  }

  @Test("What is saved is read back by another store, in pi's form, from a file and a folder of the user's own")
  func saves() async throws {
    let folder = try TemporaryFolder()
    let path = folder.file("data/deep/auth.json")
    let store = AuthStore(path: path)
    #expect(try await store.accounts() == [])
    #expect(try await store.credential(for: AccountID("acme")) == nil)
    let key = StoredCredential.apiKey(KeyText("$KEY", origin: .call), environment: ["B": "2", "A": "1"])
    try await store.save(.oauth(Self.tokens), for: AccountID("acme", account: "work"))
    try await store.save(key, for: AccountID("acme"))
    #expect(mode(path) == 0o600)
    #expect(mode(folder.file("data/deep")) == 0o700)
    #expect(mode(folder.file("data")) == 0o700)
    let value = try JSONValue(parsing: text(path))
    #expect(
      value == [
        "acme#work": [
          "type": "oauth", "access": "at", "refresh": "rt", "expires": 5000, "accountId": "me", "list": [1, 2],
        ],
        "acme": ["type": "api_key", "key": "$KEY", "env": ["A": "1", "B": "2"]],
      ])
    let other = AuthStore(path: path)
    #expect(try await other.accounts() == [AccountID("acme", account: "work"), AccountID("acme")])
    #expect(try await other.credential(for: AccountID("acme", account: "work")) == .oauth(Self.tokens))
    guard case .apiKey(let text, let environment)? = try await other.credential(for: AccountID("acme")) else {
      Issue.record("no key")
      return
    }
    #expect(text?.text == "$KEY")
    #expect(environment == ["A": "1", "B": "2"])
    #expect(try await other.remove(AccountID("acme", account: "work")) == .oauth(Self.tokens))
    #expect(try await other.remove(AccountID("acme", account: "work")) == nil)
    #expect(try await store.accounts() == [AccountID("acme")])
  }

  @Test("What nobody here knows stays as it was, byte for byte and in its place")
  func faithful() async throws {
    let folder = try TemporaryFolder()
    let before = #"""
      {"other":{"type" : "wellknown", "n":1.50},   "acme": {"note": "mine", "type": "oauth", "access": "a",
         "gone": 1, "expires": 1.0e3, "refresh": "r"}, "last": [ ]}
      """#
    let path = try folder.write("auth.json", before)
    let store = AuthStore(path: path)
    try await store.save(
      .oauth(
        OAuthCredential(
          access: Secret("b"), refresh: Secret("s"), expiresAt: 2, extra: ["note": "mine", "more": true])),
      for: AccountID("acme"))
    let after = try text(path)
    #expect(after.hasPrefix(#"{"other":{"type" : "wellknown", "n":1.50},   "acme": {"#))
    #expect(after.hasSuffix(#"}, "last": [ ]}"#))
    let entry = try #require(try JSONValue(parsing: after)["acme"]?.object)
    #expect(Array(entry.keys) == ["note", "type", "access", "expires", "refresh", "more"])
    #expect(try await store.remove(AccountID("acme")) != nil)
    #expect(try text(path) == #"{"other":{"type" : "wellknown", "n":1.50}, "last": [ ]}"#)
  }

  @Test("A damaged file, and one that others can read, are refused for changes too and stay as they are")
  func refused() async throws {
    let folder = try TemporaryFolder()
    for (content, mode) in [("{\"acme\": ", 0o600), ("[]", 0o600), ("", 0o600), ("{}", 0o640)] as [(String, mode_t)] {
      let path = try folder.write("auth.json", content, mode: mode)
      let store = AuthStore(path: path)
      await #expect(throws: ProviderError.self) { try await store.save(.oauth(Self.tokens), for: AccountID("acme")) }
      await #expect(throws: ProviderError.self) { try await store.remove(AccountID("acme")) }
      #expect(try text(path) == content)
      #expect(try FileSystem.list(folder.path).filter { $0.hasSuffix(".tmp") } == [])
    }
  }

  @Test("What a killed writer left is removed by the next one")
  func leftovers() async throws {
    let folder = try TemporaryFolder()
    let left = try folder.write("auth.json.77.abcd.tmp", "{\"half")
    let foreign = try folder.write("other.tmp", "")
    let store = AuthStore(path: folder.file("auth.json"))
    try await store.save(.oauth(Self.tokens), for: AccountID("acme"))
    #expect(access(left, F_OK) != 0)
    #expect(access(foreign, F_OK) == 0)
  }

  @Test("A link to a file elsewhere stays one")
  func links() async throws {
    let folder = try TemporaryFolder()
    let target = try folder.write("dotfiles/keys.json", "{}")
    let link = folder.file("auth.json")
    #expect(symlink("dotfiles/keys.json", link) == 0)
    try await AuthStore(path: link).save(.oauth(Self.tokens), for: AccountID("acme"))
    var status = stat()
    #expect(lstat(link, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
    #expect(try text(target).contains("acme"))
  }

  @Test("Changes of many stores at the same time are all kept")
  func concurrent() async throws {
    let folder = try TemporaryFolder()
    let path = folder.file("auth.json")
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<40 {
        group.addTask {
          let store = AuthStore(path: path)
          let (kept, gone) = (AccountID("p\(number)"), AccountID("p\(number)", account: "gone"))
          try await store.save(.oauth(Self.tokens), for: gone)
          try await store.save(.oauth(Self.tokens), for: kept)
          #expect(try await store.remove(gone) == .oauth(Self.tokens))
        }
      }
      try await group.waitForAll()
    }
    #expect(Set(try await AuthStore(path: path).accounts()) == Set((0..<40).map { AccountID("p\($0)") }))
  }

  @Test("Two quick changes of the same length are never taken for one")
  func quick() async throws {
    let folder = try TemporaryFolder()
    let path = folder.file("auth.json")
    let (reader, writer) = (AuthStore(path: path), AuthStore(path: path))
    for number in 100..<160 {
      var tokens = Self.tokens
      tokens.access = Secret("token-\(number)")
      try await writer.save(.oauth(tokens), for: AccountID("acme"))
      #expect(try await reader.credential(for: AccountID("acme")) == .oauth(tokens))
    }
  }

  @Test("Whoever waits for the lock can be cancelled, and the holder's change is kept")
  func cancelled() async throws {
    let folder = try TemporaryFolder()
    let path = folder.file("auth.json")
    let lock = try #require(try FileLock.tryTaking("\(path).flock"))
    #expect(try FileLock.tryTaking("\(path).flock") == nil)
    let task = Task { () -> ErrorKind? in
      do throws(ProviderError) {
        try await AuthStore(path: path).save(.oauth(Self.tokens), for: AccountID("acme"))
        return nil
      } catch {
        return error.kind
      }
    }
    task.cancel()
    #expect(await task.value == .cancelled)
    lock.release()
    try await AuthStore(path: path).save(.oauth(Self.tokens), for: AccountID("acme"))
    await #expect(throws: FileLock.Failure.busy) {
      let held = try await FileLock.take(folder.file("x"), within: .seconds(1))
      defer { held.release() }
      _ = try await FileLock.take(folder.file("x"), within: .zero)
    }
  }
}
