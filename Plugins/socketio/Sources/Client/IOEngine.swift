internal import CEggSocketIO
public import Egg

/// The engine below all namespaces, which makes connections of requests: `app.io.engine`.
public struct IOEngine {
  private let client: Client

  init(_ client: Client) { self.client = client }

  /// Connections that this process has now.
  public var clientsCount: Int {
    Int(String(decoding: client.query(0, EGG_IO_CLIENTS_COUNT), as: UTF8.self)) ?? 0
  }

  /// Decides which requests may begin a connection. `false` refuses with "Forbidden", an error with its
  /// message.
  ///
  ///     app.io.engine.allowRequest { request in request.headers.origin.string == "https://example.com" }
  public func allowRequest(_ decide: @escaping (ClientRequest) async throws -> Bool) {
    client.engine.allow.append(decide)
    listen()
  }

  /// Adds header fields to the first answer of each connection.
  ///
  ///     app.io.engine.initialHeaders { headers, request in headers["X-Server"] = "7" }
  public func initialHeaders(
    _ add: @escaping (_ headers: inout [String: String], ClientRequest) async throws -> Void
  ) {
    client.engine.initialHeaders.append(add)
    listen()
  }

  /// Adds header fields to each answer.
  public func headers(
    _ add: @escaping (_ headers: inout [String: String], ClientRequest) async throws -> Void
  ) {
    client.engine.headers.append(add)
    listen()
  }

  /// Told of each request that was refused: the number and the message that the client got.
  public func onConnectionError(
    _ handler: @escaping (_ code: Int, _ message: String, ClientRequest) -> Void
  ) {
    client.engine.refused.append(handler)
    listen()
  }

  func generateId(_ make: @escaping (ClientRequest) async throws -> String?) {
    client.engine.generateId = make
    listen()
  }

  private func listen() { client.listen("/", client.engine.wants) }
}

/// A request that begins a connection or belongs to one.
public struct ClientRequest: Sendable {
  public let method: String
  /// The path; `query` has the rest.
  public let url: String
  /// Texts by name: `EIO`, `transport`, and those of the application.
  public let query: Value
  public let headers: Value
  public let address: String
  public let secure: Bool

  init(_ facts: Value) {
    method = facts.method.string ?? ""
    url = facts.url.string ?? ""
    query = facts.query
    headers = facts.headers
    address = facts.address.string ?? ""
    secure = facts.secure.bool ?? false
  }
}

/// What this unit says of requests.
final class EngineHandlers {
  typealias Adding = (_ headers: inout [String: String], ClientRequest) async throws -> Void

  var allow: [(ClientRequest) async throws -> Bool] = []
  var generateId: ((ClientRequest) async throws -> String?)?
  var initialHeaders: [Adding] = []
  var headers: [Adding] = []
  var refused: [(_ code: Int, _ message: String, ClientRequest) -> Void] = []

  var wants: Int {
    (allow.isEmpty ? 0 : EGG_IO_WANTS_ALLOW)
      | (generateId == nil ? 0 : EGG_IO_WANTS_IDS)
      | (initialHeaders.isEmpty && headers.isEmpty ? 0 : EGG_IO_WANTS_HEADERS)
      | (refused.isEmpty ? 0 : EGG_IO_WANTS_REFUSED)
  }

  /// The answer to a question, as JSON text; none for one that needs none.
  ///
  /// - Throws: to refuse.
  func answer(_ kind: Int, _ name: String, _ request: ClientRequest) async throws -> [UInt8] {
    switch kind {
    case EGG_IO_ALLOW:
      for decide in allow where try await !decide(request) { throw EggError("Forbidden") }
      return []
    case EGG_IO_GENERATE_ID:
      return try await generateId?(request).map { Value.text($0).jsonBytes } ?? []
    default:
      var fields: [String: String] = [:]
      for add in name == "initial_headers" ? initialHeaders : headers {
        try await add(&fields, request)
      }
      return Value(fields).jsonBytes
    }
  }
}
