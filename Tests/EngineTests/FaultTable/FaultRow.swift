import Completion
import TestSupport
import Upstream

/// What must become of a completion, whichever API family carries it.
struct Fate: Sendable, Hashable {
  /// What the client hears of the last try.
  enum Heard: Sendable, Hashable {
    case nothing
    /// Thoughts and text, up to the tool call.
    case beginning
    case all
    /// What came behind the end as well.
    case beyond

    var tokens: [String] {
      switch self {
      case .nothing: []
      case .beginning: ["reasoning", "text"]
      case .all: ["reasoning", "text", "toolCall"]
      case .beyond: ["reasoning", "text", "toolCall", "text"]
      }
    }
  }

  /// What the session holds afterwards.
  enum Kept: Sendable, Hashable {
    /// Question and answer.
    case exchange
    /// Question, and as much of the answer as came.
    case partial
    /// Nothing: the question was taken back.
    case nothing
  }

  /// The error; `nil` when there is an answer.
  var kind: ErrorKind?
  var attempts = 1
  var heard = Heard.nothing
  var kept = Kept.nothing
  /// Whether the result says that something was mended.
  var warns = false
  /// The pauses between the tries in milliseconds.
  var pauses: [Int] = []
  /// What the error says of a pause.
  var retryAfterMs: Int?
  var phase: TimeoutPhase?

  /// It fails. Between tries there is half of the longest pause that the rules allow, as the tests' dice say.
  static func fails(
    _ kind: ErrorKind, attempts: Int = 1, heard: Heard = .nothing, pauses: [Int]? = nil,
    _ change: (inout Fate) -> Void = { _ in }
  ) -> Fate {
    var fate = Fate(kind: kind, attempts: attempts, heard: heard)
    fate.pauses = pauses ?? Array([500, 1000].prefix(attempts - 1))
    change(&fate)
    return fate
  }

  /// Every try fails, three of them.
  static func keepsFailing(
    _ kind: ErrorKind, pauses: [Int]? = nil, _ change: (inout Fate) -> Void = { _ in }
  ) -> Fate { fails(kind, attempts: 3, pauses: pauses, change) }

  /// There is an answer.
  static func answers(attempts: Int = 1, warns: Bool = false, heard: Heard = .all) -> Fate {
    var fate = Fate(attempts: attempts, heard: heard, kept: .exchange, warns: warns)
    fate.pauses = Array([500, 1000].prefix(attempts - 1))
    return fate
  }

  /// The deltas that the client hears, neighbours of one type taken together, counts left out.
  var tokens: [String] {
    let tries = (1..<attempts).flatMap { _ in ["start", "retry"] } + ["start"]
    return tries + heard.tokens + (kind == nil ? ["end"] : [])
  }
}

/// One row of the table: something that goes wrong, and what becomes of it.
struct FaultRow: Sendable {
  /// Who is asked.
  enum Place: Sendable {
    case server(Fault)
    /// A port without a listener.
    case nobody
    /// One of the servers behind TLS.
    case secure(SecureServers.Role)
  }

  /// What happens besides.
  enum Meanwhile: Sendable {
    case nothing
    /// Once the server has fallen silent, so many milliseconds pass.
    case time(Int)
    /// Once the server has fallen silent, the machine is suspended for so many milliseconds.
    case suspension(Int)
    /// Once the server has fallen silent, the person gives up.
    case cancellation
  }

  /// A family that is different, and why.
  struct Exception: Sendable {
    var apis: [String]
    var fate: Fate
    var reason: String
  }

  var name: String
  var place: Place
  var fate: Fate
  var exceptions: [Exception] = []
  var meanwhile = Meanwhile.nothing

  init(_ fault: Fault, _ fate: Fate, _ change: (inout FaultRow) -> Void = { _ in }) {
    (name, place, self.fate) = (fault.name, .server(fault), fate)
    change(&self)
  }

  init(_ name: String, at place: Place, _ fate: Fate) {
    (self.name, self.place, self.fate) = (name, place, fate)
  }

  /// What must become of it in a family.
  func fate(_ api: String) -> Fate { exceptions.first { $0.apis.contains(api) }?.fate ?? fate }

  mutating func except(_ apis: [String], _ fate: Fate, because reason: String) {
    exceptions.append(Exception(apis: apis, fate: fate, reason: reason))
  }
}

/// The servers behind TLS that the table needs: three with bad certificates, the others with HTTP/2.
struct SecureServers: Sendable {
  enum Role: Sendable, Hashable { case wrongName, expired, untrusted, goesAway, goesAwayInTheMiddle }

  /// A file of the certificates that clients trust.
  let authorities: String
  private let folder: TemporaryFolder
  private let server: TLSServer

  /// `nil` where the machine lacks what they need.
  static func start() async throws -> SecureServers? {
    typealias Certificate = TLSServer.Certificate
    var servers: [(TLSServer.Behaviour, Certificate)] = [
      (.namesProtocol, Certificate(name: "elsewhere.example")), (.namesProtocol, Certificate(daysValid: -1)),
      (.namesProtocol, Certificate(daysValid: 3)), (.goesAway, Certificate()),
    ]
    for family in AnswerFamilies.all {
      let body = ModelAnswer().beginning(family).flatMap(\.self)
      servers.append((.goesAwayBehind(contentType: family.contentType, body: body), Certificate()))
    }
    guard let server = try await TLSServer.start(servers) else { return nil }
    let folder = try TemporaryFolder()
    // All but the third: what is wrong with the others is not that nobody knows them.
    let trusted = try [0, 1, 3].map { try server.certificateText(servers[$0].1) }.joined()
    let authorities = try folder.write("authorities.pem", trusted)
    return SecureServers(authorities: authorities, folder: folder, server: server)
  }

  func url(_ role: Role, _ api: String) -> String {
    let index =
      switch role {
      case .wrongName: 0
      case .expired: 1
      case .untrusted: 2
      case .goesAway: 3
      case .goesAwayInTheMiddle: 4 + (AnswerFamilies.all.firstIndex { $0.api == api } ?? 0)
      }
    return "https://localhost:\(server.ports[index])"
  }
}
