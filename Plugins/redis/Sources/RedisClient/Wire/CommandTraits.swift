import Egg
import EggRedis

/// What has to be known of a command: where its keys are, whether it waits, whether a shared
/// connection may carry it.
///
/// - Source: the command tables of redis.io (key specifications).
nonisolated struct CommandTraits {
  /// Where keys stand among the arguments, counted from 0.
  enum Keys {
    case none
    /// From `first` to `last` (negative ones count from the end), each `step`-th.
    case range(first: Int, last: Int, step: Int)
    /// At `count` stands how many follow; keys in front of it by position.
    case counted(count: Int, before: [Int])
    /// Behind the word STREAMS, the first half.
    case streams
  }

  let keys: Keys
  let blocks: Bool
  let refusal: RedisError?

  init(_ name: String, _ arguments: [Value]) {
    let name = name.uppercased()
    keys = Self.special[name] ?? .range(first: 0, last: 0, step: 1)
    switch name {
    case "BLPOP", "BRPOP", "BLMOVE", "BRPOPLPUSH", "BLMPOP", "BZPOPMIN", "BZPOPMAX", "BZMPOP",
      "WAIT", "WAITAOF":
      blocks = true
    case "XREAD", "XREADGROUP":
      blocks = arguments.prefix(6).contains { $0.string?.uppercased() == "BLOCK" }
    default: blocks = false
    }
    switch name {
    case "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE":
      refusal = .command(
        "\(name) would take the connection from everybody; use the method \(name.lowercased())")
    case "MONITOR", "SYNC", "PSYNC", "RESET", "QUIT", "HELLO":
      refusal = .command("\(name) changes the connection, which others use too")
    default: refusal = nil
    }
  }

  /// Positions of keys among `arguments`, in order; none when the arguments make no sense.
  func positions(_ arguments: [Value]) -> [Int] {
    let count = arguments.count
    switch keys {
    case .none: return []
    case .range(let first, let last, let step):
      let end = last < 0 ? count + last : min(last, count - 1)
      guard first <= end else { return [] }
      return Array(stride(from: first, through: end, by: step))
    case .counted(let place, let before):
      guard place < count, let number = Self.number(arguments[place]), number >= 0,
        number <= count - place - 1
      else { return before.filter { $0 < count } }
      return before + Array((place + 1)..<(place + 1 + number))
    case .streams:
      let word = arguments.firstIndex { $0.string?.uppercased() == "STREAMS" }
      guard let word else { return [] }
      let first = word + 1
      return Array(first..<(first + (count - first) / 2))
    }
  }

  /// The arguments with `prefix` in front of each key.
  func prefixed(_ arguments: [Value], _ prefix: String) -> [Value] {
    guard !prefix.isEmpty else { return arguments }
    var result = Self.flat(arguments)
    for place in positions(result) {
      switch result[place] {
      case .data(let bytes): result[place] = .data(Array(prefix.utf8) + bytes)
      case let key: result[place] = .text(prefix + (key.string ?? key.description))
      }
    }
    return result
  }

  /// The first key, by which a cluster finds the node.
  func firstKey(_ arguments: [Value]) -> [UInt8]? {
    let flat = Self.flat(arguments)
    guard let place = positions(flat).first else { return nil }
    return flat[place].bytes ?? Array(flat[place].description.utf8)
  }

  /// Lists and objects written out, as they go to the server.
  static func flat(_ arguments: [Value]) -> [Value] {
    let isFlat = arguments.allSatisfy {
      switch $0 {
      case .list, .map: false
      default: true
      }
    }
    guard !isFlat else { return arguments }
    return arguments.flatMap { argument -> [Value] in
      switch argument {
      case .list(let list): flat(list)
      case .map(let map): map.flatMap { [.text($0.key)] + flat([$0.value]) }
      default: [argument]
      }
    }
  }

  private static func number(_ value: Value) -> Int? {
    value.int ?? value.string.flatMap { Int($0) }
  }

  /// Those that do not simply have one key in front.
  private static let special: [String: Keys] = {
    var table: [String: Keys] = [:]
    func add(_ names: String, _ keys: Keys) {
      for name in names.split(separator: " ") { table[String(name)] = keys }
    }
    add(
      """
      ACL ASKING AUTH BGREWRITEAOF BGSAVE CLIENT CLUSTER COMMAND CONFIG DBSIZE DEBUG DISCARD ECHO \
      EXEC FAILOVER FLUSHALL FLUSHDB FUNCTION HELLO INFO KEYS LASTSAVE LATENCY LOLWUT MEMORY \
      MODULE MONITOR MULTI PING PSUBSCRIBE PUBLISH PUBSUB PUNSUBSCRIBE QUIT RANDOMKEY READONLY \
      READWRITE REPLICAOF RESET ROLE SAVE SCAN SCRIPT SELECT SHUTDOWN SLAVEOF SLOWLOG SPUBLISH \
      SSUBSCRIBE SUBSCRIBE SUNSUBSCRIBE SWAPDB SYNC PSYNC TIME UNSUBSCRIBE UNWATCH WAIT WAITAOF
      """, .none)
    add(
      """
      DEL EXISTS MGET PFCOUNT PFMERGE SDIFF SDIFFSTORE SINTER SINTERSTORE SUNION SUNIONSTORE \
      TOUCH UNLINK WATCH
      """, .range(first: 0, last: -1, step: 1))
    add("MSET MSETNX", .range(first: 0, last: -1, step: 2))
    add("BLPOP BRPOP BZPOPMIN BZPOPMAX", .range(first: 0, last: -2, step: 1))
    add(
      "BLMOVE BRPOPLPUSH COPY GEOSEARCHSTORE LCS LMOVE RENAME RENAMENX RPOPLPUSH SMOVE ZRANGESTORE",
      .range(first: 0, last: 1, step: 1))
    add("BITOP", .range(first: 1, last: -1, step: 1))
    add("OBJECT XGROUP XINFO", .range(first: 1, last: 1, step: 1))
    add("EVAL EVALSHA EVAL_RO EVALSHA_RO FCALL FCALL_RO", .counted(count: 1, before: []))
    add(
      "LMPOP SINTERCARD ZDIFF ZINTER ZINTERCARD ZMPOP ZUNION", .counted(count: 0, before: []))
    add("BLMPOP BZMPOP", .counted(count: 1, before: []))
    add("ZDIFFSTORE ZINTERSTORE ZUNIONSTORE", .counted(count: 1, before: [0]))
    add("XREAD XREADGROUP", .streams)
    return table
  }()
}
