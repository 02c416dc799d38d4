import Egg
import EggRedis
import RedisClient

/// The adapter that most servers use: `@socket.io/redis-adapter`, and `socket.io-redis` from 6 on.
///
/// Broadcasts of version 5 are understood too; its requests have other numbers, so servers of
/// both generations need different `key`s.
public final class ClassicAdapter: AdapterBase, RedisAdapter {
  public let uid = AdapterID.short()

  private var requestChannel: String { "\(options.key)-request#\(namespace)#" }
  var responseChannel: String { "\(options.key)-response#\(namespace)#" }

  // MARK: start and end

  public func start() async throws {
    listening.append(
      try await redis.subscribe(.pattern, [Self.escaped(channel) + "*"]) { [weak self] in
        self?.heard($0)
      })
    listening.append(
      try await redis.subscribe(.channel, [requestChannel]) { [weak self] in
        self?.requested($0.bytes)
      })
    listening.append(
      try await redis.subscribe(.channel, [responseChannel, "\(responseChannel)\(uid)#"]) {
        [weak self] in self?.responded($0.bytes)
      })
  }

  /// Letters that mean something in a pattern stand for themselves.
  static func escaped(_ channel: String) -> String {
    String(channel.flatMap { "*?[]\\".contains($0) ? ["\\", $0] : [$0] })
  }

  public func close() async { await end() }

  // MARK: what goes

  public func broadcast(_ packet: Value, _ target: AdapterTarget) {
    let message = BroadcastMessage(uid: uid, packet: packet, target: target)
    let room = target.rooms.count == 1 ? "\(target.rooms[0])#" : ""
    publish(channel + room, message.bytes())
  }

  public func broadcast(
    _ packet: Value, _ target: AdapterTarget, counted: @escaping @MainActor (Int) -> Void,
    answered: @escaping @MainActor (Value) -> Void
  ) async -> (servers: Int, end: @MainActor () -> Void) {
    let id = AdapterID.short()
    asking[id] = (counted, answered)
    let servers = await serverCount() - 1
    let members = [("packet", packet), ("opts", target.value(.server))]
    publish(
      requestChannel, AdapterRequest(uid: uid, requestId: id, .broadcast, members).bytes)
    return (max(0, servers), { [weak self] in self?.asking[id] = nil })
  }

  public func fetchSockets(_ target: AdapterTarget) async throws -> [Value] {
    try await ask(
      .remoteFetch, [("opts", target.value(.request))], host?.sockets(target) ?? [],
      { _, _ in "timeout reached while waiting for fetchSockets response" })
  }

  public func allRooms() async throws -> [String] {
    let names = try await ask(
      .allRooms, [], (host?.allRooms() ?? []).map { .text($0) },
      { _, _ in "timeout reached while waiting for allRooms response" })
    return Set(names.compactMap(\.string)).sorted()
  }

  /// A question to all other servers.
  ///
  /// - Parameter own: this server's answer.
  private func ask(
    _ kind: AdapterRequest.Kind, _ members: [(String, Value)], _ own: [Value],
    _ message: @escaping (Int, Int) -> String
  ) async throws -> [Value] {
    let others = await serverCount() - 1
    let id = AdapterID.short()
    return try await collect(id, own, from: others, message) {
      guard others > 0 || kind == .serverSideEmit else { return }
      publish(requestChannel, AdapterRequest(uid: uid, requestId: id, kind, members).bytes)
    }
  }

  /// Orders reach this server too when they come back from Redis.
  public func join(_ target: AdapterTarget, _ rooms: [String]) {
    order(.remoteJoin, target, ("rooms", .list(rooms.map { .text($0) })))
  }

  public func leave(_ target: AdapterTarget, _ rooms: [String]) {
    order(.remoteLeave, target, ("rooms", .list(rooms.map { .text($0) })))
  }

  public func disconnect(_ target: AdapterTarget, close: Bool) {
    order(.remoteDisconnect, target, ("close", .boolean(close)))
  }

  private func order(
    _ kind: AdapterRequest.Kind, _ target: AdapterTarget, _ member: (String, Value)
  ) {
    publish(
      requestChannel,
      AdapterRequest(uid: uid, kind, [("opts", target.value(.request)), member]).bytes)
  }

  public func serverSideEmit(_ data: [Value]) {
    publish(
      requestChannel, AdapterRequest(uid: uid, .serverSideEmit, [("data", .list(data))]).bytes)
  }

  public func serverSideEmitWithAnswers(_ data: [Value]) async throws -> [Value] {
    try await ask(
      .serverSideEmit, [("data", .list(data))], [],
      { "timeout reached: only \($0) responses received out of \($1)" })
  }

  public func roomChanged(_ room: String) {}

