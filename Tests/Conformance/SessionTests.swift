internal import JSON
internal import TestSupport
internal import Testing

@Suite("Sessions (protocol §5)", .timeLimit(.minutes(1)))
struct SessionTests {
  @Test("a name creates a session on first use and means the same one afterwards")
  func createdByName() async throws {
    try await withPatchbay { patchbay in
      let first = try await patchbay.call("complete", echo("hello there", ["session": "work"]))
      let second = try await patchbay.call("complete", echo("and again", ["session": "work"]))
      #expect(first["session"]?.string?.isEmpty == false)
      #expect(first["session"] == second["session"])
      let thread = try await patchbay.thread("work")
      #expect(thread.map { text(of: $0) } == ["hello there", "hello there", "and again", "and again"])
      #expect(thread.map { $0["role"] } == ["user", "assistant", "user", "assistant"])
      #expect(thread.allSatisfy { $0["provider"] == "echo" && $0["id"]?.string?.isEmpty == false })
      #expect(Set(thread.map { $0["id"] }).count == 4)
    }
  }

  @Test("a one-off leaves no session behind")
  func oneOff() async throws {
    try await withPatchbay { patchbay in
      try await patchbay.call("complete", echo("hello there"))
      let sessions = try await patchbay.call("listSessions")["sessions"]
      #expect(sessions == [])
    }
  }

  @Test("createSession takes name, provider, model and system, and getSession finds it by id and by name")
  func create() async throws {
    try await withPatchbay { patchbay in
      let created = try await patchbay.call(
        "createSession", ["name": "work", "provider": "echo", "model": "think", "system": "Be brief."])
      let id = try #require(created["id"]?.string)
      #expect(created["name"] == "work")
      #expect(created["provider"] == "echo")
      #expect(created["model"] == "think")
      for key in [id, "work"] {
        let found = try await patchbay.call("getSession", ["session": .string(key)])
        #expect(found["id"]?.string == id)
        #expect(found["system"] == "Be brief.")
      }
      let result = try await patchbay.call("complete", ["session": .string(id), "input": "hello there"])
      #expect(result["model"] == "think")
    }
  }

  @Test("sessions survive the program")
  func persistent() async throws {
    let home = try TemporaryFolder()
    try await withPatchbay(home: home) { patchbay in
      try await patchbay.call("complete", echo("hello there", ["session": "work"]))
    }
    try await withPatchbay(home: home) { patchbay in
      let thread = try await patchbay.thread("work")
      #expect(thread.map { text(of: $0) } == ["hello there", "hello there"])
      try await patchbay.call("complete", ["session": "work", "input": "and again"])
      let longer = try await patchbay.thread("work")
      #expect(longer.count == 4)
    }
  }

  @Test("listSessions gives the newest first, by pages, and finds by text")
  func list() async throws {
    try await withPatchbay { patchbay in
      for name in ["alpha", "beta", "gamma"] {
        try await patchbay.call("createSession", ["name": .string(name), "provider": "echo"])
      }
      try await patchbay.call("complete", echo("hello", ["session": "alpha"]))
      let all = try await patchbay.call("listSessions")["sessions"]?.array ?? []
      // The two that were only created may have the same time.
      #expect(all.first?["name"] == "alpha")
      #expect(Set(all.map { $0["name"] }) == ["alpha", "beta", "gamma"])
      let page = try await patchbay.call("listSessions", ["limit": 2])
      let cursor = try #require(page["nextCursor"])
      let rest = try await patchbay.call("listSessions", ["limit": 2, "cursor": cursor])
      #expect(rest["nextCursor"] == nil)
      let paged = [page, rest].flatMap { $0["sessions"]?.array ?? [] }
      #expect(paged.map { $0["id"] } == all.map { $0["id"] })
      let found = try await patchbay.call("listSessions", ["query": "gam"])
      #expect(found["sessions"]?.array?.map { $0["name"] } == ["gamma"])
    }
  }

  @Test("a renamed session is found under its new name only")
  func rename() async throws {
    try await withPatchbay { patchbay in
      let created = try await patchbay.call("createSession", ["name": "before", "provider": "echo"])
      let renamed = try await patchbay.call("renameSession", ["session": "before", "name": "after"])
      #expect(renamed["id"] == created["id"])
      #expect(renamed["name"] == "after")
      let error = try await patchbay.callForError("getSession", ["session": "before"])
      #expect(error.code == -32010)
      let found = try await patchbay.call("getSession", ["session": "after"])
      #expect(found["id"] == created["id"])
    }
  }

  @Test("a deleted session is gone, here and for the next program")
  func delete() async throws {
    let home = try TemporaryFolder()
    try await withPatchbay(home: home) { patchbay in
      try await patchbay.call("complete", echo("hello there", ["session": "work"]))
      try await patchbay.call("deleteSession", ["session": "work"])
      let error = try await patchbay.callForError("getSession", ["session": "work"])
      #expect(error.code == -32010)
      #expect(error.kind == "sessionNotFound")
      #expect(error.message.contains("work"))
    }
    try await withPatchbay(home: home) { patchbay in
      let sessions = try await patchbay.call("listSessions")["sessions"]
      #expect(sessions == [])
    }
  }

  @Test("what needs a session says so when there is none", arguments: ["getSession", "renameSession", "deleteSession"])
  func notFound(method: String) async throws {
    try await withPatchbay { patchbay in
      var params: JSONObject = ["session": "no such session"]
      if method == "renameSession" { params["name"] = "x" }
      let error = try await patchbay.callForError(method, .object(params))
      #expect(error.code == -32010)
    }
  }

