import Egg
import MessagePack

/// An event for the clients of other servers: `[uid, packet, opts]` in MessagePack.
///
/// - Source: `@socket.io/redis-adapter` 8, `socket.io-redis` 5 and `@socket.io/redis-emitter` 5 on
///   the wire.
nonisolated public struct BroadcastMessage: Sendable, Equatable {
  /// Of the server that sends; `emitter` of one that has no clients.
  public var uid: String
  /// `{type, data, nsp}`
  public var packet: Value
  public var target: AdapterTarget

  public init(uid: String, packet: Value, target: AdapterTarget) {
    self.uid = uid
    self.packet = packet
    self.target = target
  }

  /// The namespace; a packet that names none is for `/`.
  public var namespace: String { packet.nsp.string ?? "/" }

  /// - Returns: nil for bytes that are no such message.
  public init?(_ bytes: [UInt8]) {
    guard let value = try? MessagePackReader.read(bytes), let list = value.array, list.count >= 2,
      let uid = list[0].string, list[1].object != nil
    else { return nil }
    self.init(uid: uid, packet: list[1], target: AdapterTarget(list.count > 2 ? list[2] : .null))
  }

  public func bytes(_ style: AdapterTarget.Style = .server) -> [UInt8] {
    MessagePackWriter.write(.list([.text(uid), packet, target.value(style)]))
  }
}

/// A question or an order to other servers, or an answer. JSON, or MessagePack where there may be
/// bytes in it; members that are not set are not written.
nonisolated public struct AdapterRequest: Sendable, Equatable {
  /// - Source: `RequestType` of `@socket.io/redis-adapter`.
  public enum Kind: Int, Sendable {
    case sockets = 0
    case allRooms, remoteJoin, remoteLeave, remoteDisconnect, remoteFetch
    case serverSideEmit, broadcast, broadcastClientCount, broadcastAck
  }

  /// Nil of an emitter's orders.
  public var uid: String?
  public var requestId: String?
  /// Nil of most answers.
  public var kind: Kind?
  /// Everything else, in the order in which it is written.
  public var members: ValueMap

  public init(
    uid: String? = nil, requestId: String? = nil, _ kind: Kind? = nil,
    _ members: [(String, Value)] = []
  ) {
    self.uid = uid
    self.requestId = requestId
    self.kind = kind
    self.members = ValueMap(members)
  }

  /// - Returns: nil for bytes that are no such message, or one of a kind that is not known.
  public init?(_ bytes: [UInt8]) {
    let value =
      bytes.first == UInt8(ascii: "{")
      ? try? Value(json: bytes) : try? MessagePackReader.read(bytes)
    guard var map = value?.object else { return nil }
    if let type = map["type"] {
      guard let number = type.int, let known = Kind(rawValue: number) else { return nil }
      kind = known
    }
    uid = map["uid"]?.string
    requestId = map["requestId"]?.string
    for name in ["type", "uid", "requestId"] { map[name] = nil }
    members = map
  }

  public var target: AdapterTarget { AdapterTarget(members["opts"] ?? .null) }

  private var value: Value {
    var map = ValueMap()
    let type = kind.map { Value.integer($0.rawValue) }
    map["uid"] = uid.map { .text($0) }
    // Orders that begin with `type` are answers.
    if uid == nil { map["type"] = type }
    map["requestId"] = requestId.map { .text($0) }
    if uid != nil { map["type"] = type }
    map.merge(members)
    return .map(map)
  }

  public var bytes: [UInt8] {
    switch kind {
    case .broadcast, .broadcastAck: MessagePackWriter.write(value)
    default: Array(value.json.utf8)
    }
  }
}

/// A message of the sharded adapter: `{type, data, uid, nsp}`, in JSON unless there are bytes in it.
///
/// - Source: `createShardedAdapter` of `@socket.io/redis-adapter` 8 on the wire.
nonisolated public struct ShardedMessage: Sendable, Equatable {
  /// - Source: `MessageType` of `socket.io-adapter`.
  public enum Kind: Int, Sendable {
    case initialHeartbeat = 1
    case heartbeat, broadcast, socketsJoin, socketsLeave, disconnectSockets
    case fetchSockets, fetchSocketsResponse, serverSideEmit, serverSideEmitResponse
    case broadcastClientCount, broadcastAck, adapterClose
  }

  public var kind: Kind
  public var data: Value
  public var uid: String
  public var namespace: String

  public init(_ kind: Kind, _ data: Value, uid: String, namespace: String) {
    self.kind = kind
    self.data = data
    self.uid = uid
    self.namespace = namespace
  }

  public init?(_ bytes: [UInt8]) {
    let value =
      bytes.first == UInt8(ascii: "{")
      ? try? Value(json: bytes) : try? MessagePackReader.read(bytes)
    guard let value, let number = value.type.int, let kind = Kind(rawValue: number),
      let uid = value.uid.string
    else { return nil }
    self.init(kind, value.data, uid: uid, namespace: value.nsp.string ?? "/")
  }

  public var bytes: [UInt8] {
    var map = ValueMap([("type", .integer(kind.rawValue))])
    map["data"] = data.isUndefined ? nil : data
    map["uid"] = .text(uid)
    map["nsp"] = .text(namespace)
    return data.hasBytes ? MessagePackWriter.write(.map(map)) : Array(Value.map(map).json.utf8)
  }
}

nonisolated extension Value {
  /// Whether JSON could not hold it as it is.
  var hasBytes: Bool {
    switch self {
    case .data: true
    case .list(let list): list.contains { $0.hasBytes }
    case .map(let map): map.contains { $0.value.hasBytes }
    default: false
    }
  }
}

/// A request of `socket.io-redis` 5, or its answer: other numbers, and `requestid`.
nonisolated public struct LegacyRequest: Sendable, Equatable {
  public enum Kind: Int, Sendable {
    case clients = 0
    case clientRooms, allRooms, remoteJoin, remoteLeave, customRequest
    case remoteDisconnect
  }

  public var requestId: String
  /// Nil of an answer.
  public var kind: Kind?
  public var members: ValueMap

  public init(_ requestId: String, _ kind: Kind? = nil, _ members: [(String, Value)] = []) {
    self.requestId = requestId
    self.kind = kind
    self.members = ValueMap(members)
  }

  public init?(_ bytes: [UInt8]) {
    guard var map = try? Value(json: bytes).object, let id = map["requestid"]?.string else {
      return nil
    }
    if let type = map["type"] {
      guard let number = type.int, let known = Kind(rawValue: number) else { return nil }
      kind = known
    }
    requestId = id
    map["requestid"] = nil
    map["type"] = nil
    members = map
  }

  public var bytes: [UInt8] {
    var map = ValueMap([("requestid", .text(requestId))])
    map["type"] = kind.map { .integer($0.rawValue) }
    map.merge(members)
    return Array(Value.map(map).json.utf8)
  }
}
