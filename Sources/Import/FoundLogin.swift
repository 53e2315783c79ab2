package import Completion
package import Credentials

/// A login of another program.
package struct FoundLogin: Sendable {
  /// What kind of login it is.
  package enum Kind: String, Sendable, Hashable {
    case apiKey = "API key"
    case login = "login"
  }

  /// Whose login it was.
  package let program: Program
  /// What that program calls it: `github.com`, `anthropic`.
  package let entry: String
  /// The file it stands in.
  package let path: String
  package let kind: Kind
  /// Where it goes here; `nil` when there is no such provider.
  package var account: AccountID?
  /// What is kept here; `nil` when it cannot be taken, and `refusal` says why.
  package var credential: StoredCredential?
  /// Why it cannot be taken.
  package var refusal: String?
  /// What the person should know before taking it; whole sentences.
  package var notes: [String] = []

  /// How a person names it: `opencode/anthropic`.
  package var name: String { "\(program.rawValue)/\(entry)" }

  /// When a login's token ends, in milliseconds since 1970; `nil` for keys, and where nobody knows.
  package var expiresAt: Int? {
    guard case .oauth(let login) = credential, login.expiresAt > 0 else { return nil }
    return login.expiresAt
  }
}

/// What was taken over, and what not.
package struct ImportOutcome: Sendable {
  /// What became of one login.
  package enum Result: Sendable, Hashable {
    case taken
    /// It took the place of one that was there.
    case replaced
    /// It was not taken, for this reason.
    case left(String)
  }
  package let login: FoundLogin
  package let result: Result
}

/// Taking found logins into the store.
package struct LoginImport: Sendable {
  private let store: any CredentialStore
  private let replaces: Bool
  private let isDry: Bool

  /// Takes logins into `store`; over those that are there only where it `replaces`. A dry one changes nothing and says
  /// what would be.
  package init(into store: any CredentialStore, replaces: Bool, isDry: Bool) {
    self.store = store
    self.replaces = replaces
    self.isDry = isDry
  }

  /// Takes `logins` in their order; of two for one provider the first counts.
  /// - Throws: `storage` when the store cannot be read or written; what was taken until then stays.
  package func take(_ logins: [FoundLogin]) async throws(ProviderError) -> [ImportOutcome] {
    var taken: [AccountID: String] = [:]
    var outcomes: [ImportOutcome] = []
    for login in logins {
      let result = try await take(login, besides: taken)
      outcomes.append(ImportOutcome(login: login, result: result))
      if let account = login.account, result == .taken || result == .replaced { taken[account] = login.name }
    }
    return outcomes
  }

  private func take(
    _ login: FoundLogin, besides taken: [AccountID: String]
  ) async throws(ProviderError) -> ImportOutcome.Result {
    if let refusal = login.refusal { return .left(refusal) }
    guard let account = login.account, let credential = login.credential else {
      return .left("there is no such provider here")
    }
    if let other = taken[account] { return .left("\(other) was taken for \(account)") }
    let existing = try await store.credential(for: account)
    if let existing, Self.isSame(existing, credential) { return .left("it is here already") }
    if existing != nil, !replaces { return .left("there is a login for \(account) already; --replace takes its place") }
    if !isDry { try await store.save(credential, for: account) }
    return existing == nil ? .taken : .replaced
  }

  /// Whether two credentials hold the same, wherever they were read.
  private static func isSame(_ left: StoredCredential, _ right: StoredCredential) -> Bool {
    guard case .apiKey(let leftKey, let leftVariables) = left, case .apiKey(let rightKey, let rightVariables) = right
    else { return left == right }
    return leftKey?.text == rightKey?.text && leftVariables == rightVariables
  }
}
