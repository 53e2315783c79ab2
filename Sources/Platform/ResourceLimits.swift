/// Allows this process as many descriptors as the system lets it have without asking, up to 65,536.
package func raiseDescriptorLimit() {
  var limit = rlimit()
  #if canImport(Darwin)
  let resource = RLIMIT_NOFILE
  #else
  let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  #endif
  guard getrlimit(resource, &limit) == 0, limit.rlim_cur < 65_536 else { return }
  limit.rlim_cur = min(limit.rlim_max, 65_536)
  setrlimit(resource, &limit)
}

/// Keeps a crash from writing the memory of this process, and the keys in it, to a file.
package func forbidCoreFiles() {
  var limit = rlimit(rlim_cur: 0, rlim_max: 0)
  #if canImport(Darwin)
  setrlimit(RLIMIT_CORE, &limit)
  #else
  setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
  #endif
}
