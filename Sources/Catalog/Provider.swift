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
  /// Whether a request without a key makes sense.
  package var need: Need
  /// The header that carries the key, lower case.
  package var header: String
}

/// The form in which a server lists its models.
package enum ModelListShape: String, Sendable, Hashable, CaseIterable {
  /// `{"data": [{"id"}]}`
  case openai
  /// `{"models": [{"name"}]}`
  case ollamaTags = "ollama-tags"
}

/// Where a provider lists its models.
package struct ModelList: Sendable, Hashable {
  /// The form of the answer.
  package var shape: ModelListShape
  /// Below the base URL, with its leading slash.
  package var path: String
}

/// Names that stand for a model of the person's choice; written `@small` wherever a model is named.
package enum ModelRole: String, Sendable, Hashable, CaseIterable { case small, complex }

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
  /// Where it lists its models; `nil` when it does not.
  package var modelList: ModelList?
  /// For the dialect, which alone knows what they mean; where they say nothing, it assumes little of a server.
  package var quirks = JSONObject()
  /// Merged into every request body as it is.
  package var extra = JSONObject()
  /// The limit on output tokens to ask for when a request names none.
  package var maxTokens: Int?
  package var timeouts = PhaseTimeouts()
  package var enabled = true
  /// Its own models for `@small` and `@complex`.
  package var roles: [ModelRole: String] = [:]
  /// A page about it.
  package var docs: String?
  /// What to do when it does not answer or has no key: the words after "you can".
  package var loginHint: String?
  /// Whether the person has said anything about it: a section in the config file, its key or its host in the
  /// environment.
  package var isConfigured = false
  /// Where settings come from, by their name in the config file; those that are absent ship with the program.
  package var origins: [String: ValueOrigin] = [:]

  /// Where a setting, by its name in the config file, comes from.
  package func origin(of setting: String) -> ValueOrigin { origins[setting] ?? .builtin }
}
