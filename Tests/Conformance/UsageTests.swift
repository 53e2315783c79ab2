internal import JSON
internal import Platform
internal import TestSupport
internal import Testing
internal import Upstream

@Suite("Usage, budgets and limits (protocol §4, §7)", .timeLimit(.minutes(2)))
struct UsageTests {
  /// A provider that is `upstream`, at a dollar for ten tokens of input and for one of output.
  private func config(_ upstream: Upstream, _ more: JSONObject = [:]) -> JSONValue {
    var config: JSONObject = [
      "defaultProvider": "mock",
      "providers": [
        "mock": [
          "api": "openai-completions", "baseURL": .string(upstream.url + "/v1"), "model": "m",
          "apiKey": .string(PlantedSecret.key("usage")),
          "models": ["m": ["cost": ["input": 100_000, "output": 1_000_000]]],
        ]
      ],
    ]
    config.merge(more)
    return .object(config)
  }

  private func run(_ arguments: [String], _ home: TemporaryFolder, _ environment: [String: String] = [:]) async throws
    -> ChildProcess
  {
    let child = try ChildProcess(
      PatchbayProcess.binary(), arguments, environment: PatchbayProcess.environment(home: home, environment))
    child.closeInput()
    _ = try await child.waitForExit()
    return child
  }

  @Test("getUsage adds up what any process has completed, in the groups that are asked for")
  func usage() async throws {
    let upstream = try Upstream { _, exchange in try exchange.streamChat(["Hello"]) }
    let home = try TemporaryFolder()
    try await withPatchbay(home: home, config: config(upstream)) { patchbay in
      let empty = try await patchbay.call("getUsage")
      #expect(empty["total"]?["completions"] == 0 && empty["total"]?["cost"] == .null && empty["groups"] == nil)
      try await patchbay.call("complete", ["input": "Hi", "session": "s"])
      _ = try await patchbay.callForError("complete", echo("x", model: "fail:timeout", ["retry": ["attempts": 1]]))
      let other = try await run(["complete", "-p", "echo", "one two"], home)
      #expect(other.outputText == "one two\n")
      let total = try await patchbay.call("getUsage")["total"]
      #expect((total?["completions"], total?["failed"], total?["billedElsewhere"]) == (3, 1, 2))
      #expect(total?["cost"]?["total"] == 1.5)
      let providers = try await patchbay.call("getUsage", ["groupBy": "provider"])["groups"]?.array ?? []
      #expect(providers.map { $0["key"] } == ["mock", "echo"])
      #expect(providers.last?["cost"] == .null)
      let sessions = try await patchbay.call("getUsage", ["groupBy": "session"])["groups"]?.array ?? []
      #expect(sessions.map { $0["key"]?.string?.hasPrefix("ses_") } == [true, nil])
      #expect(try await patchbay.callForError("getUsage", ["since": "some day"]).data?["path"] == "since")
    }
    let ledger = try home.read("state/usage.jsonl")
    #expect(ledger.split(separator: "\n").count == 3)
    #expect(!ledger.contains("Hello") && !ledger.contains("one two") && !ledger.contains(PlantedSecret.mark))
  }

  @Test("Days are those of the local clock")
  func localDays() async throws {
    let home = try TemporaryFolder()
    // One second before and after midnight, in a zone five and a half hours before Greenwich.
    for (time, model) in [("2026-03-05T05:29:59.000Z", "before"), ("2026-03-05T05:30:01.000Z", "after")] {
      let line: JSONValue = [
        "time": .string(time), "method": "complete", "provider": "p", "model": .string(model), "usage": ["output": 1],
        "cost": .null, "durationMs": 1, "attempts": 1, "outcome": "end",
      ]
      try home.write("state/usage.jsonl", try home.read("state/usage.jsonl") + line.text + "\n")
    }
    func days(_ zone: String, _ more: [String] = []) async throws -> [String] {
      try await run(["usage"] + more, home, ["TZ": zone]).outputText.split(separator: "\n").map {
        String($0.prefix(10))
      }
    }
    #expect(try await days("EST5:30") == ["2026-03-04", "2026-03-05"])
    #expect(try await days("UTC0") == ["2026-03-05"])
    #expect(try await days("EST5:30", ["--until", "2026-03-04"]) == ["2026-03-04"])
    #expect(try await days("EST5:30", ["--since", "2026-03-05T05:30:00Z"]) == ["2026-03-05"])
  }

