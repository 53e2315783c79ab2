internal import Platform

/// Servers behind TLS, each with a certificate of its own that signs itself: `Tests/Scripts/tls_server.py`.
package final class TLSServer: Sendable {
  /// What a server does with a request.
  package enum Behaviour: Sendable, Hashable {
    /// It answers with the name of the HTTP version that was agreed on.
    case namesProtocol
    /// HTTP/2: it takes a request and goes away.
    case goesAway
    /// HTTP/2: it sends a head and this body, and goes away before the end.
    case goesAwayBehind(contentType: String, body: [UInt8])
  }

  /// What it says of itself.
  package struct Certificate: Sendable, Hashable {
    /// The name it is for.
    package var name = "localhost"
    /// Below zero for one that is over.
    package var daysValid = 2

    /// A certificate.
    package init(name: String = "localhost", daysValid: Int = 2) {
      (self.name, self.daysValid) = (name, daysValid)
    }
  }

  private let process: ChildProcess
  private let folder: TemporaryFolder
  /// Where the servers listen, in the order in which they were asked for.
  package let ports: [Int]

  /// Starts servers; `nil` where there is no `openssl` that makes such certificates, or no `python3`.
  package static func start(_ servers: [(Behaviour, Certificate)]) async throws -> TLSServer? {
    let folder = try TemporaryFolder()
    for certificate in Set(servers.map(\.1)) {
      guard try await make(certificate, in: folder) else { return nil }
    }
    var arguments = ["python3", script]
    for (index, (behaviour, certificate)) in servers.enumerated() {
      let files = "\(folder.path)/\(certificate.file).pem,\(folder.path)/\(certificate.file).key"
      switch behaviour {
      case .namesProtocol: arguments.append("protocol,\(files)")
      case .goesAway: arguments.append("goaway,\(files)")
      case .goesAwayBehind(let contentType, let body):
        try FileSystem.replace("\(folder.path)/body\(index)", with: body)
        arguments.append("goaway-body,\(files),\(contentType),\(folder.path)/body\(index)")
      }
    }
    let process = try ChildProcess("/usr/bin/env", arguments, environment: environment)
    guard (try? await process.waitForText("\n")) != nil, process.outputText.hasPrefix("listening ") else { return nil }
    return TLSServer(process, folder)
  }

  private init(_ process: ChildProcess, _ folder: TemporaryFolder) {
    self.process = process
    self.folder = folder
    ports = process.outputText.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
  }

  /// The file that makes a client trust `certificate`.
  package func authority(_ certificate: Certificate = Certificate()) -> String {
    "\(folder.path)/\(certificate.file).pem"
  }

  /// `certificate` as text.
  package func certificateText(_ certificate: Certificate) throws -> String {
    try folder.read("\(certificate.file).pem")
  }

  private static let environment = ["PATH": Environment.process["PATH"] ?? "/usr/bin:/bin"]

  private static let script =
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(separator: "/")
    + "/Scripts/tls_server.py"

  private static func make(_ certificate: Certificate, in folder: TemporaryFolder) async throws -> Bool {
    let file = "\(folder.path)/\(certificate.file)"
    let command = """
      openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout \(file).key \
        -subj /CN=\(certificate.name) -out \(file).request && printf 'subjectAltName=DNS:\(certificate.name)' \
        >\(file).names && openssl x509 -req -in \(file).request -signkey \(file).key -days \(certificate.daysValid) \
        -extfile \(file).names -out \(file).pem
      """
    let openssl = try ChildProcess("/bin/sh", ["-c", command], environment: environment)
    openssl.closeInput()
    return try await openssl.waitForExit() == .status(0)
  }
}

extension TLSServer.Certificate {
  fileprivate var file: String { "\(name)\(daysValid)" }
}
