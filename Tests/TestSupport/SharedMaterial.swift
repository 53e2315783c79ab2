internal import Platform

/// The public material that lies beside a checkout and is not part of it: recordings, conformance suites, real
/// programs. Tests that need a folder of it are skipped, with the reason, where it is absent.
package enum SharedMaterial {
  /// The path of `name` in the shared folder beside the checkout, or in the folder that `variable` names; `nil` when
  /// there is no such folder.
  package static func folder(_ name: String, variable: String? = nil, file: StaticString = #filePath) -> String? {
    if let variable, let value = Environment.process[variable] { return exists(value) ? value : nil }
    let checkout = file.description.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
    let path = checkout.dropLast().joined(separator: "/") + "/shared/" + name
    return exists(path) ? path : nil
  }

  /// The recorded provider traffic: `PATCHBAY_RECORDINGS`, else `../shared/recordings`.
  package static var recordings: String? { folder("recordings", variable: "PATCHBAY_RECORDINGS") }
  /// The public JSON conformance suite.
  package static var jsonTestSuite: String? { folder("json-test-suite/test_parsing") }

  private static func exists(_ path: String) -> Bool { access(path, R_OK) == 0 }
}
