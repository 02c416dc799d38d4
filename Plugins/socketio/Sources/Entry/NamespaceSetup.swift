import CEggSocketIO
import Egg

typealias SocketMiddleware =
  @MainActor (Context, @escaping @MainActor () async throws -> Void) async throws -> Void

/// What the units want of a namespace.
final class NamespaceSetup {
  var connection: [SocketMiddleware] = []
  var packet: [SocketMiddleware] = []
  /// The controllers' actions by event; the first one that was routed stays.
  var routes: [String: Route] = [:]
  var listeners: [UInt32] = []
  var admitters: [UInt32] = []

  struct Route {
    let controller: ForeignObject
    let action: String
  }

  func want(_ wants: egg_io_wants, _ listener: UInt32) {
    if Int(wants) & EGG_IO_WANTS_EVENTS != 0, !listeners.contains(listener) {
      listeners.append(listener)
    }
    if Int(wants) & EGG_IO_WANTS_ADMIT != 0, !admitters.contains(listener) {
      admitters.append(listener)
    }
  }
}
