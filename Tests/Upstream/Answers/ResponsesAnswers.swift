package import JSON

/// Responses as OpenAI writes them.
package struct ResponsesAnswers: AnswerFamily {
  package let api: String
  package let settings: JSONObject
  package let contentType = "text/event-stream"
  package let keepAlive = Array(": keep-alive\n\n".utf8)

  /// OpenAI's own API.
  package init() { (api, settings) = ("openai-responses", [:]) }

  private init(api: String, settings: JSONObject = [:]) { (self.api, self.settings) = (api, settings) }

  /// The API behind ChatGPT's subscriptions; the account stands in for a token that names one.
  package static let codex = ResponsesAnswers(
    api: "openai-codex-responses", settings: ["headers": ["chatgpt-account-id": "an-account"]])
  /// A resource of Azure OpenAI.
  package static let azure = ResponsesAnswers(api: "azure-openai-responses")

  package func pieces(of answer: ModelAnswer) -> [AnswerPiece] {
    var pieces = [AnswerPiece(.start, event("response.created", ["response": response(answer, isDone: false)]))]
    var index = 0
    func item(_ kind: AnswerPiece.Kind, _ item: JSONObject, _ events: [(String, JSONObject)]) {
      let place: JSONObject = ["output_index": .int(index), "item_id": item["id"] ?? .null]
      var opened = item
      for (name, value) in item where value.array != nil || name == "arguments" {
        opened[name] = value.array == nil ? "" : []
      }
      let open: JSONObject = ["output_index": .int(index), "item": .object(opened)]
      pieces.append(AnswerPiece(kind, event("response.output_item.added", open)))
      for (type, members) in events {
        var members = members
        members.merge(place)
        pieces.append(AnswerPiece(kind, event(type, members)))
      }
      let close: JSONObject = ["output_index": .int(index), "item": .object(item)]
      pieces.append(AnswerPiece(kind, event("response.output_item.done", close)))
      index += 1
    }
    if let text = answer.reasoning {
      let delta: JSONObject = ["summary_index": 0, "delta": .string(text)]
      item(.reasoning, reasoning(text), [("response.reasoning_summary_text.delta", delta)])
    }
    if !answer.texts.isEmpty {
      let deltas = answer.texts.map { text -> (String, JSONObject) in
        ("response.output_text.delta", ["content_index": 0, "delta": .string(text)])
      }
      item(.text, message(answer.text), deltas)
    }
    if !answer.arguments.isEmpty {
      let deltas = answer.arguments.map { text -> (String, JSONObject) in
        ("response.function_call_arguments.delta", ["delta": .string(text)])
      }
      item(.call, call(answer), deltas)
    }
    let (type, _) = ending(of: answer)
    return pieces + [AnswerPiece(.ending, event(type, ["response": response(answer, isDone: true)]))]
  }

  package func document(of answer: ModelAnswer) -> JSONValue { response(answer, isDone: true) }

  package func event(_ data: [UInt8], type: String) -> [UInt8] { .event(data, name: type) }

  package var failure: [UInt8] {
    event(
      "error", ["code": "server_is_overloaded", "message": "Our servers are currently overloaded.", "param": .null])
  }

  package func refusal(_ condition: UpstreamCondition) -> ErrorResponse {
    guard api == "openai-codex-responses", condition == .quotaExceeded else {
      return OpenAIErrors.response(condition)
    }
    let error: JSONValue = [
      "type": "usage_limit_reached", "message": "The usage limit has been reached", "plan_type": "plus",
      "resets_in_seconds": 7200,
    ]
    return ErrorResponse(status: 429, body: ["error": error])
  }

  private func event(_ type: String, _ members: JSONObject) -> [UInt8] {
    var object: JSONObject = ["type": .string(type)]
    object.merge(members)
    return event(JSONValue.object(object).bytes, type: type)
  }

  /// How an answer ends: with a word that fits, or incomplete for a reason.
  private func ending(of answer: ModelAnswer) -> (type: String, status: String) {
    answer.finish == nil ? ("response.completed", "completed") : ("response.incomplete", "incomplete")
  }

  private func response(_ answer: ModelAnswer, isDone: Bool) -> JSONValue {
    var output: [JSONValue] = []
    if isDone {
      if let text = answer.reasoning { output.append(.object(reasoning(text))) }
      if !answer.texts.isEmpty { output.append(.object(message(answer.text))) }
      if !answer.arguments.isEmpty { output.append(.object(call(answer))) }
    }
    var response: JSONObject = [
      "id": "resp_1", "object": "response", "created_at": 1_700_000_000, "model": .string(ModelAnswer.model),
      "status": isDone ? .string(ending(of: answer).status) : "in_progress", "output": .array(output), "error": .null,
    ]
    response["incomplete_details"] = answer.finish.map { ["reason": .string($0)] } ?? .null
    let counts = answer.usage.map { usage -> JSONValue in
      [
        "input_tokens": .int(usage.input), "input_tokens_details": ["cached_tokens": 0],
        "output_tokens": .int(usage.output), "output_tokens_details": ["reasoning_tokens": 0],
        "total_tokens": .int(usage.input + usage.output),
      ]
    }
    response["usage"] = isDone ? counts ?? .null : .null
    return .object(response)
  }

  private func reasoning(_ text: String) -> JSONObject {
    [
      "type": "reasoning", "id": "rs_1", "summary": [["type": "summary_text", "text": .string(text)]],
      "encrypted_content": "c2VhbA==",
    ]
  }

  private func message(_ text: String) -> JSONObject {
    [
      "type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
      "content": [["type": "output_text", "text": .string(text), "annotations": []]],
    ]
  }

  private func call(_ answer: ModelAnswer) -> JSONObject {
    [
      "type": "function_call", "id": "fc_1", "call_id": .string(ModelAnswer.callId), "status": "completed",
      "name": .string(ModelAnswer.tool), "arguments": .string(answer.argumentText),
    ]
  }
}
