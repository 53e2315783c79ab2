import Completion
import JSON
import Testing
import Upstream
import WireProtocol

@testable import Server

@Suite("Sending deltas", .timeLimit(.minutes(1)))
struct DeltaSenderTests {
  let peer = FakePeer()
  let sender: DeltaSender

  init() {
    let encoder = StreamDeltaEncoder(completionId: "cmp_1", requestId: 1, session: nil, provider: "p")
    sender = DeltaSender(to: peer, encoder)
  }

  @Test("A client that keeps up gets everything at once, numbered from 0 without gaps")
  func numbers() async {
    await sender.emit([.start(model: "m", attempt: 1)])
    await sender.emit([.text("a"), .text("b")])
    await sender.emit([])
    await sender.emit([.end(.end)])
    #expect(peer.deltas == [.start(model: "m", attempt: 1), .text("a"), .text("b"), .end(.end)])
    #expect(peer.numbers == [0, 1, 2, 3])
    #expect(peer.deliveries == 3)
  }

  @Test("While the client lags, neighbouring pieces of one kind are merged; nothing is lost and numbers have no gaps")
  func merging() async {
    await sender.emit([.text("0")])
    peer.lag()
    await sender.emit([.text("a"), .text("b")])
    await sender.emit([.text("c"), .reasoning("d")])
    await sender.emit([.reasoning("e"), .toolCall(index: 0, id: "i", name: "n"), .toolArguments(index: 0, text: "{")])
    await sender.emit([.toolArguments(index: 0, text: "}"), .toolArguments(index: 1, text: "x"), .text("f")])
    #expect(peer.deltas == [.text("0")])
    peer.catchUp()
    #expect(
      peer.deltas == [
        .text("0"), .text("abc"), .reasoning("de"), .toolCall(index: 0, id: "i", name: "n"),
        .toolArguments(index: 0, text: "{}"), .toolArguments(index: 1, text: "x"), .text("f"),
      ])
    #expect(peer.numbers == Array(0..<7))
    await sender.emit([.end(.end)])
    #expect(peer.numbers == Array(0..<8))
  }

  @Test("Whoever is called back is asked for once at a time")
  func callbacks() async {
    peer.lag()
    for _ in 0..<10 { await sender.emit([.text("a")]) }
    #expect(peer.asked == 1)
    peer.catchUp()
    peer.lag()
    await sender.emit([.text("b")])
    #expect(peer.asked == 2)
    peer.catchUp()
    #expect(peer.deltas == [.text("aaaaaaaaaa"), .text("b")])
  }

  @Test("What is held back goes before what comes after, also when the client has caught up meanwhile")
  func order() async {
    peer.lag()
    await sender.emit([.text("first")])
    peer.catchUp()
    await sender.emit([.text("second")])
    #expect(peer.text == "firstsecond")
  }

  @Test("Up to the limit the completion goes on; beyond it, it waits for the client")
  func limit() async throws {
    peer.lag()
    let piece = String(repeating: "x", count: 64 << 10)
    for _ in 0..<4 { await sender.emit([.text(piece)]) }
    #expect(!peer.isWaitedFor.isOpen)
    let emitting = Task { [sender] in
      await sender.emit([.text("last")])
      return true
    }
    try await peer.isWaitedFor.opened()
    #expect(peer.deltas.isEmpty)
    peer.catchUp()
    #expect(await emitting.value)
    #expect(peer.text == String(repeating: piece, count: 4) + "last")
  }

  @Test("What is merged does not grow without end, nor do the pieces become many")
  func mergeLimit() async {
    peer.lag()
    let piece = "twelve bytes"
    for _ in 0..<20_000 { await sender.emit([.text(piece)]) }
    peer.catchUp()
    #expect(peer.text == String(repeating: piece, count: 20_000))
    #expect(peer.deltas.count < 20)
    #expect(peer.deltas.allSatisfy { $0.textSize < 17 << 10 })
  }

  @Test("flush waits until everything held back was sent, and has nothing to wait for when nothing is")
  func flush() async throws {
    peer.lag()
    await sender.flush()
    await sender.emit([.text("a"), .end(.end)])
    let flushing = Task { [sender, peer] in
      await sender.flush()
      return peer.deltas
    }
    try await peer.isWaitedFor.opened()
    peer.catchUp()
    #expect(await flushing.value == [.text("a"), .end(.end)])
    #expect(peer.numbers == [0, 1])
  }

  @Test("Ten thousand pieces to a client that lags again and again arrive whole and in order")
  func many() async {
    for number in 0..<10_000 {
      if number.isMultiple(of: 7) { peer.lag() }
      if number.isMultiple(of: 11) { peer.catchUp() }
      await sender.emit([.text("\(number) ")])
    }
    peer.catchUp()
    #expect(peer.text == (0..<10_000).map { "\($0) " }.joined())
    #expect(peer.numbers == Array(0..<peer.deltas.count))
    #expect(peer.deltas.count < 10_000)
  }

  @Test("A client that opted out hears nothing")
  func silent() async {
    await SilentSink().emit([.text("a")])
    #expect(peer.deltas.isEmpty)
  }
}
