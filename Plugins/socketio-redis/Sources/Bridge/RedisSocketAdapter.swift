import Egg
import RedisClient
import SocketIO
import SocketIORedis

/// The rooms of one namespace on all servers: those of this process in memory, the others by way
/// of Redis.
///
/// While Redis is away it is an adapter in memory.
public final class RedisSocketAdapter: MemoryAdapter {
  private let bridge: RedisBridge
  private(set) lazy var remote: any RedisAdapter = bridge.makeAdapter(namespace.name, self)

  init(_ namespace: Namespace, _ bridge: RedisBridge) {
    self.bridge = bridge
    super.init(namespace)
  }

  func start() {
    Task {
      do {
        try await remote.start()
      } catch {
        bridge.failed(namespace.name, error)
      }
    }
  }

  private var isAlone: Bool { !bridge.isConnected }

  // MARK: membership

  public override func add(_ socket: Socket, _ room: String) {
    let isNew = rooms[room] == nil
    super.add(socket, room)
    if isNew { remote.roomChanged(room) }
  }

  public override func remove(_ socket: Socket, _ room: String) {
    super.remove(socket, room)
    if rooms[room] == nil { remote.roomChanged(room) }
  }

  public override func removeAll(_ socket: Socket) {
    let left = socket.rooms
    super.removeAll(socket)
    for room in left where rooms[room] == nil { remote.roomChanged(room) }
  }

  /// Ids of clients have no channel, except those that do not look like ids: of old clients outside of
  /// "/", and of applications that make their own.
  public override func ownRoomChanged(_ socket: Socket) { remote.roomChanged(socket.id) }

  // MARK: what goes

  private func packet(_ arguments: EventArguments) -> Value {
    ["type": 2, "data": EventValues.list(arguments), "nsp": namespace.name]
  }

  /// For other servers: a sender is left out by the room of its id.
  private func target(_ target: Target, timeout: Int? = nil) -> AdapterTarget {
    var flags = ValueMap()
    if target.isVolatile { flags["volatile"] = true }
    if target.isPlain { flags["compress"] = false }
    if let timeout { flags["timeout"] = .integer(timeout) }
    let sender = target.sender.map { [$0.id] } ?? []
    return AdapterTarget(rooms: target.rooms, except: target.except + sender, flags: flags)
  }

  public override func broadcast(_ arguments: EventArguments, _ target: Target) {
    if !target.isLocal { remote.broadcast(packet(arguments), self.target(target)) }
    super.broadcast(arguments, target)
  }

  public override func broadcast(
    _ arguments: EventArguments, _ target: Target, timeout: Int,
    done: @escaping ([EventArguments], Bool) -> Void
  ) {
    guard !target.isLocal, !isAlone else {
      return super.broadcast(arguments, target, timeout: timeout, done: done)
    }
    let answers = GatheredAnswers(done)
    super.broadcast(arguments, target, timeout: timeout) { answers.local($0, timedOut: $1) }
    answers.limit(bridge.loop, timeout)
    let packet = packet(arguments)
    let whom = self.target(target, timeout: timeout)
    Task {
      let asked = await remote.broadcast(
        packet, whom, counted: { answers.counted($0) },
        answered: { answers.add(EventValues.arguments(.list([$0]))) })
      answers.asked(asked.servers, end: asked.end)
    }
  }

  public override func fetchSockets(
    _ target: Target, done: @escaping (Result<[SocketFacts], AdapterFailure>) -> Void
  ) {
    guard !target.isLocal, !isAlone else { return super.fetchSockets(target, done: done) }
    Task {
      do {
        let found = try await remote.fetchSockets(self.target(target))
        done(.success(found.compactMap { SocketFacts($0) }))
      } catch {
        done(.failure(AdapterFailure("\(error)")))
      }
    }
  }

  public override func join(_ target: Target, _ rooms: [String]) {
    if target.isLocal || isAlone { return super.join(target, rooms) }
    remote.join(self.target(target), rooms)
  }

