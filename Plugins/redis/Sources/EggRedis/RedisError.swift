import Egg

/// What Redis refuses, or why it cannot be asked.
///
///     do { try await app.redis.call("INCR", "name") }
///     catch let error as RedisError where error.code == "WRONGTYPE" { … }
nonisolated public struct RedisError: Error, Sendable, Equatable, CustomStringConvertible,
  EggErrorConvertible
{
  /// The first word of the server's answer (`WRONGTYPE`, `NOAUTH`, `ERR`), or one of the client's
  /// own, which begin with `EGG_REDIS_`.
  public let code: String
  /// For people. Of the server's answer without the code.
  public let message: String

  public init(code: String, _ message: String) {
    self.code = code
    self.message = message
  }

  /// An error as the server sends it: `WRONGTYPE Operation against …`.
  public init(reply: some Collection<UInt8>) {
    let text = String(decoding: reply, as: UTF8.self)
    let word = text.prefix { $0 != " " }
    let isCode = !word.isEmpty && word.utf8.allSatisfy { $0 >= 65 && $0 <= 90 || $0 == 95 }
    code = isCode ? String(word) : "ERR"
    message = isCode ? String(text.dropFirst(word.count + 1)) : text
  }

  /// How an error inside of a list of results travels.
  public init?(value: Value) {
    guard case .map(let map) = value, let code = map["code"]?.string,
      let message = map["message"]?.string
    else { return nil }
    self.init(code: code, message)
  }

  public var value: Value { ["code": code, "message": message] as Value }
  public var description: String { "\(code) \(message)" }
  public var eggError: EggError { EggError(code: code, message) }

  // MARK: the client's own

  /// Nobody answers at the address, or who answers is not who was expected.
  public static func connect(_ text: String) -> RedisError {
    RedisError(code: "EGG_REDIS_CONNECT", text)
  }
  /// The connection ended while a command was on its way; whether it ran is not known.
  public static func lost(_ text: String) -> RedisError {
    RedisError(code: "EGG_REDIS_LOST", text)
  }
  public static func timeout(_ text: String) -> RedisError {
    RedisError(code: "EGG_REDIS_TIMEOUT", text)
  }
  /// Too much is waiting, or nothing may wait.
  public static func queue(_ text: String) -> RedisError {
    RedisError(code: "EGG_REDIS_QUEUE", text)
  }
  /// The client was ended.
  public static func closed(_ text: String) -> RedisError {
    RedisError(code: "EGG_REDIS_CLOSED", text)
  }
  public static func `protocol`(_ text: String) -> RedisError {
    RedisError(code: "EGG_REDIS_PROTOCOL", "the server sent \(text)")
  }
  /// A command that makes no sense on a shared connection, or with these arguments.
  public static func command(_ text: String) -> RedisError {
    RedisError(code: "EGG_REDIS_COMMAND", text)
  }
}
