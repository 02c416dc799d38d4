import Foundation
import Testing

/// A request that is put together and then expected to be answered in a certain way.
///
///     try await app.httpRequest().post("/user").type("form").send(["name": "Ada"]).expect(201)
///
/// Awaiting `expect` or `end` sends it. What does not hold fails the test at the line that says it.
public struct RequestBuilder {
  private var method = "GET"
  private var path = "/"
  private var fields: [(name: String, value: String)] = []
  private var query = ValueMap()
  private var body: [UInt8] = []
  private var content: Value?
  private var isForm = false

  // MARK: what is asked for

  public func get(_ path: String) -> Self { request("GET", path) }
  public func head(_ path: String) -> Self { request("HEAD", path) }
  public func post(_ path: String) -> Self { request("POST", path) }
  public func put(_ path: String) -> Self { request("PUT", path) }
  public func patch(_ path: String) -> Self { request("PATCH", path) }
  public func delete(_ path: String) -> Self { request("DELETE", path) }
  public func options(_ path: String) -> Self { request("OPTIONS", path) }

  /// A request with any method.
  public func request(_ method: String, _ path: String) -> Self {
    changed {
      $0.method = method
      $0.path = path
    }
  }

  /// A header field; a second one of the name takes its place.
  public func set(_ name: String, _ value: String) -> Self {
    changed {
      $0.fields.removeAll { $0.name.lowercased() == name.lowercased() }
      $0.fields.append((name, value))
    }
  }

  /// The form of the body: `form`, `json`, or a media type.
  public func type(_ type: String) -> Self {
    let known = [
      "form": "application/x-www-form-urlencoded", "json": "application/json",
      "text": "text/plain; charset=utf-8", "html": "text/html; charset=utf-8",
    ]
    return set("Content-Type", known[type] ?? type)
  }

  /// Parameters behind the path.
  public func query(_ parameters: Value) -> Self {
    changed { $0.query.merge(parameters.object ?? ValueMap()) }
  }

  /// The body: JSON, or a form after `type("form")`.
  public func send(_ content: Value) -> Self { changed { $0.content = content } }

  /// The body as text or bytes, as it is.
  public func send(_ body: String) -> Self { send([UInt8](body.utf8)) }
  public func send(_ body: [UInt8]) -> Self { changed { $0.body = body } }

  private func changed(_ change: (inout Self) -> Void) -> Self {
    var copy = self
    change(&copy)
    return copy
  }

  // MARK: sending

  /// Sends it and gives the answer.
  ///
  /// - Throws: `MockFailure` when there is no answer.
  @discardableResult
  public func end() async throws -> MockResponse {
    guard let socket = TestHost.running?.socket else {
      throw MockFailure("the application does not run: call mock.app() first")
    }
    return try await MockConnection.exchange(bytes(), method: method, socket: socket)
  }

  private func bytes() throws -> [UInt8] {
    var copy = self
    if let content {
      let isForm = fields.contains {
        $0.name.lowercased() == "content-type"
          && $0.value.hasPrefix("application/x-www-form-urlencoded")
      }
      if isForm, let map = content.object {
        copy.body = [UInt8](FormText.encode(map).utf8)
      } else {
        copy.body = content.jsonBytes
        if !fields.contains(where: { $0.name.lowercased() == "content-type" }) {
          copy = copy.type("json")
        }
      }
    }
    for field in Mocks.requestFields
    where !copy.fields.contains(where: { $0.name.lowercased() == field.name.lowercased() }) {
      copy.fields.append(field)
    }
    var target = path
    if !query.isEmpty { target += (path.contains("?") ? "&" : "?") + FormText.encode(query) }
    var head = "\(method) \(target) HTTP/1.1\r\n"
    if !copy.fields.contains(where: { $0.name.lowercased() == "host" }) {
      head += "Host: 127.0.0.1\r\n"
    }
    for field in copy.fields { head += "\(field.name): \(field.value)\r\n" }
    if !copy.body.isEmpty || ["POST", "PUT", "PATCH"].contains(method) {
      head += "Content-Length: \(copy.body.count)\r\n"
    }
    head += "Connection: close\r\n\r\n"
    return [UInt8](head.utf8) + copy.body
  }
}

// MARK: - expectations

extension RequestBuilder {
  /// Sends it; the status is this one.
  @discardableResult
  public func expect(
    _ status: Int, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> MockResponse {
    try await end().expect(status, sourceLocation: sourceLocation)
  }

  /// Sends it; the body is this text.
  @discardableResult
  public func expect(
    _ text: String, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> MockResponse {
    try await end().expect(text, sourceLocation: sourceLocation)
  }

  /// Sends it; the body is this JSON.
  @discardableResult
  public func expect(
    _ body: Value, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> MockResponse {
    try await end().expect(body, sourceLocation: sourceLocation)
  }

  /// Sends it; the body matches.
  @discardableResult
  public func expect(
    _ pattern: Regex<some Any>, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> MockResponse {
    try await end().expect(pattern, sourceLocation: sourceLocation)
  }

  /// Sends it; a header field has this value.
  @discardableResult
  public func expect(
    _ header: String, _ value: String, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> MockResponse {
    try await end().expect(header, value, sourceLocation: sourceLocation)
  }

  /// Sends it and looks at the answer with your own eyes.
  @discardableResult
  public func expect(
    _ look: @MainActor (MockResponse) throws -> Void
  ) async throws -> MockResponse {
    try await end().expect(look)
  }
}
