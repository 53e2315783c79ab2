package import JSON

/// One try to get an answer.
package struct Attempt: Sendable, Hashable {
  /// Who was asked.
  package var provider: String
  /// With which model.
  package var model: String
  /// Why it failed; `nil` for the one that made the message.
  package var error: ProviderError?

  /// A try.
  package init(provider: String, model: String, error: ProviderError? = nil) {
    self.provider = provider
    self.model = model
    self.error = error
  }
}

/// How a failed try is made again, as far as somebody said so; what is `nil` comes from elsewhere.
package struct RetryOptions: Sendable, Hashable {
  /// How often one model is asked, the first time included.
  package static let attemptRange = 1...20
  /// The longest pause that may be asked for, in milliseconds: a day.
  package static let delayRange = 0...86_400_000

  /// How often one model is asked at most, the first time included.
  package var attempts: Int?
  /// The longest pause before a try, in milliseconds.
  package var maxDelayMs: Int?
  /// Whether to try again when part of the answer was said already. That part is void then.
  package var afterOutput: Bool?

  /// Nothing said.
  package init() {}

  /// Reads a `retry` object, in a call or in the config file.
  package init(json: JSONValue, path: [String]) throws(JSONFieldError) {
    var fields = try JSONFields(json, path: path)
    attempts = try fields.int("attempts", in: Self.attemptRange)
    maxDelayMs = try fields.int("maxDelayMs", in: Self.delayRange)
    afterOutput = try fields.bool("afterOutput")
    try fields.finish()
  }

  /// The members that are set.
  package var json: JSONObject {
    var members = JSONObject()
    members.set("attempts", attempts.map(JSONValue.int))
    members.set("maxDelayMs", maxDelayMs.map(JSONValue.int))
    members.set("afterOutput", afterOutput.map(JSONValue.bool))
    return members
  }

  /// These options, with those of `others` where they say nothing.
  package func completed(by others: RetryOptions) -> RetryOptions {
    var options = self
    options.attempts = attempts ?? others.attempts
    options.maxDelayMs = maxDelayMs ?? others.maxDelayMs
    options.afterOutput = afterOutput ?? others.afterOutput
    return options
  }
}

extension JSONFields {
  /// A list of models as `provider/model`, or `nil` when absent: those that may answer in another's place.
  package mutating func models(_ key: String) throws(JSONFieldError) -> [String]? {
    try list(key) { value, path throws(JSONFieldError) in
      guard let name = value.string, let slash = name.firstIndex(of: "/"), slash != name.startIndex,
        name.index(after: slash) != name.endIndex
      else { throw JSONFieldError(path: path, message: "must be \"provider/model\", but is \(value.text)") }
      return name
    }
  }
}
