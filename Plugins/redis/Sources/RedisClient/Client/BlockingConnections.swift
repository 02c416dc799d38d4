import Egg
import EggRedis

/// Connections for commands that keep one busy until something happens, each for one at a time.
final class BlockingConnections {
  private let limit: Int
  private let open: () async throws -> Connection
  private var idle: [Connection] = []
  private var busy: [ObjectIdentifier: Connection] = [:]
  private var opening = 0
  private var ended: RedisError?
  /// Kept for the next one.
  private static let kept = 4

  init(limit: Int, open: @escaping () async throws -> Connection) {
    self.limit = limit
    self.open = open
  }

  func reply(_ name: String, _ arguments: [Value]) async throws(RedisError) -> Reply {
    let connection = try await take()
    let id = ObjectIdentifier(connection)
    busy[id] = connection
    let reply: Reply = await withUnsafeContinuation { continuation in
      if !connection.send(name, arguments, .task(continuation)) {
        continuation.resume(returning: .failure(.queue("the arguments are too large")))
      }
    }
    busy[id] = nil
    if connection.isOpen {
      if idle.count < Self.kept, ended == nil {
        idle.append(connection)
      } else {
        connection.close(.closed("not needed any more"))
      }
    }
    return reply
  }

  private func take() async throws(RedisError) -> Connection {
    if let ended { throw ended }
    while let connection = idle.popLast() {
      if connection.isOpen { return connection }
    }
    guard busy.count + opening < limit else {
      throw .queue("\(limit) commands wait already (blockingConnections)")
    }
    opening += 1
    defer { opening -= 1 }
    do {
      return try await open()
    } catch {
      throw error as? RedisError ?? .connect("\(error)")
    }
  }

  func end(_ error: RedisError) {
    ended = error
    for connection in idle + busy.values { connection.close(error) }
    idle = []
  }
}
