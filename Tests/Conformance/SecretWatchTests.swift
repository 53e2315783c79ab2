internal import JSON
internal import Platform
internal import Synchronization
internal import TestSupport
internal import Testing

/// What watches for planted secrets does see them.
@Suite("The watch for secrets sees them", .timeLimit(.minutes(1)))
struct SecretWatchTests {
  private static let key = PlantedSecret.key("leak")
  private static let watch = #filePath.split(separator: "/").dropLast(2).reduce("") { "\($0)/\($1)" } + "/watch-secrets"

  /// Keeps what was reported.
  private final class Reports: Sendable {
    private let all = Mutex<[String]>([])
    var places: [String] { all.withLock { $0 } }
    var note: @Sendable (String) -> Void { { place in self.all.withLock { $0.append(place) } } }
  }

  @Test("on both streams of the program", arguments: [["complete", "-p", "echo", key], [key]])
  func streams(arguments: [String]) async throws {
    let (home, reports) = (try TemporaryFolder(), Reports())
    let child = try ChildProcess(
      PatchbayProcess.binary(), arguments, environment: PatchbayProcess.environment(home: home), report: reports.note)
    child.closeInput()
    await #expect(throws: ChildFailure.self) { try await child.waitForExit() }
    #expect(reports.places.count == 1)
    #expect(reports.places.first?.hasPrefix(arguments.count == 1 ? "standard error" : "standard output") == true)
  }

  @Test("in files, but for those that the test wrote, and auth.json")
  func files() throws {
    let reports = Reports()
    do {
      let folder = try TemporaryFolder(report: reports.note)
      try folder.write("config/config.json", Self.key)
      for name in ["data/auth.json", "data/auth.json.x1", "state/log"] {
        try FileSystem.makeDirectory(folder.file(String(name.prefix { $0 != "/" })))
        try FileSystem.replace(folder.file(name), with: Array(Self.key.utf8))
      }
    }
    #expect(reports.places == ["the file state/log"])
  }

  #if os(Linux)
  @Test("in the arguments and the environment of programs that it starts, but for what it was given itself")
  func processes() async throws {
    let folder = try TemporaryFolder()
    // A program that starts others, and keeps them until its input ends.
    let shell = folder.file("patchbay")
    try FileSystem.replace(shell, with: try #require(try FileSystem.read("/bin/sh")))
    _ = try await ChildProcess("/bin/chmod", ["755", shell], environment: [:]).waitForExit()
    let watch = try ChildProcess(
      "/usr/bin/env", ["python3", Self.watch, folder.file("findings"), shell],
      environment: ["PATH": Environment.process["PATH"] ?? "/usr/bin:/bin"])
    try await watch.waitForText("watching")
    func start(_ name: String, _ command: String) throws -> ChildProcess {
      let script = try folder.write(name, "exec 3<&0\n\(command) <&3 &\nwait\n")
      return try ChildProcess(shell, [script], environment: ["GIVEN": Self.key, "PATH": "/usr/bin:/bin"])
    }
    let given = try start("given", "/bin/cat")
    await given.write([0x67])
    try await given.waitForText("g")
    let planted = [
      try start("variable", "LEAK=\(Self.key) /bin/cat"), try start("argument", "/bin/cat - \(Self.key)"),
    ]
    try await watch.waitForText("the variable LEAK of")
    try await watch.waitForText("an argument of")
    #expect(!watch.outputText.contains("GIVEN"))
    for child in [given] + planted { child.closeInput() }
    watch.closeInput()
    #expect(try await watch.waitForExit() == .status(0))
    #expect(try folder.read("findings").split(separator: "\n").count == 2)
  }
  #endif
}
