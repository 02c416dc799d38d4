import Egg
import EggRedis

/// How to reach a server and what to do when it is not there: what stands in `config.redis.client`.
nonisolated public struct RedisOptions: Sendable, Equatable {
  public var host = "127.0.0.1"
  public var port = 6379
  /// A Unix socket, in place of host and port.
  public var path: String?
  public var username: String?
  public var password: String?
  public var db = 0
  public var tls: TLSOptions?
  /// Put in front of every key.
  public var keyPrefix = ""
  /// `CLIENT SETNAME`
  public var connectionName: String?
  /// Ask replicas of a cluster's node for `READONLY`.
  public var readOnly = false
  /// 2 or 3.
  public var protocolVersion = 2

  /// Milliseconds for name, connect, TLS and log in.
  public var connectTimeout = 10_000
  /// Milliseconds for a reply; 0 is for ever.
  public var commandTimeout = 0
  /// Milliseconds within which the first connection must stand.
  public var readyTimeout = 10_000
  /// Milliseconds between attempts: this times the number of the attempt …
  public var retryDelay = 50
  /// … but not more than this.
  public var maxRetryDelay = 2_000
  /// Attempts in a row after which waiting commands fail; 0 lets them wait for ever.
  public var maxRetriesPerRequest = 20
  /// Whether commands wait while there is no connection.
  public var enableOfflineQueue = true
  /// How many may wait.
  public var offlineQueueLimit = 10_000
  /// Commands such as `BLPOP` that may wait at the same time, each on its own connection.
  public var blockingConnections = 100

  /// Of sentinels; empty without.
  public var sentinels: [Endpoint] = []
  /// The name under which sentinels know the master.
  public var name: String?
  public var sentinelUsername: String?
  public var sentinelPassword: String?
  /// Some nodes of a cluster; empty without.
  public var nodes: [Endpoint] = []

  /// The start does not wait for the connection.
  public var weakDependent = false

  public init() {}

  public var endpoint: Endpoint {
    path.map { .unix(path: $0) } ?? .tcp(host: host, port: port)
  }

  // MARK: configuration

  private static let known: Set<String> = [
    "host", "port", "path", "username", "password", "db", "tls", "keyPrefix", "connectionName",
    "readOnly", "protocol", "connectTimeout", "commandTimeout", "readyTimeout", "retryDelay",
    "maxRetryDelay", "maxRetriesPerRequest", "enableOfflineQueue", "offlineQueueLimit",
    "blockingConnections", "sentinels", "name", "sentinelUsername", "sentinelPassword", "cluster",
    "nodes", "weakDependent",
  ]

  /// - Parameters:
  ///   - config: one client's part of the configuration.
  ///   - key: where it stands, for messages: `redis.client`.
  ///   - baseDir: relative files are below it.
  /// - Throws: `EGG_CONFIG` with the key that does not fit.
  public init(_ config: Value, key: String, baseDir: String = "") throws {
    guard let map = config.object else {
      throw Self.refusal(key, "expected an object, found \(config.kindName)")
    }
    if let unknown = map.keys.first(where: { !Self.known.contains($0) }) {
      throw Self.refusal(
        "\(key).\(unknown)", "unknown; known are \(Self.known.sorted().joined(separator: ", "))")
    }
    let reader = OptionReader(map: map, key: key)
    if let host = try reader.text("host") { self.host = host }
    if let port = try reader.number("port", 1...65535) { self.port = port }
    path = try reader.text("path")
    username = try reader.text("username")
    password = try reader.text("password")
    if let db = try reader.number("db", 0...65535) { self.db = db }
    tls = try reader.tls(baseDir)
    if let prefix = try reader.text("keyPrefix") { keyPrefix = prefix }
    connectionName = try reader.text("connectionName")
    readOnly = try reader.flag("readOnly") ?? readOnly
    protocolVersion = try reader.number("protocol", 2...3) ?? protocolVersion
    connectTimeout = try reader.number("connectTimeout", 1...3_600_000) ?? connectTimeout
    commandTimeout = try reader.number("commandTimeout", 0...86_400_000) ?? commandTimeout
    readyTimeout = try reader.number("readyTimeout", 1...3_600_000) ?? readyTimeout
    retryDelay = try reader.number("retryDelay", 1...3_600_000) ?? retryDelay
    maxRetryDelay = try reader.number("maxRetryDelay", 1...3_600_000) ?? maxRetryDelay
    maxRetriesPerRequest =
      try reader.number("maxRetriesPerRequest", 0...1_000_000) ?? maxRetriesPerRequest
    enableOfflineQueue = try reader.flag("enableOfflineQueue") ?? enableOfflineQueue
    offlineQueueLimit = try reader.number("offlineQueueLimit", 0...10_000_000) ?? offlineQueueLimit
    blockingConnections =
      try reader.number("blockingConnections", 1...10_000) ?? blockingConnections
    sentinels = try reader.endpoints("sentinels", defaultPort: 26379) ?? []
    name = try reader.text("name")
    sentinelUsername = try reader.text("sentinelUsername")
    sentinelPassword = try reader.text("sentinelPassword")
    nodes = try reader.clusterNodes() ?? []
    weakDependent = try reader.flag("weakDependent") ?? weakDependent
    try check(map, key)
  }

  private func check(_ map: ValueMap, _ key: String) throws {
    if !sentinels.isEmpty, name == nil {
      throw Self.refusal("\(key).name", "\"sentinels\" need the name of the master")
    }
    if !nodes.isEmpty, db != 0 {
      throw Self.refusal("\(key).db", "a cluster has only database 0")
    }
    if map["host"] == nil, path == nil, sentinels.isEmpty, nodes.isEmpty {
      throw Self.refusal(
        "\(key).host", "missing; say \"host\", \"path\", \"sentinels\" or \"nodes\"")
    }
  }

  public static func refusal(_ key: String, _ text: String) -> EggError {
    EggError(code: "EGG_CONFIG", "config.\(key): \(text)")
  }
}

