internal import Completion
internal import Dialects
internal import JSON

extension ProviderError {
  /// The error of a model's server, as a program passes it on.
  static func reported(status: Int?, code: String?, _ message: String) -> ProviderError {
    var failure: JSONObject = ["message": .string(message)]
    failure.set("type", code.map(JSONValue.string))
    let body: JSONValue = ["error": .object(failure)]
    guard let status else { return ErrorClassification.error(inside: body) }
    return ErrorClassification.error(status: status, headers: [], body: body.bytes)
  }
}

extension ProgramExit {
  /// Why a program that ended so gave no answer; `errors` is the end of what it wrote to standard error.
  func error(of turn: ProgramTurn, _ errors: String) -> ProviderError {
    let name = turn.program.split(separator: "/").last.map(String.init) ?? turn.program
    let how =
      switch self {
      case .failed(let reason): reason
      case .status(let status): "\(name) ended with status \(status) before it had answered"
      case .signal(let signal): "\(name) was ended by signal \(signal)"
      case .unknown: "\(name) was ended from outside"
      }
    // The last line that says something is the reason, or the nearest to it.
    let reason = errors.split(whereSeparator: \.isNewline).map(String.init).last { $0.contains(where: \.isLetter) }
    var error = ProviderError.reported(status: nil, code: nil, reason.map { "\(how): \($0.firstLine)" } ?? how)
    if case .failed = self { error.kind = .internal }
    return error
  }
}

extension String {
  /// The first line, of which at most 200 characters.
  var firstLine: String {
    let line = split(whereSeparator: \.isNewline).first ?? ""
    return line.count > 200 ? "\(line.prefix(200))…" : String(line)
  }
}
