internal import Platform
internal import TestSupport

/// The scripts that start the programs of the testbed; `nil` without it.
let testbed = SharedMaterial.folder("testbed")

/// Where the programs of the testbed are installed.
let programs: String = {
  let environment = Environment.process
  let cache = environment["XDG_CACHE_HOME"] ?? "\(environment["HOME"] ?? "")/.cache"
  return environment["PATCHBAY_TESTBED"] ?? "\(cache)/patchbay-testbed"
}()

/// Whether a program of the testbed is there to be started.
func isInstalled(_ program: String) -> Bool {
  testbed != nil && access("\(programs)/\(program)", X_OK) == 0
}
