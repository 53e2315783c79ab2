package import Completion
package import JSON

/// The parameters of one method.
package protocol WireParams: Sendable {
  /// Reads `params`; absent means no members. Whatever is not known is refused with the nearest known name.
  init(_ json: JSONValue?) throws(JSONFieldError)
}

extension WireParams {
  /// Reads `params` for a handler.
  /// - Throws: `invalidParams`; `path` names the field.
  package static func decode(_ json: JSONValue?) throws(ProviderError) -> Self {
    do {
      return try Self(json)
    } catch {
      throw ProviderError(error)
    }
  }
}

extension ProviderError {
  /// The `invalidParams` error of a field with the wrong shape.
  package init(_ error: JSONFieldError) {
    self.init(.invalidParams, error.description, path: error.pathText)
  }
}

/// The parameters of a method that has none.
package struct EmptyParams: WireParams {
  /// Accepts nothing but an empty object or none at all.
  package init(_ json: JSONValue?) throws(JSONFieldError) {
    try JSONFields(json).finish()
  }
}

/// The result of a method that has nothing to tell.
package struct EmptyResult: Sendable {
  /// Nothing.
  package init() {}
  /// `{}`.
  package var json: JSONValue { [:] }
}

/// A text that must not show up when its owner is printed: a key given in a call.
package struct HiddenText: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// The text itself; only for whoever sends it.
  package let revealed: String

  /// Hides `text`.
  package init(_ text: String) { revealed = text }

  package var description: String { "•••" }
  package var debugDescription: String { "•••" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
