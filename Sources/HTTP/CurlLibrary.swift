internal import CCurl
internal import Platform
internal import Synchronization

/// libcurl is loaded by the first request: a program that makes none starts without it, in half the time.
enum CurlLibrary {
  private static let isLoaded = Atomic(false)

  /// Returns when libcurl can be called. Throws `noLibrary`, and does so for every request from then on.
  static func load() async throws(HTTPError) {
    if isLoaded.load(ordering: .acquiring) { return }
    // It reads files for some milliseconds.
    try await BlockingQueue.run { () throws(HTTPError) in
      if let problem = ccurl_load() { throw .noLibrary(String(cString: problem)) }
    }
    isLoaded.store(true, ordering: .releasing)
  }
}
