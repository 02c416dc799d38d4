import Testing

/// The answer to a request of a test.
public struct MockResponse: Sendable {
  public let status: Int
  /// In the order in which they came.
  public let headers: [(name: String, value: String)]
  public let bytes: [UInt8]

  public var text: String { String(decoding: bytes, as: UTF8.self) }
  /// The body as JSON; `.undefined` when it is none.
  public var body: Value { (try? Value(json: bytes)) ?? .undefined }

  /// A header field, several of one name with commas between; nil when there is none.
  public func header(_ name: String) -> String? {
    let found = headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    return found.isEmpty ? nil : found.joined(separator: ", ")
  }

  // MARK: expectations

  @discardableResult
  public func expect(
    _ status: Int, sourceLocation: SourceLocation = #_sourceLocation
  ) -> Self {
    check(self.status == status, sourceLocation) {
      "expected status \(status), found \(self.status): \(text.prefix(500))"
    }
  }

  @discardableResult
  public func expect(
    _ text: String, sourceLocation: SourceLocation = #_sourceLocation
  ) -> Self {
    check(self.text == text, sourceLocation) {
      "expected the body \"\(text)\", found \"\(self.text.prefix(500))\""
    }
  }

  @discardableResult
  public func expect(_ body: Value, sourceLocation: SourceLocation = #_sourceLocation) -> Self {
    check(self.body == body, sourceLocation) {
      "expected the body \(body.json), found \(text.prefix(500))"
    }
  }

  @discardableResult
  public func expect(
    _ pattern: Regex<some Any>, sourceLocation: SourceLocation = #_sourceLocation
  ) -> Self {
    check(text.firstMatch(of: pattern) != nil, sourceLocation) {
      "the body does not match: \(text.prefix(500))"
    }
  }

  @discardableResult
  public func expect(
    _ header: String, _ value: String, sourceLocation: SourceLocation = #_sourceLocation
  ) -> Self {
    check(self.header(header) == value, sourceLocation) {
      "expected \(header): \(value), found \(self.header(header) ?? "none")"
    }
  }

  @discardableResult
  public func expect(_ look: @MainActor (MockResponse) throws -> Void) rethrows -> Self {
    try look(self)
    return self
  }

  /// A header field is there.
  @discardableResult
  public func expectHeader(
    _ header: String, sourceLocation: SourceLocation = #_sourceLocation
  ) -> Self {
    check(self.header(header) != nil, sourceLocation) { "expected a header field \(header)" }
  }

  /// A header field is not there.
  @discardableResult
  public func unexpectHeader(
    _ header: String, sourceLocation: SourceLocation = #_sourceLocation
  ) -> Self {
    check(self.header(header) == nil, sourceLocation) {
      "expected no header field \(header), found \(self.header(header) ?? "")"
    }
  }

  private func check(
    _ holds: Bool, _ sourceLocation: SourceLocation, _ message: () -> String
  ) -> Self {
    if !holds { Issue.record(Comment(rawValue: message()), sourceLocation: sourceLocation) }
    return self
  }
}
