package import Completion
package import JSON

/// A piece of an answer on its way to a client.
package enum StreamDelta: Sendable, Hashable {
  /// A try begins; `attempt` counts from 1.
  case start(model: String, attempt: Int)
  case text(String)
  case reasoning(String)
  /// A tool call begins; `index` counts the calls of the answer from 0.
  case toolCall(index: Int, id: String, name: String)
  /// A piece of a call's argument text.
  case toolArguments(index: Int, text: String)
  /// A call is complete. An invalid one has no arguments and must never be executed.
  case toolCallEnd(index: Int, arguments: JSONObject, invalid: Bool = false)
  /// The next try begins after a pause.
  case retry(attempt: Int, delayMs: Int, error: ProviderError)
  /// Another model goes on; both are `provider/model`.
  case fallback(from: String, to: String, error: ProviderError)
  /// Nothing was heard from the provider for a while.
  case status(message: String, elapsedMs: Int)
  case usage(Usage)
  case end(StopReason)
  /// What was streamed so far is void.
  case reset
}

/// Writes the `streamDelta` notifications of one completion. The parts that never change are written once.
package struct StreamDeltaEncoder: Sendable {
  private let prefix: [UInt8]

  /// An encoder for one completion. `requestId` is the JSON-RPC id of the `complete` (a string or an integer); `nil` for
  /// a client that did not send it.
  package init(completionId: String, requestId: JSONValue?, session: String?, provider: String) {
    var bytes: [UInt8] = []
    bytes.append(ascii: #"{"jsonrpc":"2.0","method":"streamDelta","params":{"completionId":"#)
    bytes.append(jsonString: completionId)
    if let requestId {
      bytes.append(ascii: #","requestId":"#)
      bytes.append(json: requestId)
    }
    if let session {
      bytes.append(ascii: #","session":"#)
      bytes.append(jsonString: session)
    }
    bytes.append(ascii: #","provider":"#)
    bytes.append(jsonString: provider)
    bytes.append(ascii: #","seq":"#)
    prefix = bytes
  }

  /// Appends one whole notification, without framing. `seq` counts those of the completion from 0 without gaps.
  package func append(_ delta: StreamDelta, seq: Int, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: prefix)
    bytes.append(decimal: seq)
    bytes.append(ascii: #","delta":"#)
    bytes.append(delta)
    bytes.append(ascii: "}}")
  }
}

extension StreamDelta {
  /// The delta alone: what stands under `delta` in a notification.
  package var json: JSONValue {
    switch self {
    case .start(let model, let attempt): ["type": "start", "model": .string(model), "attempt": .int(attempt)]
    case .text(let text): ["type": "text", "text": .string(text)]
    case .reasoning(let text): ["type": "reasoning", "text": .string(text)]
    case .toolCall(let index, let id, let name):
      ["type": "toolCall", "index": .int(index), "id": .string(id), "name": .string(name)]
    case .toolArguments(let index, let text):
      ["type": "toolArguments", "index": .int(index), "text": .string(text)]
    case .toolCallEnd(let index, let arguments, let invalid):
      invalid
        ? ["type": "toolCallEnd", "index": .int(index), "arguments": .object(arguments), "invalid": true]
        : ["type": "toolCallEnd", "index": .int(index), "arguments": .object(arguments)]
    case .retry(let attempt, let delayMs, let error):
      ["type": "retry", "attempt": .int(attempt), "delayMs": .int(delayMs), "error": WireError(error).json]
    case .fallback(let from, let to, let error):
      ["type": "fallback", "from": .string(from), "to": .string(to), "error": WireError(error).json]
    case .status(let message, let elapsedMs):
      ["type": "status", "message": .string(message), "elapsedMs": .int(elapsedMs)]
    case .usage(let usage): ["type": "usage", "usage": usage.json]
    case .end(let reason): ["type": "end", "stopReason": .string(reason.rawValue)]
    case .reset: ["type": "reset"]
    }
  }
}

extension [UInt8] {
  /// The frequent deltas are written as they are, the rare ones by way of a value.
  fileprivate mutating func append(_ delta: StreamDelta) {
    switch delta {
    case .text(let text):
      append(ascii: #"{"type":"text","text":"#)
      append(jsonString: text)
    case .reasoning(let text):
      append(ascii: #"{"type":"reasoning","text":"#)
      append(jsonString: text)
    case .toolArguments(let index, let text):
      append(ascii: #"{"type":"toolArguments","index":"#)
      append(decimal: index)
      append(ascii: #","text":"#)
      append(jsonString: text)
    default:
      append(json: delta.json)
      return
    }
    append(UInt8(ascii: "}"))
  }

  /// Appends a number from 0 up without making a string of it.
  fileprivate mutating func append(decimal value: Int) {
    if value >= 10 { append(decimal: value / 10) }
    append(UInt8(ascii: "0") + UInt8(value.magnitude % 10))
  }
}
