package import Catalog
package import Completion
internal import Credentials
internal import HTTP
internal import JSON
package import Platform

/// Finds the logins of other programs.
package struct LoginSearch: Sendable {
  /// What was found, and the files that could not be read.
  package struct Findings: Sendable {
    package var logins: [FoundLogin] = []
    package var problems: [ProviderError] = []
    /// The files that were looked for, there or not.
    package var looked: [String] = []
  }

  let environment: Environment
  let catalog: ProviderCatalog

  /// Looks into the places that `environment` names; providers are those of `catalog`.
  package init(environment: Environment, catalog: ProviderCatalog) {
    self.environment = environment
    self.catalog = catalog
  }

  /// The logins of `programs`. A file that cannot be read is a problem and stops nothing else. Blocks.
  package func find(_ programs: [Program]) -> Findings {
    var findings = Findings()
    for program in programs {
      for path in program.loginFiles(in: environment) {
        findings.looked.append(path)
        do throws(ProviderError) {
          guard let file = try ForeignFile.read(path, Self.format(of: program)) else { continue }
          guard file.value.object != nil || file.value.isNull else {
            throw ProviderError(.storage, "\(path):1: must be an object, but is \(file.value.kindName)")
          }
          findings.logins += logins(of: program, in: file)
        } catch {
          findings.problems.append(error)
        }
      }
    }
    return findings
  }

  private static func format(of program: Program) -> FileFormat {
    program == .gh || program == .aichat ? .yaml : .json
  }

  private func logins(of program: Program, in file: ForeignFile) -> [FoundLogin] {
    switch program {
    case .pi, .atomic: piLogins(program, file)
    case .opencode, .altimate: opencodeLogins(program, file)
    case .codex: codexLogins(file)
    case .claude: claudeLogins(file)
    case .gh: githubLogins(file)
    case .llm: llmLogins(file)
    case .aichat: aichatLogins(file)
    case .atmos, .omega: []
    }
  }

  // MARK: - What all of them need

  /// The provider of that id or alias, switched on or not.
  func provider(_ name: String) -> Provider? {
    catalog.allProviders.first { $0.id == name || $0.aliases.contains(name) }
  }

  /// A login that goes to the provider `name` as `credential` says; what that throws is why it does not.
  func login(
    _ program: Program, _ entry: String, _ kind: FoundLogin.Kind, in file: ForeignFile, provider name: String,
    notes: [String] = [], _ credential: (inout [String]) throws(KeyTranslation.Refusal) -> StoredCredential
  ) -> FoundLogin {
    var login = FoundLogin(program: program, entry: entry, path: file.path, kind: kind)
    guard let provider = provider(name) else {
      login.refusal = "there is no provider \"\(name)\" here; one of your own goes into \(catalog.configPath)"
      return login
    }
    login.account = AccountID(provider.id)
    login.notes = notes
    do throws(KeyTranslation.Refusal) {
      login.credential = try credential(&login.notes)
    } catch {
      login.refusal = error.reason
    }
    return login
  }

  /// A key that stands there as itself.
  func literalKey(_ text: String, at path: [String], in file: ForeignFile) throws(KeyTranslation.Refusal) -> KeyText {
    let key = try KeyTranslation.translate(text, .literal, from: file, environment)
    return KeyText(key.text, origin: file.place(path))
  }

  /// What a person must know who takes a login over.
  static func sharing(_ program: Program) -> String {
    "The login is shared with \(program.rawValue) from now on: when one of the two renews it, the other may have to "
      + "log in again."
  }
}
