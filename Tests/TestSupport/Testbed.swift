internal import Platform

/// The real programs that tests run against, and the scripts that start them.
package enum Testbed {
  /// The scripts; `nil` without the material beside the checkout.
  package static let scripts = SharedMaterial.folder("testbed")

  /// Where the programs are installed: `PATCHBAY_TESTBED`, else in the user's cache.
  package static let programs: String = {
    let environment = Environment.process
    let cache = environment["XDG_CACHE_HOME"] ?? "\(environment["HOME"] ?? "")/.cache"
    return environment["PATCHBAY_TESTBED"] ?? "\(cache)/patchbay-testbed"
  }()

  /// Whether `program`, a path below `programs`, can be started.
  package static func has(_ program: String) -> Bool { access("\(programs)/\(program)", X_OK) == 0 }
}
