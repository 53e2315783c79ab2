internal import Completion
internal import HTTP
internal import JSON
internal import Platform

extension AWSFetcher {
  /// The keys that a program prints. No shell runs it.
  func keys(printedBy command: String, _ place: KeyPlace) async throws(ProviderError) -> AWSKeys {
    func failed(_ what: String) -> ProviderError {
      ProviderError(
        .authRequired, "the credential_process of \(place.detail) \(what)",
        hint: "Run it in a terminal to see what it says; no shell expands anything in it here.")
    }
    let arguments: [String]
    do throws(ShellWords.Mistake) {
      arguments = try ShellWords.split(command)
    } catch {
      throw failed("cannot be started: \(error.message)")
    }
    let (limit, variables) = (limit, variables)
    let output: [UInt8]
    do throws(ShellCommand.Failure) {
      output = try await BlockingQueue.run { () throws(ShellCommand.Failure) in
        try ShellCommand.output(running: arguments, environment: variables, limit: limit)
      }
    } catch {
      throw failed(error.text(limit))
    }
    guard let value = try? JSONValue(parsing: output), value.object != nil else {
      throw failed("printed no JSON object")
    }
    guard value["Version"]?.int == 1 else {
      throw failed("printed keys of version \(value["Version"]?.text ?? "none"); there is 1")
    }
    guard var keys = Self.keys(in: value, token: "SessionToken") else {
      throw failed("printed no AccessKeyId, or no SecretAccessKey")
    }
    if let expiration = value["Expiration"], !expiration.isNull {
      guard let end = expiration.string.flatMap({ AWSTime.milliseconds($0) }) else {
        throw failed("printed an Expiration that is no time: \(expiration.text)")
      }
      keys.expiresAt = end
    }
    return keys
  }
}
