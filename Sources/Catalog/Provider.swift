package import Completion
package import JSON

/// What a provider is to the person who uses it.
package enum ProviderKind: String, Sendable, Hashable, CaseIterable {
  case api, subscription, local, cli, gateway, builtin
}

/// Whether a provider wants a key, and where it goes.
package struct ProviderAuth: Sendable, Hashable {
  /// Whether a request without a key makes sense.
  package enum Need: String, Sendable, Hashable, CaseIterable { case none, optional, required }
  /// How requests prove who asks.
  package enum Scheme: String, Sendable, Hashable, CaseIterable {
    /// A key in a header.
    case key
    /// Signed with AWS credentials, unless there is a key.
    case aws
    /// A token of Google's Application Default Credentials, unless there is a key.
    case google
    /// A token of Microsoft Entra, unless there is a key.
    case azure
  }
  /// Whether a request without a key makes sense.
  package var need: Need
  /// The header that carries the key, lower case; `authorization` and its kin get `Bearer ` in front of it.
  package var header: String
  /// How requests prove who asks.
  package var scheme = Scheme.key
  /// Keys that begin with one of these are tokens, which go into `authorization`: `sk-ant-oat`, `ya29.`.
  package var tokenPrefixes: [String] = []
  /// The variables whose values are tokens: `ANTHROPIC_AUTH_TOKEN`.
  package var tokenVariables: [String] = []
  /// The variables that a key may bring along, in front of `::` in this order: `["account"]` for `account::key`.
  package var keyParts: [String] = []

  /// A key in `header`.
  package init(need: Need, header: String) {
    self.need = need
    self.header = header
  }
}

/// Something beside the key that a provider's address or requests need; `{name}` in a base URL or a header stands for
/// its value. Looked for in the key's own parts, the config file, `auth.json`, the environment, the default.
package struct ConnectionVariable: Sendable, Hashable {
  /// `region`.
  package var name: String
  /// The variables of the environment that may hold it, the first that is set wins.
  package var environment: [String] = []
  /// What it is when nothing is said.
  package var fallback: String?
  /// Whether there is no request without it.
  package var isRequired = false
  /// Whether `_` in it becomes `-`, as in a host's name.
  package var hyphenated = false
  /// The endings one of which it must have, so that a key goes nowhere else: `.cloud.databricks.com`.
  package var endings: [String] = []
  /// For people: what it is and where to find it.
  package var hint: String?

  /// A variable.
  package init(name: String) { self.name = name }
}

/// A file of another program that holds a provider's key and variables.
package struct CredentialFile: Sendable, Hashable {
  /// Where it is; a leading `~/` is the home folder.
  package var path: String
  /// The member that holds the key.
  package var key: String
  /// Which member holds which variable, by the variable's name.
  package var variables: [String: String]
}

/// A header that depends on the conversation.
package struct TurnHeader: Sendable, Hashable {
  /// When it is sent.
  package enum Condition: String, Sendable, Hashable, CaseIterable {
    /// The last message is a person's.
    case userTurn
    /// The last message is a tool's result or the model's own.
    case agentTurn
    /// There are images anywhere.
    case images
  }
  package var name: String
  package var value: String
  package var when: Condition
}

/// How some of a provider's models are reached, where that differs from the others.
package struct ProviderRoute: Sendable {
  /// Which models, as patterns with `*`; empty for those alone whose catalogue entry names the family `api`.
  package var models: [String]
  /// What the provider's base URL must hold for this route to be there at all.
  package var baseURLContains: String?
  package var api: String
  /// `nil`: the provider's.
  package var baseURL: String?
  package var auth: ProviderAuth?
  package var headers: [ConfiguredHeader] = []
  /// Deviations from `api`; the provider's own say nothing about it.
  package var quirks = JSONObject()
  /// What is taken off the front of a model's id on the wire.
  package var stripPrefix: String?
}

/// Quirks of some of a provider's models.
package struct ModelQuirks: Sendable {
  /// Which models, as patterns with `*`.
  package var models: [String]
  package var quirks: JSONObject
}

/// What a person compares before sending data to a provider, as its vendor states it.
package struct DataPolicy: Sendable, Hashable {
  /// Where the data is worked on: "US", "EU", "this machine", "your AWS region".
  package var dataLocation: String?
  /// "SOC 2", "HIPAA (BAA)", "GDPR", ….
  package var compliance: [String] = []
  /// Whether nothing leaves the machine or the network it is set up in.
  package var offline = false

  /// Nothing known.
  package init() {}
}

