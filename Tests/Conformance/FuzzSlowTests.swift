internal import JSON
internal import TestSupport
internal import Testing

/// 10,000 inputs that no client should send. Each run sends the same ones.
@Suite("Malformed input", .serialized, .timeLimit(.minutes(5)))
struct FuzzSlowTests {
  @Test("6,000 malformed lines: each request among them is answered, and good ones in between as well")
  func lines() async throws {
    var source = MalformedMessages(seed: 1)
    try await withPatchbay { patchbay in
      for _ in 0..<60 {
        try await expectAnswers(patchbay, to: (0..<100).map { _ in source.next() }, .lines)
      }
    }
  }

  @Test("3,000 malformed messages in sound frames")
  func framedMessages() async throws {
    var source = MalformedMessages(seed: 2)
    try await withPatchbay(framing: .headers) { patchbay in
      for _ in 0..<30 {
        try await expectAnswers(patchbay, to: (0..<100).map { _ in source.next() }, .headers)
      }
    }
  }

  @Test("500 broken header blocks: a good request behind each of them is answered")
  func headerBlocks() async throws {
    var source = MalformedMessages(seed: 3)
    try await withPatchbay(framing: .headers) { patchbay in
      for number in 0..<500 {
        await patchbay.sendRaw(source.nextHeaderBlock())
        let id: JSONValue = .string("good \(number)")
        await patchbay.send(["jsonrpc": "2.0", "id": id, "method": "ping"])
        let pong = try await patchbay.result(of: id)
        #expect(pong == [:])
      }
    }
  }

  @Test("500 streams that are cut off or garbled anywhere: the program ends in good order")
  func streams() async throws {
    var source = MalformedMessages(seed: 4)
    let home = try TemporaryFolder()
    for number in 0..<100 {
      let patchbay = try PatchbayProcess(home: home, framing: number.isMultiple(of: 2) ? .lines : .headers)
      for _ in 0..<5 { await patchbay.sendRaw(source.nextGarbledStream()) }
      patchbay.closeInput()
      let exit = try await patchbay.waitForExit()
      #expect(exit == .status(0), "stream \(number): \(patchbay.child.summary)")
    }
  }

  /// Sends `inputs` and then a good request, and holds the answers against what the inputs are: as many answers for
  /// each id as there were requests with it, an error without id for each input that is no request.
  private func expectAnswers(_ patchbay: PatchbayProcess, to inputs: [[UInt8]], _ framing: Framing) async throws {
    let before = patchbay.messages.count
    var expected: [JSONValue: Int] = [:]
    var withoutId = 0
    for input in inputs {
      switch Expectation(of: input) {
      case .answer(let id): expected[id, default: 0] += 1
      case .errorWithoutId: withoutId += 1
      case .silence: break
      }
      await patchbay.sendRaw(framing.frame(input))
    }
    let pong = try await patchbay.call("ping")
    #expect(pong == [:])
    let answers = try await patchbay.answers(expected.values.reduce(withoutId + 1, +), from: before)
    var received: [JSONValue: Int] = [:]
    for answer in answers { received[answer["id"] ?? "none", default: 0] += 1 }
    for (id, count) in expected { #expect(received[id] == count, "answers to id \(id.text)") }
    #expect(received[.null] ?? 0 == withoutId)
  }
}

/// What a program owes to one malformed message.
private enum Expectation {
  case answer(JSONValue)
  case errorWithoutId
  case silence

  init(of input: [UInt8]) {
    guard let value = try? JSONValue(parsing: input) else {
      self = input.allSatisfy({ [0x20, 0x09, 0x0D, 0x0A].contains($0) }) ? .silence : .errorWithoutId
      return
    }
    let id = value["id"]
    let isId = id?.string != nil || (id?.int != nil && id?.text.allSatisfy { "-0123456789".contains($0) } == true)
    if let id, isId {
      self = .answer(id)
    } else if id == nil, value["jsonrpc"] == "2.0", value["method"]?.string != nil {
      // A notification, whatever its params are, and notifications are never answered.
      self = .silence
    } else {
      self = .errorWithoutId
    }
  }
}
