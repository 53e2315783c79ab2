package import Completion
package import HTTP
package import Platform

/// A cloud that knows its customers by tokens that are had from elsewhere than a key.
package enum Cloud: String, Sendable, Hashable, CaseIterable {
  case google, azure

  /// What gives it tokens: the words after "you can".
  var remedy: String {
    switch self {
    case .google:
      "run gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS to a service account's file"
    case .azure: "run az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET"
    }
  }
}

/// What requests to a cloud prove with who asks.
package struct CloudAccess: Sendable, Hashable {
  /// Goes into `Authorization: Bearer`.
  package let token: Secret
  /// What goes along with it.
  package let headers: [HTTPHeader]
}

/// Finds the tokens of clouds: where Google's Application Default Credentials and Microsoft's DefaultAzureCredential
/// look, without their libraries. Tokens are kept in memory until five minutes before their end.
package final class CloudCredentials: Sendable {
  let google: GoogleCredentials
  let azure: AzureCredentials

  /// Nothing is looked up yet. `now` is the time in milliseconds since 1970; `machine` is the folder in which the
  /// firmware says whose machine this is.
  package init(
    http: HTTPClient, now: @escaping @Sendable () -> Int = KeyResolver.systemTime,
    machine: String = "/sys/class/dmi/id"
  ) {
    google = GoogleCredentials(http: http, now: now, machine: machine)
    azure = AzureCredentials(http: http, now: now, machine: machine)
  }

  /// Where tokens would come from, without asking any server or running a program; `nil` when nobody has set anything.
  /// - Throws: `authRequired` or `storage` when what was set is of no use.
  package func place(_ cloud: Cloud, _ environment: Environment) async throws(ProviderError) -> KeyPlace? {
    switch cloud {
    case .google: try await google.source(environment)?.place
    case .azure: try await azure.source(environment)?.place
    }
  }

  /// A token; `nil` when nobody has set anything.
  /// - Throws: `authRequired` and `storage` as `place`, `authRejected` when the cloud refuses, `network`, `timeout`,
  ///   `upstreamError` when it cannot be asked. The hint says what to do.
  package func access(_ cloud: Cloud, _ environment: Environment) async throws(ProviderError) -> CloudAccess? {
    switch cloud {
    case .google: try await google.access(environment)
    case .azure: try await azure.access(environment)
    }
  }

  /// Sees to another token than one that the cloud has refused before its time was over. Returns whether there is
  /// another now; servers may give the same one again.
  /// - Throws: as `access`.
  package func renew(_ cloud: Cloud, _ environment: Environment, refused: Secret) async throws(ProviderError) -> Bool {
    switch cloud {
    case .google: try await google.forget(refused, environment)
    case .azure: try await azure.forget(refused, environment)
    }
    return try await access(cloud, environment).map { $0.token != refused } ?? false
  }

  /// The Google Cloud project that the credentials belong to, else that of the gcloud program, else that of this
  /// machine; `nil` when none says.
  /// - Throws: as `access`.
  package func googleProject(_ environment: Environment) async throws(ProviderError) -> String? {
    try await google.project(environment)
  }
}

extension Environment {
  /// `path` with the home folder in the place of a leading `~`.
  func expandingHome(_ path: String) -> String {
    guard path.hasPrefix("~/"), let home = self["HOME"] else { return path }
    return "\(home)/\(path.dropFirst(2))"
  }
}
