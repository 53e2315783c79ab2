package import JSON

/// The parameters of `loginStatus`.
package struct LoginStatusParams: WireParams {
  /// Only this provider; `nil` means all.
  package var provider: String?
  /// Whether to make one cheap authenticated call.
  package var verify: Bool

  package init(_ json: JSONValue?) throws(JSONFieldError) {
    var fields = try JSONFields(json)
    provider = try fields.nonEmptyString("provider")
    verify = try fields.bool("verify") ?? false
    try fields.finish()
  }
}

/// The result of `loginStatus`.
package struct LoginStatusResult: Sendable {
  /// One provider's credential.
  package struct Entry: Sendable, Hashable {
    package var provider: String
    package var status: ProviderStatus
    /// `nil` when there is no credential, or none is needed.
    package var source: CredentialSource?
    package var account: String?
    /// ISO 8601, UTC.
    package var expiresAt: String?
    /// Why it is not ready, for a person.
    package var detail: String?

    /// A credential's state.
    package init(
      provider: String, status: ProviderStatus, source: CredentialSource? = nil, account: String? = nil,
      expiresAt: String? = nil, detail: String? = nil
    ) {
      self.provider = provider
      self.status = status
      self.source = source
      self.account = account
      self.expiresAt = expiresAt
      self.detail = detail
    }
    fileprivate var json: JSONValue {
      var members: JSONObject = ["provider": .string(provider), "status": .string(status.rawValue)]
      members.set("source", source.map { .string($0.rawValue) })
      members.set("account", account.map(JSONValue.string))
      members.set("expiresAt", expiresAt.map(JSONValue.string))
      members.set("detail", detail.map(JSONValue.string))
      return .object(members)
    }
  }

  package var providers: [Entry]

  /// A result.
  package init(providers: [Entry]) { self.providers = providers }
  /// `{"providers": [..]}`.
  package var json: JSONValue { ["providers": .array(providers.map(\.json))] }
}
