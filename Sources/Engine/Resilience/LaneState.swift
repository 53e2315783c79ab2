internal import Catalog
internal import Completion

/// Whose requests a provider counts together.
struct Lane: Hashable, Sendable {
  let provider: String
  let account: String?
  /// Where the requests go, when the call itself says so.
  let baseURL: String?
  /// Tells keys apart that calls bring along.
  let ownKey: Int?

  init(_ target: Target, _ call: CompletionCall) {
    provider = target.provider.id
    account = call.account
    baseURL = call.baseURL
    ownKey = call.apiKey?.hashValue
  }
}

/// Who is on the way to a provider, who waits, and until when nobody may go. A pure value; times are a clock's.
struct LaneState {
  /// A pause that all requests keep.
  struct CoolDown: Sendable, Hashable {
    var until: Int64
    /// Why, as the provider said.
    var reason: ErrorKind
    /// Whether the provider refused a request, or only said that the next one would be.
    var isRefusal: Bool
  }

  enum Step: Hashable {
    case goes
    /// Come again then.
    case sleeps(until: Int64, CoolDown)
    /// Wait for `next`.
    case queues
  }

  private(set) var coolDown: CoolDown?
  private(set) var active = 0
  /// Who waits for a place, in the order they came.
  private(set) var queue: [Int] = []
  /// How often in a row the provider has refused.
  private(set) var refusals = 0
  private var limit = Int.max

  /// For so long, in nanoseconds, behind a pause it is remembered that there were refusals.
  private static let memory: Int64 = 300_000_000_000

  /// Whether it says nothing that a new one would not.
  func isIdle(at now: Int64) -> Bool {
    guard active == 0, queue.isEmpty, let coolDown else { return active == 0 && queue.isEmpty && refusals == 0 }
    return now - coolDown.until >= (refusals > 0 ? Self.memory : 0)
  }

  /// Takes a place when nothing stands in the way.
  mutating func entersAtOnce(limit: Int, now: Int64) -> Bool {
    guard (coolDown?.until ?? 0) <= now, active < limit, queue.isEmpty else { return false }
    self.limit = limit
    active += 1
    return true
  }

  /// What the request `ticket` has to do. With `hasPlace`, one was given to it by `leave`.
  mutating func step(_ ticket: Int, limit: Int, hasPlace: Bool, now: Int64) -> Step {
    self.limit = limit
    if let coolDown, coolDown.until > now {
      if hasPlace { active -= 1 }
      return .sleeps(until: coolDown.until, coolDown)
    }
    if hasPlace { return .goes }
    guard active >= limit || queue.contains(where: { $0 < ticket }) else {
      active += 1
      return .goes
    }
    queue.insert(ticket, at: queue.firstIndex { $0 > ticket } ?? queue.endIndex)
    return .queues
  }

  /// Who gets the place that has become free, which counts as taken then.
  mutating func next() -> Int? {
    guard active < limit, !queue.isEmpty else { return nil }
    active += 1
    return queue.removeFirst()
  }

  /// The request that had a place is over.
  mutating func leave() { active -= 1 }

  /// A request that waits for a place gives up. Returns whether it still waited.
  mutating func abandon(_ ticket: Int) -> Bool {
    guard let position = queue.firstIndex(of: ticket) else { return false }
    queue.remove(at: position)
    return true
  }

  /// The provider has refused a request. Returns how many it has in a row: of those that were on the way together,
  /// only one counts.
  mutating func refuse(now: Int64) -> Int {
    if (coolDown?.until ?? 0) <= now || coolDown?.isRefusal == false { refusals += 1 }
    return max(refusals, 1)
  }

  /// Lets everyone wait until `until`; a pause that lasts longer stays.
  mutating func pause(until: Int64, _ reason: ErrorKind, isRefusal: Bool) {
    guard until > coolDown?.until ?? 0 else { return }
    coolDown = CoolDown(until: until, reason: reason, isRefusal: isRefusal)
  }

  /// The provider has taken a request.
  mutating func accept() { refusals = 0 }
}
