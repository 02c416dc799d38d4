import Egg
import EggRedis

/// One client as other units see it: every command is a method.
final class RedisObject: ExportedObject {
  let objectType = "egg.redis.client/1"
  let backend: any RedisBackend
  /// Whether the start waits for its connection.
  let waits: Bool
  private unowned let clients: RedisClients

  init(_ backend: any RedisBackend, _ clients: RedisClients, waits: Bool) {
    self.backend = backend
    self.clients = clients
    self.waits = waits
  }

  /// - `status`: `connecting`, `ready`, `reconnecting`, `end`.
  func property(_ name: String) throws -> Value {
    name == "status" ? .text(backend.status) : .undefined
  }

  /// - `call(name, …)`: a command, as is every other name.
  /// - `pipeline(commands)`, `multi(commands)`: lists of name and arguments; a list of
  ///   `{ value }` or `{ error: { code, message } }`, null for a transaction that was given up.
  /// - `subscribe(channels, receiver)`, `psubscribe`, `ssubscribe`: the receiver is an object whose
  ///   method `message(channel, payload, pattern)` is called; the result has the method `end`.
  /// - `duplicate()`: another client; `quit()`.
  func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    switch method {
    case "call":
      return try await backend.call(try args.get(0), Array(args.values.dropFirst()))
    case "pipeline", "multi":
      return try await batch(args, atomic: method == "multi")
    case "duplicate":
      return clients.value(of: clients.keep(try await backend.duplicate()))
    case "quit":
      await backend.quit()
      return .undefined
    default:
      if let kind = RedisChannelKind(rawValue: method) { return try await listen(kind, args) }
      return try await backend.call(method, args.values)
    }
  }

  private func batch(_ args: Arguments, atomic: Bool) async throws -> Value {
    let commands = (args[0].array ?? []).map { $0.array ?? [$0] }
    guard let results = try await backend.batch(commands, atomic: atomic) else { return .null }
    return .list(
      results.map { result in
        switch result {
        case .success(let value): ["value": value.isUndefined ? .null : value] as Value
        case .failure(let error): ["error": error.value] as Value
        }
      })
  }

  private func listen(_ kind: RedisChannelKind, _ args: Arguments) async throws -> Value {
    let names = args[0].array?.compactMap(\.string) ?? args[0].string.map { [$0] } ?? []
    guard let receiver = args[1].foreign else {
      throw RedisError.command(
        "\(kind.rawValue)(channels, receiver): the receiver is an object with a method \"message\"")
    }
    let listening = try await backend.subscribe(kind, names) { message in
      let pattern: Value = message.pattern.map { .text($0) } ?? .null
      Task.immediate {
        // A receiver that fails or is gone is its unit's own affair; others still listen.
        _ = try? await receiver.invoke(
          "message", [Value.text(message.channel), message.payload, pattern])
      }
    }
    return clients.value(of: ListeningObject(listening))
  }
}

/// What `subscribe` gives back.
final class ListeningObject: ExportedObject {
  let objectType = "egg.redis.subscription/1"
  private let listening: any RedisListening

  init(_ listening: any RedisListening) { self.listening = listening }

  func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    guard method == "end" else { throw noSuchMethod(method) }
    try await listening.end()
    return .undefined
  }
}