  @Test("The usage command prints columns for a program, and JSON")
  func command() async throws {
    let upstream = try Upstream { _, exchange in try exchange.streamChat(["Hello"]) }
    let home = try TemporaryFolder()
    try home.write(config: config(upstream))
    for _ in 1...2 { _ = try await run(["complete", "Hi"], home) }
    let table = try await run(["usage", "--by", "model"], home)
    #expect(table.outputText == "mock/m\t2\t0\t10\t0\t2\t$3.00\n")
    let json = try JSONValue(parsing: try await run(["usage", "--by", "provider", "--json"], home).output)
    #expect(json["groups"]?[0]?["key"] == "mock" && json["total"]?["cost"]?["total"] == 3)
    let odd = try await run(["usage", "--by", "week"], home)
    #expect(try await odd.waitForExit() == .status(2))
    #expect(odd.errorText.contains("provider, model, session, day"))
  }

  @Test("Processes that complete at the same time leave a line each")
  func manyProcesses() async throws {
    let home = try TemporaryFolder()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<6 {
        group.addTask {
          try await withPatchbay(home: home) { patchbay in
            var ids: [JSONValue] = []
            for number in 0..<20 { ids.append(await patchbay.request("complete", echo("word \(number)"))) }
            for id in ids { _ = try await patchbay.result(of: id) }
          }
        }
      }
      try await group.waitForAll()
    }
    let lines = try home.read("state/usage.jsonl").split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
    #expect(lines.count == 120)
    #expect(Set(lines.compactMap { $0["completionId"]?.string }).count == 120)
  }

  @Test("Budgets of a call, a session and a day refuse what is too dear, with the figures")
  func budgets() async throws {
    let upstream = try Upstream { _, exchange in try exchange.streamChat(["Hello"]) }
    let dollar = String(repeating: "word ", count: 8)
    try await withPatchbay(config: config(upstream, ["limits": ["budgetUSDPerDay": 4]])) { patchbay in
      let call = try await patchbay.callForError(
        "complete", ["input": .string(dollar), "budgetUSD": 0.5])
      #expect((call.code, call.kind, call.data?["path"]) == (-32020, "budgetExceeded", "budgetUSD"))
      #expect(call.data?["budget"]?["costUSD"] == 1)
      let session = try await patchbay.call("createSession", ["name": "s", "budgetUSD": 2])
      #expect(session["budgetUSD"] == 2)
      try await patchbay.call("complete", ["input": "Hi", "session": "s"])
      let spent = try await patchbay.callForError("complete", ["input": .string(dollar), "session": "s"])
      #expect(spent.data?["budget"]?["scope"] == "session")
      #expect(try await patchbay.call("setBudget", ["session": "s", "budgetUSD": .null])["budgetUSD"] == nil)
      try await patchbay.call("complete", ["input": .string(dollar), "session": "s"])
      let day = try await patchbay.callForError("complete", ["input": .string(dollar + dollar)])
      #expect(day.data?["path"] == "limits.budgetUSDPerDay")
      #expect(try await patchbay.callForError("setBudget", ["session": "s"]).data?["path"] == "budgetUSD")
      #expect(upstream.requests.count == 2)
    }
  }

  @Test("limitsChanged comes once for a change that matters, and getLimits has the same")
  func limits() async throws {
    let upstream = try Upstream { _, exchange in
      try exchange.startEvents(headers: [
        ("x-ratelimit-limit-requests", "100"), ("x-ratelimit-remaining-requests", "99"),
        ("x-ratelimit-remaining-tokens-minute", "5000"), ("x-ratelimit-reset-requests", "30s"),
      ])
      try exchange.writeChatChunk(["content": "Hi"], finishReason: "stop")
      try exchange.writeEvent("[DONE]")
      try exchange.finish()
    }
    try await withPatchbay(config: config(upstream)) { patchbay in
      for _ in 1...3 { try await patchbay.call("complete", ["input": "Hi"]) }
      let limits = try await patchbay.call("getLimits")["limits"]?.array ?? []
      #expect(limits.count == 1)
      #expect(limits.first?["provider"] == "mock" && limits.first?["source"] == "headers")
      #expect(limits.first?["requests"]?["remaining"] == 99)
      #expect(limits.first?["window"]?[0]?["name"] == "tokens-minute")
      let told = patchbay.messages.filter { $0["method"] == "limitsChanged" }
      #expect(told.count == 1)
      #expect(told.first?["params"]?["requests"]?["limit"] == 100)
      #expect(try await patchbay.callForError("getLimits", ["provider": "nobody"]).kind == "providerNotFound")
    }
  }
}

@Suite("The request log and the log file (protocol §7)", .timeLimit(.minutes(1)))
struct LogTests {
  /// Not a planted one: the provider of these tests repeats it in its answers, which are the client's.
  private static let key = "sk-log-0123456789abcdef-repeated"