/// Names that stand for a model of the person's choice; written `@small` wherever a model is named.
package enum ModelRole: String, Sendable, Hashable, CaseIterable {
  case small, complex

  /// Whether `name` is written like a role. Ids such as Cloudflare's `@cf/meta/llama` are not.
  static func isLike(_ name: String) -> Bool { name.hasPrefix("@") && !name.contains("/") }
}

/// A header to send; its value is a key text, because which headers carry keys differs from provider to provider.
package struct ConfiguredHeader: Sendable, Hashable {
  package var name: String
  package var value: KeyText
}

/// A provider as it is in effect: what ships, with the config file and the environment laid over it.
package struct Provider: Sendable {
  /// How requests, `auth.json` and session files name it.
  package let id: String
  /// How people call it.
  package var name: String
  package var kind: ProviderKind
  /// The API family.
  package var api: String
  /// Without a trailing slash; `nil` for what is not reached over HTTP.
  package var baseURL: String?
  /// Other names it goes by.
  package var aliases: [String] = []
  package var auth: ProviderAuth
  /// The variables that may hold its key, the first that is set wins.
  package var env: [String] = []
  /// The key of the config file, not yet looked up.
  package var apiKey: KeyText?
  /// In the order to send them, each name once.
  package var headers: [ConfiguredHeader] = []
  /// The model to use when none is named.
  package var defaultModel: String?
  /// What the config file says about its models, to be laid over the catalogue's.
  package var configuredModels: [(id: String, entry: ModelEntry)] = []
  /// Whether models that the catalogue does not list can be asked for.
  package var anyModel = true
  /// The provider whose section of `models.json` is this one's, too.
  package var modelsOf: String?
  /// What stands between a model's id and words about who shall serve it, as in `model:fastest`; `nil` for ids that
  /// mean what they say.
  package var variantMark: String?
  /// Where it lists its models; `nil` when it does not.
  package var modelList: ModelList?
  /// Where it says how much of its limits is left.
  package var limitEndpoints: [LimitEndpoint] = []
  /// The headers that carry keys, by API family; families that are absent use `authorization`.
  package var keyHeaders: [String: String] = [:]
  /// For the dialect, which alone knows what they mean; where they say nothing, it assumes little of a server.
  package var quirks = JSONObject()
  /// Merged into every request body as it is.
  package var extra = JSONObject()
  /// The limit on output tokens to ask for when a request names none.
  package var maxTokens: Int?
  package var timeouts = PhaseTimeouts()
  /// How failed tries are made again here, where the person said so for this provider.
  package var retry = RetryOptions()
  /// `provider/model`s that may answer in its place; `nil` where the person said nothing for this provider.
  package var fallbacks: [String]?
  /// How many requests of one account may be on their way at the same time; the others wait.
  package var maxConcurrent: Int?
  package var enabled = true
  /// What its address and requests need beside the key.
  package var variables: [ConnectionVariable] = []
  /// What the config file says those are.
  package var variableSettings: [String: KeyText] = [:]
  /// Another program's file with its key.
  package var credentialFile: CredentialFile?
  /// Headers that depend on the conversation.
  package var turnHeaders: [TurnHeader] = []
  /// How some of its models are reached; the first that fits.
  package var routes: [ProviderRoute] = []
  /// Quirks of some of its models; all that fit, the last one on top.
  package var modelQuirks: [ModelQuirks] = []
  /// Whether it sells its models faster at a higher price (`fastMode` in the config file).
  package var fastMode = false
  /// Whether it is the default as soon as it is configured, whatever else is.
  package var isPreferred = false
  package var dataPolicy = DataPolicy()
  /// Its own models for `@small` and `@complex`.
  package var roles: [ModelRole: String] = [:]
  /// How it is run, where it is a program.
  package var program: ProgramSettings?
  /// A page about it.
  package var docs: String?
  /// What to do when it does not answer or has no key: the words after "you can".
  package var loginHint: String?
  /// How to log in there, for `LoginFlows`; `nil` where there is only a key.
  package var login: JSONObject?
  /// Whether the person has said anything about it: a section in the config file, its key or its host in the
  /// environment.
  package var isConfigured = false
  /// Where settings come from, by their name in the config file; those that are absent ship with the program.
  package var origins: [String: ValueOrigin] = [:]

  /// Where a setting, by its name in the config file, comes from.
  package func origin(of setting: String) -> ValueOrigin { origins[setting] ?? .builtin }
}
