import Egg

extension Redis {
  /// A condition of `set`.
  public enum SetCondition: String, Sendable {
    /// Only if the key does not exist.
    case absent = "NX"
    /// Only if it does.
    case present = "XX"
  }

  @discardableResult
  public func ping() async throws -> String { try await text("PING") ?? "" }

  // MARK: strings

  /// The value; nil when there is none. Bytes that are not UTF-8 are replaced; see `getBytes`.
  public func get(_ key: String) async throws -> String? { try await text("GET", key) }

  public func getBytes(_ key: String) async throws -> [UInt8]? {
    try await call("GET", key).bytes
  }

  /// - Returns: whether it was set; false only with a condition.
  @discardableResult
  public func set(
    _ key: String, _ value: any Encodable, expire: Duration? = nil,
    onlyIf condition: SetCondition? = nil
  ) async throws -> Bool {
    var arguments: [Value] = [.text(key), Value(value)]
    if let expire { arguments += ["PX", .integer(max(1, expire.milliseconds))] }
    if let condition { arguments.append(.text(condition.rawValue)) }
    return try await backend.call("SET", arguments).exists
  }

  /// Values of keys, in their order.
  public func mget(_ keys: [String]) async throws -> [String?] {
    (try await call("MGET", keys).array ?? []).map(Self.text)
  }

  public func mset(_ values: [String: any Encodable]) async throws {
    _ = try await backend.call("MSET", values.flatMap { [.text($0.key), Value($0.value)] })
  }

  /// - Returns: the number after the change.
  @discardableResult
  public func incr(_ key: String) async throws -> Int { try await integer("INCR", key) }
  @discardableResult
  public func decr(_ key: String) async throws -> Int { try await integer("DECR", key) }
  @discardableResult
  public func incrby(_ key: String, _ step: Int) async throws -> Int {
    try await integer("INCRBY", key, step)
  }

  // MARK: keys

  /// - Returns: how many there were.
  @discardableResult
  public func del(_ keys: String...) async throws -> Int { try await integer("DEL", keys) }
  /// - Returns: how many there are.
  public func exists(_ keys: String...) async throws -> Int { try await integer("EXISTS", keys) }
  /// - Returns: false when there is no such key.
  @discardableResult
  public func expire(_ key: String, _ after: Duration) async throws -> Bool {
    try await integer("PEXPIRE", key, after.milliseconds) == 1
  }
  /// What is left of its life; nil when it has no end or does not exist.
  public func ttl(_ key: String) async throws -> Duration? {
    let left = try await integer("PTTL", key)
    return left < 0 ? nil : .milliseconds(left)
  }
  public func keys(_ pattern: String) async throws -> [String] {
    try await texts("KEYS", pattern)
  }

  // MARK: hashes

  public func hget(_ key: String, _ field: String) async throws -> String? {
    try await text("HGET", key, field)
  }
  /// Every field; empty when there is no such key.
  public func hgetall(_ key: String) async throws -> [String: String] {
    Self.pairs(try await call("HGETALL", key))
  }
  /// - Returns: how many fields are new.
  @discardableResult
  public func hset(_ key: String, _ fields: [String: any Encodable]) async throws -> Int {
    let pairs = fields.flatMap { [.text($0.key), Value($0.value)] }
    return try await backend.call("HSET", [.text(key)] + pairs).int ?? 0
  }
  @discardableResult
  public func hdel(_ key: String, _ fields: String...) async throws -> Int {
    try await integer("HDEL", key, fields)
  }
  @discardableResult
  public func hincrby(_ key: String, _ field: String, _ step: Int) async throws -> Int {
    try await integer("HINCRBY", key, field, step)
  }

  // MARK: lists

  /// - Returns: the length afterwards.
  @discardableResult
  public func lpush(_ key: String, _ values: any Encodable...) async throws -> Int {
    try await backend.call("LPUSH", [.text(key)] + values.map { Value($0) }).int ?? 0
  }
  @discardableResult
  public func rpush(_ key: String, _ values: any Encodable...) async throws -> Int {
    try await backend.call("RPUSH", [.text(key)] + values.map { Value($0) }).int ?? 0
  }
  public func lpop(_ key: String) async throws -> String? { try await text("LPOP", key) }
  public func rpop(_ key: String) async throws -> String? { try await text("RPOP", key) }
  /// From `first` to `last`, both included; negative ones count from the end.
  public func lrange(_ key: String, _ first: Int, _ last: Int) async throws -> [String] {
    try await texts("LRANGE", key, first, last)
  }
  public func llen(_ key: String) async throws -> Int { try await integer("LLEN", key) }

