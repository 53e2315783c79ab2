package import JSON

/// How somebody logs in at a provider.
package enum LoginMethod: String, Sendable, Hashable, CaseIterable { case apiKey, oauth, device }

/// The parameters of `login`.
package struct LoginParams: WireParams {
  package var provider: String
  /// `nil` means `apiKey` when there is one, else the provider's usual way.
  package var method: LoginMethod?
  /// The key, in any key format; `nil` with the method `apiKey` means to ask for it.
  package var apiKey: HiddenText?
  /// An enterprise's own host: `example.ghe.com`.
  package var domain: String?
  /// The name to keep it under, where somebody has several accounts.
  package var account: String?

  package init(_ json: JSONValue?) throws(JSONFieldError) {
    var fields = try JSONFields(json)
    provider = try fields.require("provider", fields.nonEmptyString("provider"))
    method = try fields.choice("method", LoginMethod.self)
    apiKey = try fields.nonEmptyString("apiKey").map { HiddenText($0) }
    domain = try fields.nonEmptyString("domain")
    account = try fields.nonEmptyString("account")
    if apiKey != nil, let method, method != .apiKey {
      throw fields.error("apiKey", "goes with the method \"apiKey\", not with \"\(method.rawValue)\"")
    }
    if domain != nil, apiKey != nil || method == .apiKey {
      throw fields.error("domain", "goes with a login in the browser, not with a key")
    }
    try fields.finish()
  }
}

/// The result of `login`.
package struct LoginResult: Sendable {
  package var provider: String
  package var method: LoginMethod
  package var account: String?
  /// When what was stored ends, ISO 8601 in UTC; `nil` when it does not, or nobody knows. Tokens are renewed before.
  package var expiresAt: String?

  /// A result.
  package init(provider: String, method: LoginMethod, account: String? = nil, expiresAt: String? = nil) {
    self.provider = provider
    self.method = method
    self.account = account
    self.expiresAt = expiresAt
  }
  /// The result as the client gets it.
  package var json: JSONValue {
    var members: JSONObject = ["provider": .string(provider), "method": .string(method.rawValue)]
    members.set("account", account.map(JSONValue.string))
    members.set("expiresAt", expiresAt.map(JSONValue.string))
    return .object(members)
  }
}

/// The parameters of the notification `loginPrompt`: what a person must see to go on with a login.
package struct LoginPromptParams: Sendable, Hashable {
  /// What there is to do.
  package enum Kind: String, Sendable, Hashable, CaseIterable { case openURL, deviceCode, pasteCode }

  package var loginId: String
  package var provider: String
  package var kind: Kind
  package var url: String?
  package var userCode: String?
  package var message: String
  /// When it is too late, ISO 8601 in UTC.
  package var expiresAt: String?

  /// A prompt.
  package init(
    loginId: String, provider: String, kind: Kind, url: String? = nil, userCode: String? = nil, message: String,
    expiresAt: String? = nil
  ) {
    self.loginId = loginId
    self.provider = provider
    self.kind = kind
    self.url = url
    self.userCode = userCode
    self.message = message
    self.expiresAt = expiresAt
  }
  /// The parameters as the client gets them.
  package var json: JSONValue {
    var members: JSONObject = ["loginId": .string(loginId), "provider": .string(provider)]
    members["kind"] = .string(kind.rawValue)
    members.set("url", url.map(JSONValue.string))
    members.set("userCode", userCode.map(JSONValue.string))
    members["message"] = .string(message)
    members.set("expiresAt", expiresAt.map(JSONValue.string))
    return .object(members)
  }
}

/// The parameters of `prompt`, which the server asks a client that declared `capabilities.prompt`.
package struct PromptParams: Sendable, Hashable {
  package var loginId: String
  /// What is asked for, for people.
  package var message: String
  /// Whether the text must not be shown while it is typed.
  package var secret: Bool

  /// A question.
  package init(loginId: String, message: String, secret: Bool) {
    self.loginId = loginId
    self.message = message
    self.secret = secret
  }
  /// `{"loginId": …, "message": …, "secret": …}`.
  package var json: JSONValue {
    ["loginId": .string(loginId), "message": .string(message), "secret": .bool(secret)]
  }
}

/// The result of `prompt`, which a client gives.
package struct PromptResult: Sendable {
  /// What the person typed or pasted.
  package var text: HiddenText

  /// An answer.
  package init(text: HiddenText) { self.text = text }
  /// Reads the answer of a client.
  package init(_ json: JSONValue) throws(JSONFieldError) {
    var fields = try JSONFields(json)
    text = HiddenText(try fields.require("text", fields.string("text")))
    try fields.finish()
  }
  /// `{"text": …}`, not hidden.
  package var json: JSONValue { ["text": .string(text.revealed)] }
}

/// The parameters of `loginInput`: the text a login waits for, from a client that cannot be asked.
package struct LoginInputParams: WireParams {
  package var loginId: String
  package var text: HiddenText

  package init(_ json: JSONValue?) throws(JSONFieldError) {
    var fields = try JSONFields(json)
    loginId = try fields.require("loginId", fields.nonEmptyString("loginId"))
    text = HiddenText(try fields.require("text", fields.string("text")))
    try fields.finish()
  }
}

/// The parameters of `logout`.
package struct LogoutParams: WireParams {
  package var provider: String
  /// `nil` means the account that has no name.
  package var account: String?

  package init(_ json: JSONValue?) throws(JSONFieldError) {
    var fields = try JSONFields(json)
    provider = try fields.require("provider", fields.nonEmptyString("provider"))
    account = try fields.nonEmptyString("account")
    try fields.finish()
  }
}

/// The result of `logout`.
package struct LogoutResult: Sendable {
  /// Whether there was something to forget.
  package var removed: Bool
  /// Whether the provider made the tokens worthless; `nil` when that is not known or there was nothing of the kind.
  package var revoked: Bool?
  package var warnings: [String]

  /// A result.
  package init(removed: Bool, revoked: Bool? = nil, warnings: [String] = []) {
    self.removed = removed
    self.revoked = revoked
    self.warnings = warnings
  }
  /// The result as the client gets it; no warnings are left out.
  package var json: JSONValue {
    var members: JSONObject = ["removed": .bool(removed)]
    members.set("revoked", revoked.map(JSONValue.bool))
    if !warnings.isEmpty { members["warnings"] = .strings(warnings) }
    return .object(members)
  }
}