  @Test("a second completion in a busy thread is refused, and names the one that runs")
  func busy() async throws {
    try await withPatchbay { patchbay in
      let id = await patchbay.request("complete", echo(endless, model: "slow", ["session": "work"]))
      let completion = try await patchbay.firstText(of: id)
      let error = try await patchbay.callForError("complete", echo("hello", ["session": "work"]))
      #expect(error.code == -32016)
      #expect(error.kind == "busy")
      #expect(error.data?["completionId"] == completion)
      let session = try await patchbay.call("getSession", ["session": "work"])
      #expect(session["activeCompletion"] == completion)
      await patchbay.notify("$/cancelRequest", ["id": id])
      _ = try await patchbay.error(of: id)
    }
  }

  @Test("queue: true waits for its turn, in order of arrival")
  func queue() async throws {
    try await withPatchbay { patchbay in
      var ids: [JSONValue] = []
      for number in 1...6 {
        let model = number == 1 ? "slow" : "echo"
        let params = echo("turn \(number)", model: model, ["session": "work", "queue": true])
        ids.append(await patchbay.request("complete", params))
      }
      for id in ids { _ = try await patchbay.result(of: id) }
      let thread = try await patchbay.thread("work")
      #expect(thread.map { text(of: $0) } == (1...6).flatMap { ["turn \($0)", "turn \($0)"] })
    }
  }

  @Test("a queued completion can be cancelled while it waits, and leaves nothing behind")
  func cancelQueued() async throws {
    try await withPatchbay { patchbay in
      let running = await patchbay.request("complete", echo(endless, model: "slow", ["session": "work"]))
      try await patchbay.firstText(of: running)
      let waiting = await patchbay.request("complete", echo("never", ["session": "work", "queue": true]))
      await patchbay.notify("$/cancelRequest", ["id": waiting])
      let error = try await patchbay.error(of: waiting)
      #expect(error.code == -32800)
      await patchbay.notify("$/cancelRequest", ["id": running])
      _ = try await patchbay.error(of: running)
      let thread = try await patchbay.thread("work")
      #expect(thread.count == 2)
    }
  }

  @Test("an answered message is on disk before the answer is")
  func durable() async throws {
    let home = try TemporaryFolder()
    let patchbay = try PatchbayProcess(home: home)
    try await patchbay.initialize()
    try await patchbay.call("complete", echo("hello there", ["session": "work"]))
    try await withPatchbay(home: home) { other in
      let thread = try await other.thread("work")
      #expect(thread.map { text(of: $0) } == ["hello there", "hello there"])
    }
  }

  @Test("a failed completion leaves the session usable")
  func afterFailure() async throws {
    try await withPatchbay { patchbay in
      _ = try await patchbay.callForError("complete", echo("one two", model: "fail:overloaded", ["session": "work"]))
      let next = try await patchbay.call("complete", echo("hello there", ["session": "work"]))
      #expect(text(of: next["message"]) == "hello there")
      let last = try await patchbay.thread("work").suffix(2)
      #expect(last.map { text(of: $0) } == ["hello there", "hello there"])
    }
  }

  @Test(
    "names that are no file names are names all the same",
    arguments: ["../escape", "a/b", "näme 🦙", ".", "x\u{0}y", " "])
  func strangeNames(name: String) async throws {
    let home = try TemporaryFolder()
    try await withPatchbay(home: home) { patchbay in
      let id = await patchbay.request("complete", echo("hello there", ["session": .string(name)]))
      // A name may be refused, by an error that says why; it must never become a path.
      let response = try await patchbay.response(to: id)
      if response["error"] == nil {
        let thread = try await patchbay.thread(name)
        #expect(thread.map { text(of: $0) } == ["hello there", "hello there"])
      } else {
        #expect(response["error"]?["code"] == -32602)
      }
    }
    #expect(try home.entries().filter { $0 != "state" && $0 != "config" && $0 != "data" } == [])
  }

  @Test("deleteSession ends a completion that was asked for right before it")
  func deleteRightBehind() async throws {
    try await withPatchbay { patchbay in
      for number in 1...50 {
        let name = JSONValue.string("brief\(number)")
        let id = await patchbay.request("complete", echo(endless, model: "slow", ["session": name]))
        try await patchbay.call("deleteSession", ["session": name])
        _ = try await patchbay.error(of: id)
      }
    }
  }

  @Test("a completion with a requestKey takes effect in its turn like any other")
  func keyedInOrder() async throws {
    try await withPatchbay { patchbay in
      for number in 1...20 {
        let name = JSONValue.string("work\(number)")
        let id = await patchbay.request("complete", echo("hello", ["session": name, "requestKey": name]))
        try await patchbay.call("getSession", ["session": name])
        _ = try await patchbay.result(of: id)
      }
    }
  }

  @Test("no session is named like another one's id")
  func nameLikeID() async throws {
    try await withPatchbay { patchbay in
      try await patchbay.call("createSession", ["id": "first", "provider": "echo"])
      try await patchbay.call("createSession", ["id": "second", "name": "other", "provider": "echo"])
      let refused = try await patchbay.callForError("renameSession", ["session": "second", "name": "first"])
      #expect(refused.kind == "invalidParams")
      #expect(try await patchbay.call("getSession", ["session": "other"])["id"] == "second")
    }
  }

  @Test("what a provider said can be read when the settings do not know it any more")
  func unknownProvider() async throws {
    let home = try TemporaryFolder()
    try await withPatchbay(home: home) { patchbay in
      try await patchbay.call("complete", echo("hello", ["session": "old"]))
    }
    try home.write(config: ["providers": ["echo": ["enabled": false]]])
    try await withPatchbay(home: home) { patchbay in
      let session = try await patchbay.call("getSession", ["session": "old", "messages": true])
      #expect(session["messages"]?.array?.count == 2)
      let thread = try await patchbay.thread("old", provider: "echo")
      #expect(thread.count == 2)
    }
  }
}
