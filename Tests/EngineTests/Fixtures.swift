import Completion
import JSON
import Platform
import TestSupport

@testable import Engine

/// A message of a thread, as a completion would store it.
func stored(
  _ role: Role, _ text: String, completion: String = "cmp_1", id: String = "msg_\(randomHex(4))"
) -> StoredMessage {
  StoredMessage(
    id: id, message: Message(role, text), provider: "p", model: "m", api: role == .assistant ? "a" : nil,
    at: "2026-01-31T09:30:00.250Z", stopReason: role == .assistant ? .end : nil, completionId: completion)
}

/// A session that nobody has made yet.
func record(
  _ name: String? = nil, id: String = SessionStore.newID(), provider: String = "p"
) -> SessionRecord {
  SessionRecord(
    id: id, name: name, provider: provider, model: "m", system: nil, cwd: nil, createdAt: "2026-01-31T09:30:00.250Z")
}