  /// Whoever listens for requests is a server.
  private func serverCount() async -> Int { await serverCount("NUMSUB", requestChannel) }

  func publish(_ channel: String, _ bytes: [UInt8]) { publish("PUBLISH", channel, bytes) }

  // MARK: what comes

  private func heard(_ message: RedisMessage) {
    guard message.channel.hasPrefix(channel) else { return }
    let room = message.channel.dropFirst(channel.count).dropLast()
    if !room.isEmpty, host?.hasRoom(String(room)) != true { return }
    guard let broadcast = BroadcastMessage(message.bytes), broadcast.uid != uid,
      broadcast.namespace == namespace
    else { return }
    host?.deliver(broadcast.packet, to: broadcast.target)
  }

  private func requested(_ bytes: [UInt8]) {
    if let old = LegacyRequest(bytes) { return answer(old) }
    guard let request = AdapterRequest(bytes), let kind = request.kind, let host else { return }
    let isOwn = request.uid == uid || request.requestId.map { open[$0] != nil } == true
    let target = request.target
    let rooms = AdapterTarget.names(request.members["rooms"] ?? .null)
    switch kind {
    case .sockets where !isOwn:
      let ids = host.sockets(AdapterTarget(rooms: rooms)).map(\.id)
      respond(request, nil, [("sockets", .list(ids))])
    case .allRooms where !isOwn:
      respond(request, nil, [("rooms", .list(host.allRooms().map { .text($0) }))])
    case .remoteFetch where !isOwn:
      respond(request, nil, [("sockets", .list(host.sockets(target)))])
    case .remoteJoin where request.members["opts"] != nil: host.join(target, rooms)
    case .remoteLeave where request.members["opts"] != nil: host.leave(target, rooms)
    case .remoteDisconnect where request.members["opts"] != nil:
      host.disconnect(target, close: request.members["close"]?.isTruthy == true)
    case .remoteJoin, .remoteLeave, .remoteDisconnect: single(request, kind)
    case .serverSideEmit where !isOwn: serverEvent(request)
    case .broadcast where !isOwn: broadcastAsked(request, target)
    default: break
    }
  }

  /// The form of version 6.0: one client by its id; who has it answers.
  private func single(_ request: AdapterRequest, _ kind: AdapterRequest.Kind) {
    guard let host, let id = request.members["sid"]?.string, host.hasRoom(id) else { return }
    let target = AdapterTarget(rooms: [id])
    let room = request.members["room"]?.string
    switch kind {
    case .remoteJoin: host.join(target, room.map { [$0] } ?? [])
    case .remoteLeave: host.leave(target, room.map { [$0] } ?? [])
    default: host.disconnect(target, close: request.members["close"]?.isTruthy == true)
    }
    respond(request, nil, [])
  }

  private func serverEvent(_ request: AdapterRequest) {
    guard let data = request.members["data"]?.array, data.first?.string != nil else { return }
    guard request.requestId != nil else {
      host?.serverEvent(data, answer: nil)
      return
    }
    var isAnswered = false
    host?.serverEvent(data) { [weak self] value in
      guard !isAnswered else { return }
      isAnswered = true
      self?.respond(request, .serverSideEmit, [("data", value)])
    }
  }

  private func broadcastAsked(_ request: AdapterRequest, _ target: AdapterTarget) {
    guard let packet = request.members["packet"], packet.object != nil, let host else { return }
    guard (packet.nsp.string ?? "/") == namespace else { return }
    let count = host.deliver(packet, to: target) { [weak self] value in
      self?.respond(request, .broadcastAck, [("packet", value)])
    }
    respond(request, .broadcastClientCount, [("clientCount", .integer(count))])
  }

  private func respond(
    _ request: AdapterRequest, _ kind: AdapterRequest.Kind?, _ members: [(String, Value)]
  ) {
    guard let id = request.requestId else { return }
    let own = options.publishOnSpecificResponseChannel ? request.uid.map { "\($0)#" } ?? "" : ""
    publish(
      responseChannel + own, AdapterRequest(requestId: id, kind, members).bytes)
  }

  private func responded(_ bytes: [UInt8]) {
    guard let answer = AdapterRequest(bytes), let id = answer.requestId else { return }
    switch answer.kind {
    case .broadcastClientCount: asking[id]?.counted(answer.members["clientCount"]?.int ?? 0)
    case .broadcastAck: asking[id]?.answered(answer.members["packet"] ?? .null)
    default:
      guard let request = open[id] else { return }
      let members = answer.members
      if answer.kind == .serverSideEmit {
        request.add([members["data"] ?? .null])
      } else {
        request.add(members["sockets"]?.array ?? members["rooms"]?.array ?? [])
      }
    }
  }
}