/// Reads members of the configuration and says which one does not fit.
private nonisolated struct OptionReader {
  let map: ValueMap
  let key: String

  private func member(_ name: String) -> Value? {
    guard let value = map[name], value.exists else { return nil }
    return value
  }

  private func refusal(_ name: String, _ expected: String, _ found: Value) -> EggError {
    RedisOptions.refusal("\(key).\(name)", "expected \(expected), found \(found.kindName)")
  }

  /// An empty text is as good as none.
  func text(_ name: String) throws -> String? {
    guard let value = member(name) else { return nil }
    guard let text = value.string ?? value.int.map(String.init) else {
      throw refusal(name, "text", value)
    }
    return text.isEmpty ? nil : text
  }

  /// Numbers may come as text, from environment variables.
  func number(_ name: String, _ range: ClosedRange<Int>) throws -> Int? {
    guard let value = member(name) else { return nil }
    if value.string?.isEmpty == true { return nil }
    guard let number = value.int ?? value.string.flatMap({ Int($0) }) else {
      throw refusal(name, "a whole number", value)
    }
    guard range.contains(number) else {
      throw RedisOptions.refusal(
        "\(key).\(name)",
        "expected \(range.lowerBound) to \(range.upperBound), found \(number)")
    }
    return number
  }

  func flag(_ name: String) throws -> Bool? {
    guard let value = member(name) else { return nil }
    switch value {
    case .boolean(let flag): return flag
    case .text("true"): return true
    case .text("false"): return false
    default: throw refusal(name, "true or false", value)
    }
  }

  /// `true`, or an object with what differs from the defaults.
  func tls(_ baseDir: String) throws -> TLSOptions? {
    guard let value = member("tls") else { return nil }
    if let flag = value.bool { return flag ? TLSOptions() : nil }
    guard let members = value.object else {
      throw refusal("tls", "true, false or an object", value)
    }
    let inner = OptionReader(map: members, key: "\(key).tls")
    let known = ["ca", "cert", "key", "servername", "rejectUnauthorized"]
    if let unknown = members.keys.first(where: { !known.contains($0) }) {
      throw RedisOptions.refusal(
        "\(key).tls.\(unknown)", "unknown; known are \(known.joined(separator: ", "))")
    }
    func file(_ name: String) throws -> String? {
      guard let path = try inner.text(name) else { return nil }
      return path.hasPrefix("/") || baseDir.isEmpty ? path : "\(baseDir)/\(path)"
    }
    var options = TLSOptions()
    options.ca = try file("ca")
    options.cert = try file("cert")
    options.key = try file("key")
    options.servername = try inner.text("servername")
    options.rejectUnauthorized = try inner.flag("rejectUnauthorized") ?? true
    return options
  }

  /// A list of `{host, port}`.
  func endpoints(_ name: String, defaultPort: Int) throws -> [Endpoint]? {
    guard let value = member(name) else { return nil }
    guard let list = value.array else { throw refusal(name, "a list of { host, port }", value) }
    return try list.enumerated().map { place, item in
      guard let members = item.object else {
        throw refusal("\(name)[\(place)]", "{ host, port }", item)
      }
      let inner = OptionReader(map: members, key: "\(key).\(name)[\(place)]")
      guard let host = try inner.text("host") else {
        throw RedisOptions.refusal("\(key).\(name)[\(place)].host", "missing")
      }
      return .tcp(host: host, port: try inner.number("port", 1...65535) ?? defaultPort)
    }
  }

  /// `cluster: true` with `nodes`, as Egg has it, or `cluster: { nodes }`.
  func clusterNodes() throws -> [Endpoint]? {
    let cluster = member("cluster") ?? .boolean(map["nodes"] != nil)
    let nodes: [Endpoint]?
    switch cluster {
    case .boolean(false): return nil
    case .boolean(true): nodes = try endpoints("nodes", defaultPort: 6379)
    case .map(let members):
      nodes = try OptionReader(map: members, key: "\(key).cluster")
        .endpoints("nodes", defaultPort: 6379)
    default: throw refusal("cluster", "true, false or { nodes }", cluster)
    }
    guard let nodes, !nodes.isEmpty else {
      throw RedisOptions.refusal("\(key).nodes", "a cluster needs at least one node")
    }
    return nodes
  }
}
