internal import CPlatform

/// Starts the program `arguments` begins with, in a process group of its own, with `environment` and nothing else. A
/// name without a slash is looked for in this process's `PATH`. What it says goes nowhere without `output` and
/// `errors`; without `input` there is nothing for it to read. `extra` is its descriptor 3. Whoever starts it waits for
/// it.
package func spawn(
  _ arguments: [String], environment: [String: String], input: Int32? = nil, output: Int32? = nil,
  errors: Int32? = nil, extra: Int32? = nil
) throws(SystemError) -> pid_t {
  #if canImport(Darwin)
  var actions: posix_spawn_file_actions_t?
  var attributes: posix_spawnattr_t?
  #else
  var actions = posix_spawn_file_actions_t()
  var attributes = posix_spawnattr_t()
  #endif
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  if let input {
    posix_spawn_file_actions_adddup2(&actions, input, 0)
  } else {
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
  }
  if let output {
    posix_spawn_file_actions_adddup2(&actions, output, 1)
  } else {
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
  }
  if let errors {
    posix_spawn_file_actions_adddup2(&actions, errors, 2)
  } else {
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
  }
  if let extra { posix_spawn_file_actions_adddup2(&actions, extra, 3) }
  posix_spawnattr_init(&attributes)
  defer { posix_spawnattr_destroy(&attributes) }
  // The program ignores SIGPIPE and blocks what it likes; its children must not inherit that.
  var signals = sigset_t()
  sigemptyset(&signals)
  posix_spawnattr_setsigmask(&attributes, &signals)
  for signal in [SIGPIPE, SIGTERM, SIGINT, SIGHUP] { sigaddset(&signals, signal) }
  posix_spawnattr_setsigdefault(&attributes, &signals)
  posix_spawnattr_setpgroup(&attributes, 0)
  posix_spawnattr_setflags(
    &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

  var child = pid_t()
  let status = withCStrings(arguments) { words in
    withCStrings(environment.map { "\($0)=\($1)" }) {
      posix_spawnp(&child, arguments[0], &actions, &attributes, words, $0)
    }
  }
  guard status == 0 else { throw SystemError("start", arguments[0], code: status) }
  return child
}

/// Starts the program at `path` as `spawn` does, but in `directory` and with the standard streams of this process. Where
/// the system can, the program is killed when the calling thread ends. For processes with one thread only.
package func startDependent(
  _ path: String, _ arguments: [String], environment: [String: String], directory: String
) throws(SystemError) -> pid_t {
  let child = withCStrings([path] + arguments) { words in
    withCStrings(environment.map { "\($0)=\($1)" }) { cplatform_start_dependent(path, words, $0, directory) }
  }
  guard child > 0 else { throw SystemError("start", path) }
  return child
}

/// Has processes whose parent dies become children of this one, if they descend from it; `false` where the system has
/// no such thing.
package func adoptOrphans() -> Bool { cplatform_adopt_orphans() == 0 }

/// Where the program called `name` is: as it stands when it has a slash, else in the folders of `PATH`; `nil` when none
/// of them has such a file that may be run.
package func programPath(_ name: String, in environment: [String: String]) -> String? {
  if name.contains("/") { return isProgram(name) ? name : nil }
  let folders = (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
  return folders.lazy.map { "\($0)/\(name)" }.first(where: isProgram)
}

private func isProgram(_ path: String) -> Bool {
  var status = stat()
  return access(path, X_OK) == 0 && stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
}

private func withCStrings<Value>(
  _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Value
) -> Value {
  let copies = texts.map { strdup($0) }
  defer { for copy in copies { free(copy) } }
  return body(copies + [nil])
}
