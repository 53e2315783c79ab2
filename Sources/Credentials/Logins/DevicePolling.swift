internal import Completion
internal import JSON

/// What a server says to somebody who asks whether the code was typed in.
enum DevicePoll<Value: Sendable>: Sendable {
  case pending
  /// Asked too often; the interval in seconds to keep to from now on, where the server names it.
  case slowDown(to: Int?)
  case done(Value)
}

/// A code to be typed in elsewhere, and how long and how often to ask for the result (RFC 8628 §3.2).
struct DeviceCode: Sendable {
  /// What the person types in.
  let userCode: String
  /// Where; with the code in it where the server offers that.
  let url: String
  /// Seconds between two questions.
  let interval: Int
  /// Seconds until it is too late.
  let lifetime: Int

  /// Codes may live longer, but who has not come by then is not coming.
  static let longestLifetime = 900

  /// `nil` when the code is none, or a browser must not be sent to `url`.
  init?(userCode: String?, url: String?, interval: JSONValue?, lifetime: JSONValue? = nil) {
    guard let userCode, (1...64).contains(userCode.utf8.count), TokenGrant.isSound(userCode), let url,
      isWebAddress(url)
    else { return nil }
    self.userCode = userCode
    self.url = url
    self.interval = Self.seconds(interval, in: 1...300) ?? 5
    self.lifetime = min(Self.seconds(lifetime, in: 1...86_400) ?? Self.longestLifetime, Self.longestLifetime)
  }

  /// Some servers write numbers as texts.
  static func seconds(_ value: JSONValue?, in range: ClosedRange<Double>) -> Int? {
    guard let number = value?.double ?? value?.string.flatMap(Double.init), !number.isNaN else { return nil }
    return Int(min(max(number, range.lowerBound), range.upperBound).rounded(.up))
  }
}

/// Asks again and again until the person has typed the code in (RFC 8628 §3.5).
struct DevicePolling: Sendable {
  let provider: String
  let notice: String?
  let context: LoginContext

  /// Shows `code` and asks until `ask` is done. A server that cannot be reached is asked again, later.
  func result<Value: Sendable>(
    of code: DeviceCode, _ ask: () async throws(ProviderError) -> DevicePoll<Value>
  ) async throws(ProviderError) -> Value {
    let deadline = context.now() + code.lifetime * 1000
    let message = "Open this address in a browser, log in to \(provider) and enter the code \(code.userCode)."
    await context.interaction.show(
      LoginPrompt(
        .deviceCode, url: code.url, userCode: code.userCode,
        message: [notice, message].compactMap { $0 }.joined(separator: " "), expiresAt: deadline))
    var interval = code.interval
    while true {
      let left = deadline - context.now()
      guard left > 0 else { throw .loginFailed(provider, "the code for \(provider) has expired") }
      try await wait(milliseconds: min(left, interval * 1000))
      guard left >= interval * 1000 else { continue }
      do {
        switch try await ask() {
        case .pending: break
        case .slowDown(let named): interval = named.map { max($0, interval) } ?? interval + 5
        case .done(let value): return value
        }
      } catch  where error.kind == .network || error.kind == .timeout {
        interval += 5
      }
    }
  }

  private func wait(milliseconds: Int) async throws(ProviderError) {
    do {
      try await context.pause(.milliseconds(milliseconds))
    } catch {
      throw .loginCancelled(provider)
    }
  }
}

extension LoginAnswer {
  /// What an answer without tokens means for the polling.
  /// - Throws: `loginFailed` when asking again will not help.
  func pollState<Value>(_ provider: String) throws(ProviderError) -> DevicePoll<Value> {
    switch errorCode {
    case "authorization_pending", "deviceauth_authorization_pending": return .pending
    case "slow_down": return .slowDown(to: DeviceCode.seconds(json["interval"], in: 1...300))
    case "access_denied": throw .loginFailed(provider, "the login was denied", self)
    case "expired_token": throw .loginFailed(provider, "says that the code has expired", self)
    case nil where status == 429 || status >= 500: return .slowDown(to: nil)
    default: throw .loginFailed(provider, "refused the login", self)
    }
  }
}