  /// Completes once well and once badly with a log file, and gives the file's lines.
  private func log(
    _ options: [String], _ body: (PatchbayProcess) async throws -> Void = { _ in }
  ) async throws -> (lines: [JSONValue], text: String, errors: String) {
    let upstream = try Upstream { request, exchange in
      let key = request.header("authorization") ?? ""
      guard request.json?["messages"]?.text.contains("fail") == true else {
        return try exchange.streamChat(["an answer, ", key])
      }
      try exchange.respond(status: 401, json: ["error": ["message": .string("bad key \(key)")]])
    }
    let home = try TemporaryFolder()
    try home.write(config: [
      "providers": [
        "mock": [
          "api": "openai-completions", "baseURL": .string(upstream.url + "/v1"), "model": "m",
          "apiKey": .string(Self.key),
        ]
      ]
    ])
    let path = "\(home.path)/patchbay.log"
    let patchbay = try PatchbayProcess(home: home, arguments: ["serve", "--log", path] + options)
    try await patchbay.initialize()
    try await patchbay.call("complete", ["provider": "mock", "input": "a question", "stream": false])
    _ = try await patchbay.callForError("complete", ["provider": "mock", "input": "fail"])
    try await body(patchbay)
    patchbay.closeInput()
    #expect(try await patchbay.waitForExit() == .status(0))
    expectNoProblems(patchbay)
    let text = try home.read("patchbay.log")
    #expect(!text.contains(Self.key), "the key is in the log")
    var status = stat()
    #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
    let lines = try text.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
    return (lines, text, patchbay.child.errorText)
  }

  @Test("getRequestLog has the exchanges, the newest first, and no secret")
  func requestLog() async throws {
    _ = try await log([]) { patchbay in
      let all = try await patchbay.call("getRequestLog")["exchanges"]?.array ?? []
      #expect(all.map { $0["status"] } == [401, 200])
      #expect(all.map { $0["error"] } == ["authRejected", nil])
      #expect(all.allSatisfy { $0["provider"] == "mock" && $0["purpose"] == "completion" && $0["attempt"] == 1 })
      #expect(all.allSatisfy { ($0["timing"]?["totalMs"]?.double ?? -1) >= 0 })
      #expect(!JSONValue.array(all).text.contains(Self.key))
      #expect(try await patchbay.call("getRequestLog", ["limit": 1])["exchanges"]?.array?.count == 1)
      #expect(try await patchbay.callForError("getRequestLog", ["limit": 201]).kind == "invalidParams")
    }
  }

  @Test("The log tells what happened, never what was said")
  func quiet() async throws {
    let (lines, text, errors) = try await log([])
    let events = lines.map { "\($0["level"]?.string ?? "") \($0["event"]?.string ?? "")" }
    #expect(events.first == "info start" && events.last == "info stop")
    #expect(events.contains("info exchange") && events.contains("error exchange"))
    #expect(events.contains("info completion") && events.contains("error completion"))
    #expect(!text.contains("question") && !text.contains("answer"))
    #expect(errors.isEmpty)
  }

  @Test("error keeps to errors, debug tells of requests, too")
  func levels() async throws {
    let few = try await log(["--log-level", "error"]).lines
    #expect(Set(few.compactMap { $0["event"]?.string }) == ["start", "exchange", "completion", "stop"])
    #expect(few.filter { $0["event"] == "exchange" }.map { $0["status"] } == [401])
    let many = try await log(["--log-level=debug"]).lines
    #expect(many.filter { $0["event"] == "request" }.map { $0["method"] } == ["complete", "complete"])
  }

  @Test("--log-bodies writes what is said, without the key, and says so loudly")
  func bodies() async throws {
    let (lines, text, errors) = try await log(["--log-bodies"])
    #expect(errors.contains("warning:") && errors.contains("patchbay.log"))
    #expect(lines.first?["warning"]?.string?.contains("bodies") == true)
    #expect(text.contains("a question") && text.contains("an answer"))
  }

  @Test(
    "What makes no sense is refused",
    arguments: [
      ["--log-bodies"], ["--log-level", "info"], ["--log", "/tmp/x.log", "--log-level", "loud"], ["--log"],
    ])
  func misuse(options: [String]) async throws {
    let home = try TemporaryFolder()
    let child = try ChildProcess(
      PatchbayProcess.binary(), ["serve"] + options, environment: PatchbayProcess.environment(home: home))
    child.closeInput()
    #expect(try await child.waitForExit() == .status(2), "\(child.summary)")
  }

  @Test("A client that wants to know everything hears of exchanges")
  func trace() async throws {
    _ = try await log([]) { patchbay in
      await patchbay.notify("$/setTrace", ["value": "verbose"])
      try await patchbay.call("complete", ["provider": "mock", "input": "again", "stream": false])
      let heard = patchbay.messages.filter { $0["method"] == "logMessage" && $0["params"]?["logger"] == "http" }
      #expect(heard.count == 1)
      #expect(heard.first?["params"]?["message"]?.string?.hasPrefix("POST http://127.0.0.1:") == true)
    }
  }
}
