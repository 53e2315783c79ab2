internal import Platform

/// What tests plant where secrets belong, and what sees to it that it stays there: every byte that the built program
/// says, and every file in a test's folder that neither the test wrote nor is meant for secrets. `Tests/watch-secrets`
/// does the same for the arguments and the environment of the programs it starts.
package enum PlantedSecret {
  /// What every planted secret holds, and nothing else does.
  package static let mark = "S3CRET"

  /// A key that may be planted.
  package static func key(_ name: String) -> String { "sk-\(name)-\(mark)-0123456789abcdef" }

  /// Whether `bytes` hold a planted secret.
  package static func isIn(_ bytes: [UInt8]) -> Bool { contains(bytes, Array(mark.utf8)) }

  /// Notes that a planted secret is where it must not be: in the file that fails the run at its end, else on standard
  /// error. For those who cannot fail a test, because it is over.
  package static let report: @Sendable (_ place: String) -> Void = { place in
    let line = Array("a planted secret is in \(place)\n".utf8)
    let file = Environment.process["PATCHBAY_SECRET_FINDINGS"].map { open($0, O_WRONLY | O_APPEND | O_CREAT, 0o600) }
    let descriptor = file.flatMap { $0 < 0 ? nil : $0 } ?? 2
    try? FileSystem.write(line, to: descriptor, path: "the findings")
    if descriptor != 2 { close(descriptor) }
  }
}