  public override func leave(_ target: Target, _ rooms: [String]) {
    if target.isLocal || isAlone { return super.leave(target, rooms) }
    remote.leave(self.target(target), rooms)
  }

  public override func disconnect(_ target: Target, close: Bool) {
    if target.isLocal || isAlone { return super.disconnect(target, close: close) }
    remote.disconnect(self.target(target), close: close)
  }

  // MARK: what is known of others

  public override func clients(
    _ rooms: [String], done: @escaping ([String], AdapterFailure?) -> Void
  ) {
    var target = Target()
    target.rooms = rooms
    fetchSockets(target) { result in
      switch result {
      case .success(let found): done(found.map(\.id), nil)
      case .failure(let failure): done([], failure)
      }
    }
  }

  public override func clientRooms(
    _ id: String, done: @escaping (Result<[String]?, AdapterFailure>) -> Void
  ) {
    if namespace.socket(id) != nil || isAlone { return super.clientRooms(id, done: done) }
    fetchSockets(one(id)) { done($0.map { $0.first?.rooms }) }
  }

  public override func allRooms(done: @escaping (Result<[String], AdapterFailure>) -> Void) {
    if isAlone { return super.allRooms(done: done) }
    Task {
      do {
        done(.success(try await remote.allRooms()))
      } catch {
        done(.failure(AdapterFailure("\(error)")))
      }
    }
  }

  public override func remoteJoin(
    _ id: String, _ room: String, done: @escaping (AdapterFailure?) -> Void
  ) {
    if namespace.socket(id) != nil { return super.remoteJoin(id, room, done: done) }
    elsewhere(id, done) { $0.remote.join($1, [room]) }
  }

  public override func remoteLeave(
    _ id: String, _ room: String, done: @escaping (AdapterFailure?) -> Void
  ) {
    if namespace.socket(id) != nil { return super.remoteLeave(id, room, done: done) }
    elsewhere(id, done) { $0.remote.leave($1, [room]) }
  }

  public override func remoteDisconnect(
    _ id: String, close: Bool, done: @escaping (AdapterFailure?) -> Void
  ) {
    if namespace.socket(id) != nil { return super.remoteDisconnect(id, close: close, done: done) }
    elsewhere(id, done) { $0.remote.disconnect($1, close: close) }
  }

  private func one(_ id: String) -> Target {
    var target = Target()
    target.rooms = [id]
    return target
  }

  /// Orders have no answers; so first it is asked whether somebody has the client.
  private func elsewhere(
    _ id: String, _ done: @escaping (AdapterFailure?) -> Void,
    _ order: @escaping (RedisSocketAdapter, AdapterTarget) -> Void
  ) {
    fetchSockets(one(id)) { [self] result in
      switch result {
      case .failure(let failure): done(failure)
      case .success(let found) where found.isEmpty:
        done(AdapterFailure("no socket has the id \(id)"))
      case .success:
        order(self, AdapterTarget(rooms: [id]))
        done(nil)
      }
    }
  }

  public override func serverSideEmit(
    _ arguments: EventArguments, done: (([EventArguments], AdapterFailure?) -> Void)?
  ) {
    let data = EventValues.list(arguments).array ?? []
    guard let done else { return remote.serverSideEmit(data) }
    Task {
      do {
        let answers = try await remote.serverSideEmitWithAnswers(data)
        done(answers.map { EventValues.arguments(.list([$0])) }, nil)
      } catch {
        let partial = (error as? AdapterTimeout)?.partial ?? []
        done(
          partial.map { EventValues.arguments(.list([$0])) }, AdapterFailure("\(error)"))
      }
    }
  }

  public override func close() {
    let remote = remote
    Task { await remote.close() }
  }
}

// MARK: what others ask of this server

extension RedisSocketAdapter: AdapterHost {
  private func local(_ target: AdapterTarget) -> Target {
    var local = Target()
    local.rooms = target.rooms
    local.except = target.except
    local.isLocal = true
    local.isVolatile = target.flags["volatile"]?.isTruthy == true
    local.isPlain = target.flags["compress"]?.bool == false
    return local
  }

