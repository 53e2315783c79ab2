import Completion
import Credentials
import HTTP
import Platform
import TestSupport
import Testing

@Suite("Commands that give keys", .timeLimit(.minutes(1)))
struct KeyCommandTests {
  @Test("A command runs once, however many ask at the same time or later")
  func cached() async throws {
    let user = try User()
    let count = user.folder.file("count")
    let command = "!echo x >> \(count); echo key"
    let keys = try await withThrowingTaskGroup { group in
      for _ in 0..<8 { group.addTask { try await user.resolve(command) } }
      return try await group.reduce(into: [String?]()) { $0.append($1) }
    }
    #expect(keys == Array(repeating: "key", count: 8))
    #expect(try await user.resolve(command) == "key")
    #expect(try FileSystem.read(count) == Array("x\n".utf8))
  }

  @Test("A failure is not kept: the next request runs the command again")
  func failureIsNotCached() async throws {
    let user = try User()
    let flag = user.folder.file("flag")
    let command = "!test -e \(flag) && echo key"
    let first = await user.error { () throws(ProviderError) in try await user.resolve(command) }
    #expect(first?.message == "the command at HOME/config/config.json:7 that gives the key ended with status 1")
    try user.folder.write("flag", "")
    #expect(try await user.resolve(command) == "key")
  }

  @Test(
    "A command that takes too long is ended with all that it started, even when it does not listen",
    arguments: ["", "trap \"\" TERM; "])
  func tooSlow(prefix: String) async throws {
    let user = try User(commandLimit: .milliseconds(50))
    // Whatever the command starts holds this pipe open for as long as it lives.
    let path = user.folder.file("alive")
    #expect(mkfifo(path, 0o600) == 0)
    let alive = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    defer { close(alive) }
    // A pipe that nobody ever held does not hang up; the command may be ended before it gets to that.
    let first = open(path, O_WRONLY | O_CLOEXEC)
    let command = "!\(prefix)exec 9>\(path); sh -c '\(prefix)sleep 90' & sleep 90"
    let error = await user.error { () throws(ProviderError) in try await user.resolve(command) }
    #expect(error?.kind == .authRequired)
    #expect(error?.message == "the command at HOME/config/config.json:7 that gives the key took longer than 0.05 s")
    close(first)
    // A pipe that nobody holds any more hangs up, at once or as soon as the last one is gone.
    let events = await BlockingQueue.run {
      var entry = pollfd(fd: alive, events: Int16(POLLIN), revents: 0)
      return poll(&entry, 1, 30_000) == 1 ? Int32(entry.revents) : 0
    }
    #expect(events & POLLHUP != 0)
  }

  @Test("A daemon that a command leaves behind keeps nobody waiting")
  func daemon() async throws {
    let user = try User()
    let pid = user.folder.file("pid")
    #expect(try await user.resolve("!sleep 60 & echo $! > \(pid); echo key") == "key")
    let text = String(decoding: try #require(try FileSystem.read(pid)), as: UTF8.self)
    let daemon = try #require(pid_t(text.filter(\.isNumber)))
    #expect(kill(daemon, SIGKILL) == 0)
  }

  @Test("More output than a pipe holds is read to its end")
  func drained() async throws {
    let key = try await User().resolve("!head -c 65000 /dev/zero | tr '\\0' k")
    #expect(key?.count == 65_000)
  }

  @Test("A command reads nothing and shows no errors")
  func closedInput() async throws {
    #expect(try await User().resolve("!cat; echo oops >&2; echo key") == "key")
  }

  @Test("A command runs only from a file that nobody else can write", arguments: [0o620, 0o602, 0o666] as [mode_t])
  func writableByOthers(mode: mode_t) async throws {
    let user = try User(configMode: mode)
    let error = await user.error { () throws(ProviderError) in try await user.resolve("!echo key") }
    #expect(error?.kind == .authRequired)
    #expect(error?.message == "the command at HOME/config/config.json:7 is not run: others may write to the file")
    #expect(error?.hint == "Run: chmod go-w HOME/config/config.json")
  }

  @Test("A file that others can only read is good enough")
  func readableByOthers() async throws {
    #expect(try await User(configMode: 0o644).resolve("!echo key") == "key")
  }

  @Test("A request cannot have a command run")
  func fromCall() async throws {
    let user = try User()
    let error = await user.error { () throws(ProviderError) in
      try await user.resolver.resolve("!echo key", origin: .call)
    }
    #expect(error?.message == "a key that is a command runs only when it stands in config.json or auth.json")
  }
}
