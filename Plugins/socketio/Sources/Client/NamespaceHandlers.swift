internal import Egg

/// What this unit has for a namespace.
final class NamespaceHandlers {
  private(set) var connection: [(Socket) async throws -> Void] = []
  private(set) var middlewares: [(Socket) async throws -> Void] = []
  /// Of other servers, by event.
  private(set) var server: [String: (Arguments, Acknowledgement) async throws -> Void] = [:]
  private var inherited: Set<ObjectIdentifier> = []
  /// Something was said of this namespace itself, by its name.
  private(set) var isOwn = false

  func add(_ handler: @escaping (Socket) async throws -> Void) {
    isOwn = true
    connection.append(handler)
  }
  func use(_ middleware: @escaping (Socket) async throws -> Void) {
    isOwn = true
    middlewares.append(middleware)
  }

  func onServer(
    _ event: String, _ handler: @escaping (Arguments, Acknowledgement) async throws -> Void
  ) {
    isOwn = true
    server[event] = handler
  }

  /// What was said of the namespaces on demand, for one that is made now.
  func inherit(_ parent: NamespaceHandlers) {
    guard inherited.insert(ObjectIdentifier(parent)).inserted else { return }
    connection += parent.connection
    middlewares += parent.middlewares
  }

  func connected(_ socket: Socket, _ client: Client) {
    for handler in connection {
      Task.immediate {
        do { try await handler(socket) } catch { socket.core.report(error) }
      }
    }
  }
}
