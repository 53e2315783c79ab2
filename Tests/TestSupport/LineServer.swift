/// A program that answers each line it reads with a line.
package struct LineServer: Sendable {
  private let process: ChildProcess

  /// Starts `path` with `arguments`, and exactly `environment`.
  package init(_ path: String, _ arguments: [String], environment: [String: String] = [:]) throws(ChildFailure) {
    process = try ChildProcess(path, arguments, environment: environment)
  }

  /// The answers to `lines`, one for each.
  /// - Throws: when the program ends with another status than 0, or answers more or less often.
  package func answers(to lines: [String]) async throws -> [String] {
    await process.write(Array(lines.map { $0 + "\n" }.joined().utf8))
    process.closeInput()
    let exit = try await process.waitForExit(seconds: 2 * patience)
    let answers = process.outputText.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(
      String.init)
    guard exit == .status(0), answers.count == lines.count else {
      throw ChildFailure("\(answers.count) answers to \(lines.count) lines, \(exit); \(process.summary)")
    }
    return answers
  }
}
