import Egg
import EggRedis
import RedisClient

/// The adapter for Redis 7 and clusters: `createShardedAdapter`. Rooms have channels of their own
/// where somebody is in them.
public final class ShardedAdapter: AdapterBase, RedisAdapter {
  public let uid = AdapterID.long()
  private var rooms: [String: Task<(any RedisListening)?, Never>] = [:]

  // MARK: start and end

  public func start() async throws {
    for name in [channel, "\(channel)\(uid)#"] {
      listening.append(
        try await redis.subscribe(.shard, [name]) { [weak self] in self?.heard($0.bytes) })
    }
  }

  public func close() async {
    for task in rooms.values { try? await task.value?.end() }
    rooms = [:]
    await end()
  }

  /// Whether a room has a channel where it has members.
  private func isDynamic(_ room: String) -> Bool {
    switch options.subscriptionMode {
    case .static: false
    // Names of clients have 20 characters.
    case .dynamic: room.utf16.count != 20
    case .dynamicPrivate: true
    }
  }

  public func roomChanged(_ room: String) {
    guard isDynamic(room) else { return }
    if host?.hasRoom(room) == true {
      guard rooms[room] == nil else { return }
      let name = "\(channel)\(room)#"
      rooms[room] = Task { [weak self, redis] in
        try? await redis.subscribe(.shard, [name]) { self?.heard($0.bytes) }
      }
    } else if let task = rooms.removeValue(forKey: room) {
      Task { try? await task.value?.end() }
    }
  }

  // MARK: what goes

  public func broadcast(_ packet: Value, _ target: AdapterTarget) {
    let room = target.rooms.count == 1 && isDynamic(target.rooms[0]) ? "\(target.rooms[0])#" : ""
    send(.broadcast, [("packet", packet), ("opts", target.value(.server))], to: channel + room)
  }

  public func broadcast(
    _ packet: Value, _ target: AdapterTarget, counted: @escaping @MainActor (Int) -> Void,
    answered: @escaping @MainActor (Value) -> Void
  ) async -> (servers: Int, end: @MainActor () -> Void) {
    let id = AdapterID.long()
    asking[id] = (counted, answered)
    let servers = await serverCount() - 1
    send(
      .broadcast,
      [("packet", packet), ("requestId", .text(id)), ("opts", target.value(.server))], to: channel)
    return (max(0, servers), { [weak self] in self?.asking[id] = nil })
  }

  public func fetchSockets(_ target: AdapterTarget) async throws -> [Value] {
    try await ask(
      .fetchSockets, [("opts", target.value(.server))], host?.sockets(target) ?? [],
      { _, _ in "timeout reached while waiting for fetchSockets response" })
  }

  /// Only this server's: the sharded adapter has no such question.
  public func allRooms() async throws -> [String] { (host?.allRooms() ?? []).sorted() }

  private func ask(
    _ kind: ShardedMessage.Kind, _ members: [(String, Value)], _ own: [Value],
    _ message: @escaping (Int, Int) -> String
  ) async throws -> [Value] {
    let others = await serverCount() - 1
    let id = AdapterID.long()
    return try await collect(id, own, from: others, message) {
      guard others > 0 else { return }
      let number = [("requestId", Value.text(id))]
      send(kind, kind == .serverSideEmit ? number + members : members + number, to: channel)
    }
  }

  /// Unlike the classic adapter's, orders do not come back: this server carries them out itself.
  public func join(_ target: AdapterTarget, _ rooms: [String]) {
    host?.join(target, rooms)
    order(.socketsJoin, target, ("rooms", .list(rooms.map { .text($0) })))
  }

  public func leave(_ target: AdapterTarget, _ rooms: [String]) {
    host?.leave(target, rooms)
    order(.socketsLeave, target, ("rooms", .list(rooms.map { .text($0) })))
  }

  public func disconnect(_ target: AdapterTarget, close: Bool) {
    host?.disconnect(target, close: close)
    order(.disconnectSockets, target, ("close", .boolean(close)))
  }

  private func order(
    _ kind: ShardedMessage.Kind, _ target: AdapterTarget, _ member: (String, Value)
  ) {
    send(kind, [("opts", target.value(.server)), member], to: channel)
  }

  public func serverSideEmit(_ data: [Value]) {
    send(.serverSideEmit, [("packet", .list(data))], to: channel)
  }

  public func serverSideEmitWithAnswers(_ data: [Value]) async throws -> [Value] {
    try await ask(
      .serverSideEmit, [("packet", .list(data))], [],
      { "timeout reached: only \($0) responses received out of \($1)" })
  }

  private func serverCount() async -> Int { await serverCount("SHARDNUMSUB", channel) }

  private func send(
    _ kind: ShardedMessage.Kind, _ data: [(String, Value)], to channel: String
  ) {
    let message = ShardedMessage(kind, .map(ValueMap(data)), uid: uid, namespace: namespace)
    publish("SPUBLISH", channel, message.bytes)
  }

  // MARK: what comes

  private func heard(_ bytes: [UInt8]) {
    guard let message = ShardedMessage(bytes), message.uid != uid,
      message.namespace == namespace, let host
    else { return }
    let data = message.data
    let target = AdapterTarget(data.opts)
    let rooms = AdapterTarget.names(data.rooms)
    let id = data.requestId.string
    switch message.kind {
    case .broadcast where data.packet.object == nil: break
    case .broadcast:
      guard let id else { return host.deliver(data.packet, to: target) }
      let count = host.deliver(data.packet, to: target) { [weak self] value in
        self?.respond(message, .broadcastAck, id, ("packet", value))
      }
      respond(message, .broadcastClientCount, id, ("clientCount", .integer(count)))
    case .socketsJoin: host.join(target, rooms)
    case .socketsLeave: host.leave(target, rooms)
    case .disconnectSockets: host.disconnect(target, close: data.close.isTruthy)
    case .fetchSockets:
      if let id {
        respond(message, .fetchSocketsResponse, id, ("sockets", .list(host.sockets(target))))
      }
    case .fetchSocketsResponse: if let id { open[id]?.add(data.sockets.array ?? []) }
    case .serverSideEmit: serverEvent(message, id)
    case .serverSideEmitResponse: if let id { open[id]?.add([data.packet]) }
    case .broadcastClientCount: if let id { asking[id]?.counted(data.clientCount.int ?? 0) }
    case .broadcastAck: if let id { asking[id]?.answered(data.packet) }
    case .initialHeartbeat, .heartbeat, .adapterClose: break
    }
  }

  private func serverEvent(_ message: ShardedMessage, _ id: String?) {
    guard let data = message.data.packet.array, data.first?.string != nil else { return }
    guard let id else {
      host?.serverEvent(data, answer: nil)
      return
    }
    var isAnswered = false
    host?.serverEvent(data) { [weak self] value in
      guard !isAnswered else { return }
      isAnswered = true
      self?.respond(message, .serverSideEmitResponse, id, ("packet", value))
    }
  }

  private func respond(
    _ message: ShardedMessage, _ kind: ShardedMessage.Kind, _ id: String,
    _ member: (String, Value)
  ) {
    send(kind, [("requestId", .text(id)), member], to: "\(channel)\(message.uid)#")
  }
}
