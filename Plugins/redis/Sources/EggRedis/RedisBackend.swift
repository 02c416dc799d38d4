import Egg

/// What carries commands to a server: a client in this unit, or the plugin's through the kernel.
@MainActor public protocol RedisBackend: AnyObject {
  /// `connecting`, `ready`, `reconnecting` or `end`.
  var status: String { get }
  /// One command.
  ///
  /// - Throws: `RedisError`, the server's or one of the client's own.
  func call(_ name: String, _ arguments: [Value]) async throws -> Value
  /// Several commands in one go, each a list of name and arguments; with `atomic` as a
  /// transaction.
  ///
  /// - Returns: one result each; nil when a transaction was given up because a watched key changed.
  /// - Throws: `RedisError` when nothing could be asked, or the transaction was refused as a whole.
  func batch(_ commands: [[Value]], atomic: Bool) async throws -> [Result<Value, RedisError>]?
  /// Listens to channels; returns when the server has confirmed.
  func subscribe(
    _ kind: RedisChannelKind, _ names: [String],
    _ receive: @escaping @MainActor (RedisMessage) -> Void
  ) async throws -> any RedisListening
  /// Another client with the same options and a connection of its own, for `WATCH`.
  func duplicate() async throws -> any RedisBackend
  /// Ends the client when everything that was sent has been answered.
  func quit() async
}

/// What is listened to on behalf of somebody.
@MainActor public protocol RedisListening: AnyObject, Sendable {
  func end() async throws
}

/// How channels are named in a subscription.
nonisolated public enum RedisChannelKind: String, Sendable, CaseIterable {
  /// By name.
  case channel = "subscribe"
  /// By pattern: `news.*`.
  case pattern = "psubscribe"
  /// By name, on the node of a cluster that is responsible (Redis 7).
  case shard = "ssubscribe"
}

/// A message that somebody published.
nonisolated public struct RedisMessage: Sendable, Equatable {
  public let channel: String
  /// The pattern that matched; nil when the channel was subscribed by name.
  public let pattern: String?
  /// Text when it is UTF-8, data otherwise.
  public let payload: Value

  public init(channel: String, pattern: String? = nil, payload: Value) {
    self.channel = channel
    self.pattern = pattern
    self.payload = payload
  }

  public var text: String { payload.string ?? String(decoding: bytes, as: UTF8.self) }
  public var bytes: [UInt8] { payload.bytes ?? [] }
}
