import Catalog
import Completion
import Credentials
@testable import Import
import JSON
import Platform
import Synchronization
import TestSupport

/// A user with the files of other programs in a home of their own.
struct User {
  let folder: TemporaryFolder
  let environment: Environment
  let catalog: ProviderCatalog

  init(_ files: [String: String] = [:], environment: [String: String] = [:]) throws {
    folder = try TemporaryFolder()
    for (name, text) in files { try folder.write(name, text) }
    let home = ["HOME": folder.path, "PATCHBAY_HOME": folder.path + "/patchbay"]
    self.environment = Environment(home.merging(environment) { $1 })
    catalog = try .load(environment: self.environment, directories: Directories(self.environment))
  }

  var configPath: String { "\(folder.path)/patchbay/config/config.json" }

  func find(_ programs: Program...) -> LoginSearch.Findings {
    LoginSearch(environment: environment, catalog: catalog).find(programs)
  }

  /// The settings that `text` holds for `program`.
  func settings(_ program: Program, _ text: String) throws -> ConfigDraft {
    let path = try folder.write("settings", text)
    return try ConfigImport(environment: environment).read(path, of: program)
  }
}

/// A store in memory.
final class MemoryStore: CredentialStore {
  private let entries = Mutex<[AccountID: StoredCredential]>([:])

  func credential(for account: AccountID) -> StoredCredential? { entries.withLock { $0[account] } }
  func accounts() -> [AccountID] { entries.withLock { $0.keys.sorted { $0.key < $1.key } } }
  func save(_ credential: StoredCredential, for account: AccountID) { entries.withLock { $0[account] = credential } }
  func remove(_ account: AccountID) -> StoredCredential? { entries.withLock { $0.removeValue(forKey: account) } }

  /// The text of the key of `provider`.
  func key(_ provider: String) -> String? {
    guard case .apiKey(let key, _) = credential(for: AccountID(provider)) else { return nil }
    return key?.text
  }
}

extension FoundLogin {
  /// The text of its key.
  var key: String? {
    guard case .apiKey(let key, _) = credential else { return nil }
    return key?.text
  }
  /// The variables beside its key.
  var variables: [String: String] {
    guard case .apiKey(_, let variables) = credential else { return [:] }
    return variables
  }
  /// Its tokens.
  var tokens: OAuthCredential? {
    guard case .oauth(let tokens) = credential else { return nil }
    return tokens
  }
}

extension LoginSearch.Findings {
  /// The one login of that entry.
  subscript(entry: String) -> FoundLogin? { logins.first { $0.entry == entry } }
}
