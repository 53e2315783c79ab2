internal import JSON

/// What is to be said of an answer once its text is out: calls on standard output, the rest on standard error.
enum AnswerReport {
  /// Shows what the `result` of a completion holds beside its text; `isBrief` leaves the numbers away.
  static func show(_ result: JSONValue, isBrief: Bool) {
    let out = Terminal.error
    for call in result["message"]?["content"]?.array ?? [] where call["type"]?.string == "toolCall" {
      Terminal.output.write(foreign: call.text + "\n")
    }
    for item in result["dropped"]?.array ?? [] {
      out.line(
        "\(out.styled("left out:", .yellow)) \(visible("\(item["what"]?.string ?? ""): \(item["why"]?.string ?? "")"))")
    }
    for warning in result["warnings"]?.array ?? [] {
      out.line("\(out.styled("warning:", .yellow)) \(visible(warning.string ?? ""))")
    }
    if out.isTerminal, !isBrief { out.line(out.styled(summary(result), .dim)) }
  }

  private static func summary(_ result: JSONValue) -> String {
    let usage = result["usage"]
    var parts = ["\(result["provider"]?.string ?? "")/\(result["model"]?.string ?? "")"]
    parts.append("\(usage?["input"]?.int ?? 0) in, \(usage?["output"]?.int ?? 0) out")
    if let cost = result["cost"]?["total"]?.double { parts.append(dollars(cost)) }
    if let milliseconds = result["timing"]?["totalMs"]?.int { parts.append("\(milliseconds) ms") }
    if let reason = result["stopReason"]?.string, reason != "end" { parts.append("stopped: \(reason)") }
    return "[" + visible(parts.joined(separator: " · ")) + "]"
  }

  /// USD to the millionth: answers cost little.
  static func dollars(_ cost: Double) -> String {
    let millionths = String(Int((cost * 1e6).rounded()))
    let padded = String(repeating: "0", count: max(0, 7 - millionths.count)) + millionths
    return "$\(padded.dropLast(6)).\(padded.suffix(6))"
  }
}
