package import JSON

/// The parameters of `getRequestLog`.
package struct GetRequestLogParams: WireParams {
  /// As many as are remembered.
  private static let most = 200

  /// How many exchanges are wanted.
  package var limit: Int

  package init(_ json: JSONValue?) throws(JSONFieldError) {
    var fields = try JSONFields(json)
    limit = try fields.int("limit", in: 1...Self.most) ?? Self.most
    try fields.finish()
  }
}

/// The result of `getRequestLog`.
package struct RequestLogResult: Sendable {
  /// The newest first, each as the log has it.
  package var exchanges: [JSONObject]

  /// A result.
  package init(exchanges: [JSONObject]) { self.exchanges = exchanges }
  /// `{"exchanges": […]}`.
  package var json: JSONValue { ["exchanges": .array(exchanges.map(JSONValue.object))] }
}