  public func deliver(_ packet: Value, to target: AdapterTarget) {
    super.broadcast(EventValues.arguments(packet.data), local(target))
  }

  public func deliver(
    _ packet: Value, to target: AdapterTarget, answer: @escaping @MainActor (Value) -> Void
  ) -> Int {
    let arguments = EventValues.arguments(packet.data)
    let timeout = max(1, target.flags["timeout"]?.int ?? 5000)
    var count = 0
    forEach(local(target)) { socket in
      count += 1
      socket.emit(arguments, timeout: timeout) { result in
        if case .success(let answered) = result { answer(EventValues.list(answered)[0]) }
      }
    }
    return count
  }

  public func sockets(_ target: AdapterTarget) -> [Value] {
    var found: [Value] = []
    forEach(local(target)) { found.append($0.facts.value) }
    return found
  }

  public func allRooms() -> [String] { Array(rooms.keys) + Array(namespace.connected.keys) }

  public func hasRoom(_ room: String) -> Bool {
    rooms[room] != nil || namespace.socket(room) != nil
  }

  public func join(_ target: AdapterTarget, _ rooms: [String]) { super.join(local(target), rooms) }
  public func leave(_ target: AdapterTarget, _ rooms: [String]) {
    super.leave(local(target), rooms)
  }
  public func disconnect(_ target: AdapterTarget, close: Bool) {
    super.disconnect(local(target), close: close)
  }
  public func serverEvent(_ data: [Value], answer: (@MainActor (Value) -> Void)?) {
    namespace.receive(
      EventValues.arguments(.list(data)),
      answer: answer.map { answer in { answer(EventValues.list($0)[0]) } })
  }
}

extension SocketFacts {
  init?(_ value: Value) {
    guard let id = value.id.string else { return nil }
    func json(_ part: Value) -> [UInt8] { part.object == nil ? [] : part.jsonBytes }
    self.init(
      id: id, rooms: (value.rooms.array ?? []).compactMap(\.string), data: json(value.data),
      handshake: json(value.handshake))
  }

  var value: Value {
    func object(_ json: [UInt8]) -> Value {
      (json.isEmpty ? nil : try? Value(json: json)) ?? .map(ValueMap())
    }
    let rooms = Value.list(rooms.map { .text($0) })
    return ["id": id, "handshake": object(handshake), "rooms": rooms, "data": object(data)]
  }
}

/// Answers of this server's clients and of others', until all are there or time is over.
private final class GatheredAnswers {
  private var answers: [EventArguments] = []
  private var isLocalDone = false
  private var others = AnnouncedClients()
  private var end: (@MainActor () -> Void)?
  private var timer: (any RedisTimer)?
  private var done: (([EventArguments], Bool) -> Void)?

  init(_ done: @escaping ([EventArguments], Bool) -> Void) { self.done = done }

  func limit(_ loop: any RedisLoop, _ timeout: Int) {
    timer = try? loop.timer(after: timeout) { [weak self] in self?.finish(timedOut: true) }
  }

  func local(_ some: [EventArguments], timedOut: Bool) {
    answers += some
    isLocalDone = true
    if timedOut { finish(timedOut: true) } else { check() }
  }

  func asked(_ servers: Int, end: @escaping @MainActor () -> Void) {
    others.servers = servers
    if done == nil { return end() }
    self.end = end
    check()
  }

  func counted(_ count: Int) {
    others.count(count)
    check()
  }

  func add(_ answer: EventArguments) {
    guard done != nil else { return }
    answers.append(answer)
    others.answers += 1
    check()
  }

  private func check() {
    guard isLocalDone, others.haveAnswered else { return }
    finish(timedOut: false)
  }

  private func finish(timedOut: Bool) {
    timer?.cancel()
    timer = nil
    end?()
    end = nil
    let done = done
    self.done = nil
    done?(answers, timedOut)
  }
}
