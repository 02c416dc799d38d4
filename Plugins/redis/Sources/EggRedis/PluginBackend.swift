import Egg

/// A client of the plugin `redis`, through the kernel.
final class PluginBackend: RedisBackend {
  private let object: ForeignObject
  private let app: ApplicationBase

  init(_ object: ForeignObject, _ app: ApplicationBase) {
    self.object = object
    self.app = app
  }

  var status: String { (try? object.get("status").string) ?? "end" }

  /// The clients of `config.redis.clients`.
  var clients: ValueMap { (try? object.get("clients").object) ?? ValueMap() }

  func client(_ object: ForeignObject) -> PluginBackend { PluginBackend(object, app) }

  func call(_ name: String, _ arguments: [Value]) async throws -> Value {
    try await invoke("call", [.text(name)] + arguments)
  }

  func batch(_ commands: [[Value]], atomic: Bool) async throws
    -> [Result<Value, RedisError>]?
  {
    let reply = try await invoke(
      atomic ? "multi" : "pipeline", [.list(commands.map { .list($0) })])
    return reply.array?.map { item in
      if let error = RedisError(value: item.error) { .failure(error) } else { .success(item.value) }
    }
  }

  func subscribe(
    _ kind: RedisChannelKind, _ names: [String],
    _ receive: @escaping @MainActor (RedisMessage) -> Void
  ) async throws -> any RedisListening {
    let receiver = app.value(of: Receiver(receive))
    let reply = try await invoke(kind.rawValue, [.list(names.map { .text($0) }), receiver])
    guard let subscription = reply.foreign else {
      throw RedisError.command("\(kind.rawValue): the plugin redis gave no subscription")
    }
    return PluginSubscription(subscription)
  }

  func duplicate() async throws -> any RedisBackend {
    guard let other = try await invoke("duplicate", []).foreign else {
      throw RedisError.command("duplicate: the plugin redis gave no client")
    }
    return PluginBackend(other, app)
  }

  func createInstance(_ config: Value) async throws -> PluginBackend {
    guard let other = try await invoke("createInstance", [config]).foreign else {
      throw RedisError.command("createInstance: the plugin redis gave no client")
    }
    return PluginBackend(other, app)
  }

  func quit() async { _ = try? await invoke("quit", []) }

  private func invoke(_ method: String, _ arguments: [Value]) async throws -> Value {
    do {
      return try await object.invoke(method, arguments)
    } catch let error as EggError {
      throw Self.translated(error)
    }
  }

  /// The plugin's errors lose their type on the way; their code tells what they were.
  private static func translated(_ error: EggError) -> any Error {
    let isOurs = !error.code.hasPrefix("EGG_") || error.code.hasPrefix("EGG_REDIS_")
    return isOurs && !error.code.isEmpty ? RedisError(code: error.code, error.message) : error
  }
}

/// Takes messages from the plugin.
private final class Receiver: ExportedObject {
  let objectType = "egg.redis.receiver/1"
  private let receive: @MainActor (RedisMessage) -> Void

  init(_ receive: @escaping @MainActor (RedisMessage) -> Void) { self.receive = receive }

  func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    guard method == "message" else { throw noSuchMethod(method) }
    receive(
      RedisMessage(channel: try args.get(0), pattern: args[2].string, payload: args[1]))
    return .undefined
  }
}

private final class PluginSubscription: RedisListening {
  private let object: ForeignObject

  init(_ object: ForeignObject) { self.object = object }

  func end() async throws { try await object.invoke("end") }
}