  /// Waits for an element of the first list that has one, on a connection of its own.
  ///
  /// - Returns: nil when `timeout` has passed; zero waits for ever.
  public func blpop(_ keys: String..., timeout: Duration) async throws -> (
    key: String, value: String
  )? {
    let seconds = Double(timeout.milliseconds) / 1000
    let reply = try await call("BLPOP", keys, seconds)
    guard let key = Self.text(reply[0]), let value = Self.text(reply[1]) else { return nil }
    return (key, value)
  }

  // MARK: sets

  /// - Returns: how many are new.
  @discardableResult
  public func sadd(_ key: String, _ members: any Encodable...) async throws -> Int {
    try await backend.call("SADD", [.text(key)] + members.map { Value($0) }).int ?? 0
  }
  @discardableResult
  public func srem(_ key: String, _ members: any Encodable...) async throws -> Int {
    try await backend.call("SREM", [.text(key)] + members.map { Value($0) }).int ?? 0
  }
  public func smembers(_ key: String) async throws -> Set<String> {
    Set(try await texts("SMEMBERS", key))
  }
  public func sismember(_ key: String, _ member: any Encodable) async throws -> Bool {
    let reply = try await call("SISMEMBER", key, Value(member))
    return reply.int == 1 || reply.bool == true
  }
  public func scard(_ key: String) async throws -> Int { try await integer("SCARD", key) }

  // MARK: sorted sets

  /// - Returns: how many are new.
  @discardableResult
  public func zadd(_ key: String, _ score: Double, _ member: String) async throws -> Int {
    try await integer("ZADD", key, score, member)
  }
  public func zscore(_ key: String, _ member: String) async throws -> Double? {
    Self.number(try await call("ZSCORE", key, member))
  }
  /// By rank, both ends included; negative ranks count from the end.
  public func zrange(_ key: String, _ first: Int, _ last: Int) async throws -> [String] {
    try await texts("ZRANGE", key, first, last)
  }
  @discardableResult
  public func zrem(_ key: String, _ members: String...) async throws -> Int {
    try await integer("ZREM", key, members)
  }

  // MARK: messages

  /// - Parameter message: text, bytes, or anything a command may have as an argument.
  /// - Returns: how many got it; in a cluster, on the node that was asked.
  @discardableResult
  public func publish(_ channel: String, _ message: any Encodable) async throws -> Int {
    try await integer("PUBLISH", channel, Value(message))
  }
  /// To those who used `ssubscribe`.
  @discardableResult
  public func spublish(_ channel: String, _ message: any Encodable) async throws -> Int {
    try await integer("SPUBLISH", channel, Value(message))
  }

  // MARK: reading replies

  private func text(_ name: String, _ arguments: any Encodable...) async throws -> String? {
    Self.text(try await backend.call(name, arguments.map { Value($0) }))
  }
  private func texts(_ name: String, _ arguments: any Encodable...) async throws -> [String] {
    let reply = try await backend.call(name, arguments.map { Value($0) })
    return (reply.array ?? []).compactMap(Self.text)
  }
  private func integer(_ name: String, _ arguments: any Encodable...) async throws -> Int {
    try await backend.call(name, arguments.map { Value($0) }).int ?? 0
  }

  /// A reply as text, numbers included; nil for nothing.
  nonisolated static func text(_ reply: Value) -> String? {
    switch reply {
    case .undefined, .null: nil
    case .data(let bytes): String(decoding: bytes, as: UTF8.self)
    default: reply.description
    }
  }

  nonisolated static func number(_ reply: Value) -> Double? {
    reply.double ?? reply.string.flatMap { Double($0) }
  }

  /// Key and value in turns (RESP2), or a map (RESP3).
  nonisolated static func pairs(_ reply: Value) -> [String: String] {
    var pairs: [String: String] = [:]
    if let map = reply.object {
      for (key, value) in map { pairs[key] = text(value) }
    } else if let list = reply.array {
      for place in stride(from: 0, to: list.count - 1, by: 2) {
        if let key = text(list[place]) { pairs[key] = text(list[place + 1]) }
      }
    }
    return pairs
  }
}
