internal import Completion
internal import Platform

/// Both files of the AWS tools, read together.
struct AWSFiles: Sendable, Hashable {
  /// `~/.aws/credentials`, or what `AWS_SHARED_CREDENTIALS_FILE` says.
  let credentialsPath: String
  /// `~/.aws/config`, or what `AWS_CONFIG_FILE` says.
  let configPath: String
  /// Profiles as the credentials file alone has them.
  private(set) var credentials: [String: AWSFile.Section] = [:]
  /// Profiles as the config file alone has them.
  private(set) var config: [String: AWSFile.Section] = [:]
  /// Both together: a setting of the credentials file goes before the same one of the config file.
  private(set) var profiles: [String: AWSFile.Section] = [:]
  private(set) var sessions: [String: AWSFile.Section] = [:]
  private(set) var services: [String: AWSFile.Section] = [:]

  /// Reads both; a file that is not there is empty. Blocks.
  /// - Throws: `storage` naming file, line and remedy.
  init(credentialsPath: String, configPath: String) throws(ProviderError) {
    self.credentialsPath = credentialsPath
    self.configPath = configPath
    credentials = try Self.read(credentialsPath).sections
    let file = try Self.read(configPath)
    config = file.sections(of: "profile")
    if let section = file.sections["default"] { config["default"] = section }
    sessions = file.sections(of: "sso-session")
    services = file.sections(of: "services")
    profiles = config.merging(credentials) { $0.merging($1) { $1 } }
  }

  private static func read(_ path: String) throws(ProviderError) -> AWSFile {
    let bytes: [UInt8]?
    do throws(SystemError) {
      bytes = try FileSystem.read(path)
    } catch {
      if error.code == ENOTDIR || error.code == EISDIR { return AWSFile() }
      throw ProviderError(.storage, "\(error)", hint: "Make the file readable for yourself.")
    }
    do throws(AWSFile.Mistake) {
      return try AWSFile(String(decoding: bytes ?? [], as: UTF8.self))
    } catch {
      throw ProviderError(
        .storage, "\(path):\(error.line): \(error.message)",
        hint: "Correct that line of \(path); the AWS tools do not read the file as it is.")
    }
  }
}
