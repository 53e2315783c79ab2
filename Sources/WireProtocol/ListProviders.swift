package import Completion
package import JSON

/// Whether a provider can be used now.
package enum ProviderStatus: String, Sendable, Hashable, CaseIterable {
  /// A credential is there, or none is needed.
  case ready
  /// No credential was found, or the provider refuses it.
  case missing
  /// The credential is past its end and cannot be renewed.
  case expired
  /// A local server does not answer.
  case unreachable
  /// Not looked at.
  case unknown
}

/// Where a credential was found; in order of precedence.
package enum CredentialSource: String, Sendable, Hashable, CaseIterable { case param, authFile, env, config, ambient }

/// The result of `listProviders`.
package struct ListProvidersResult: Sendable {
  package var providers: [ProviderInfo]

  /// A result.
  package init(providers: [ProviderInfo]) { self.providers = providers }
  /// `{"providers": [..]}`.
  package var json: JSONValue { ["providers": .array(providers.map(\.json))] }
}

/// A provider as `listProviders` shows it. No secret is part of it.
package struct ProviderInfo: Sendable, Hashable {
  /// A way to get a credential.
  package struct Login: Sendable, Hashable {
    /// "apiKey", "oauth", "device", "none" or "ambient".
    package var method: String
    /// The environment variables that are looked at, first one first.
    package var env: [String]

    /// A way.
    package init(method: String, env: [String] = []) {
      self.method = method
      self.env = env
    }
    fileprivate var json: JSONValue { ["method": .string(method), "env": .strings(env)] }
  }

  /// Where the credential in use comes from.
  package struct Credential: Sendable, Hashable {
    package var source: CredentialSource
    /// The variable's name, the file's path: never the secret.
    package var detail: String

    /// An origin.
    package init(source: CredentialSource, detail: String) {
      self.source = source
      self.detail = detail
    }
    fileprivate var json: JSONValue { ["source": .string(source.rawValue), "detail": .string(detail)] }
  }

  /// A pause that a provider asked for, and that all requests keep.
  package struct CoolDown: Sendable, Hashable {
    /// ISO 8601.
    package var until: String
    /// Why: `rateLimited` or `overloaded`.
    package var reason: ErrorKind
    /// Whose requests; `nil` for the default account.
    package var account: String?

    /// A pause.
    package init(until: String, reason: ErrorKind, account: String? = nil) {
      self.until = until
      self.reason = reason
      self.account = account
    }
    fileprivate var json: JSONValue {
      var members: JSONObject = ["until": .string(until), "reason": .string(reason.rawValue)]
      members.set("account", account.map(JSONValue.string))
      return .object(members)
    }
  }

  package var id: String
  package var name: String
  /// "api", "subscription", "local", "cli", "gateway" or "builtin".
  package var kind: String
  /// The API family.
  package var api: String
  package var baseURL: String?
  package var aliases: [String]
  package var login: [Login]
  package var status: ProviderStatus
  package var credential: Credential?
  package var defaultModel: String?
  /// Where data is worked on, as the provider's vendor states it.
  package var dataLocation: String?
  /// The rules its vendor says it follows.
  package var compliance: [String]
  /// Whether nothing leaves the machine or the network it is set up in.
  package var offline: Bool
  /// The pause that requests to it keep right now.
  package var coolDown: CoolDown?

  /// A provider.
  package init(
    id: String, name: String, kind: String, api: String, baseURL: String? = nil, aliases: [String] = [],
    login: [Login] = [], status: ProviderStatus, credential: Credential? = nil, defaultModel: String? = nil,
    dataLocation: String? = nil, compliance: [String] = [], offline: Bool = false,
    coolDown: CoolDown? = nil
  ) {
    self.id = id
    self.name = name
    self.kind = kind
    self.api = api
    self.baseURL = baseURL
    self.aliases = aliases
    self.login = login
    self.status = status
    self.credential = credential
    self.defaultModel = defaultModel
    self.dataLocation = dataLocation
    self.compliance = compliance
    self.offline = offline
    self.coolDown = coolDown
  }

  /// The provider as the client gets it.
  package var json: JSONValue {
    var members: JSONObject = [
      "id": .string(id), "name": .string(name), "kind": .string(kind), "api": .string(api),
    ]
    members.set("baseURL", baseURL.map(JSONValue.string))
    members["aliases"] = .strings(aliases)
    members["login"] = .array(login.map(\.json))
    members["status"] = .string(status.rawValue)
    members.set("credential", credential?.json)
    members.set("defaultModel", defaultModel.map(JSONValue.string))
    members.set("dataLocation", dataLocation.map(JSONValue.string))
    if !compliance.isEmpty { members["compliance"] = .strings(compliance) }
    if offline { members["offline"] = true }
    members.set("coolDown", coolDown?.json)
    return .object(members)
  }
}
