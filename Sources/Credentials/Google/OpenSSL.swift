internal import Completion
internal import HTTP
internal import Platform

/// Signs with RSA, through the program of that name: a library for this one purpose would be larger than the rest.
struct OpenSSL: Sendable {
  /// Where the key was found, for messages.
  let place: String
  let environment: [String: String]

  /// Its input is the text, a line end, and the key: arguments and variables can be seen by others.
  private static let command =
    "exec 3<&0; IFS= read -r text <&3; printf %s \"$text\" | openssl dgst -sha256 -sign /dev/fd/3"

  /// The signature of `text`, which is a single line, by RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 §8.2).
  /// - Throws: `authRequired` when the key, in PEM, is none; `unsupported` without the program.
  func signature(of text: String, key: Secret) async throws(ProviderError) -> [UInt8] {
    let (place, environment) = (place, environment)
    let input = Array("\(text)\n\(key.reveal())".utf8)
    guard key.reveal().contains("-----BEGIN"), input.count <= ShellCommand.maximumInput else { throw unusable }
    return try await BlockingQueue.run { () throws(ProviderError) in
      do throws(ShellCommand.Failure) {
        return try ShellCommand.output(
          of: Self.command, environment: environment, limit: .seconds(10), input: input)
      } catch {
        switch error {
        case .status(127):
          throw ProviderError(
            .unsupported, "the program openssl is missing, which signs with the key in \(place)",
            hint: "Install it, on Debian and Ubuntu: apt install openssl. Or give an access token as the key.")
        case .status: throw unusable
        case .cannotStart(let reason): throw failed("cannot be started: \(reason)")
        case .tooSlow: throw failed("took longer than 10 s")
        case .tooMuch: throw failed("printed more than any signature")
        case .signal(let signal): throw failed("was ended by signal \(signal)")
        }
      }
    }
  }

  private var unusable: ProviderError {
    ProviderError(
      .authRequired, "\"private_key\" in \(place) is no RSA key in PEM that openssl can sign with",
      hint: "Download a new key of the service account.")
  }

  private func failed(_ what: String) -> ProviderError {
    ProviderError(.internal, "the program openssl, which signs with the key in \(place), \(what)")
  }
}
