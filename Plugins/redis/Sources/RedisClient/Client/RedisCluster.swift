import Egg
import EggRedis

/// A client of a cluster: asks the node that has the key, and goes where it is sent.
public final class RedisCluster: RedisBackend {
  private let options: RedisOptions
  private let loop: any RedisLoop
  public var onEvent: ((RedisClient.Event) -> Void)?
  private var nodes: [Endpoint: RedisClient] = [:]
  private var slots = [Endpoint?](repeating: nil, count: Slot.count)
  private var refresh: Task<Void, any Error>?
  private var isEnded = false
  /// A command is sent on at most this often.
  private static let maxRedirections = 16

  public init(_ options: RedisOptions, loop: any RedisLoop) {
    self.options = options
    self.loop = loop
  }

  public var status: String {
    if isEnded { return "end" }
    return slots.contains { $0 != nil } ? "ready" : "connecting"
  }

  public func start() { _ = refreshing() }

  /// Waits until some node has told who has what.
  public func ready() async throws {
    let limit = loop.nowMilliseconds + UInt64(options.readyTimeout)
    while true {
      do {
        return try await refreshing().value
      } catch let error as RedisError {
        guard !error.isRefusal, !isEnded, loop.nowMilliseconds < limit else { throw error }
        try await loop.sleep(min(options.maxRetryDelay, 200))
      }
    }
  }

  // MARK: who has what

  private func refreshing() -> Task<Void, any Error> {
    if let refresh { return refresh }
    let task = Task {
      defer { self.refresh = nil }
      try await self.loadSlots()
    }
    refresh = task
    return task
  }

  /// - Throws: `EGG_REDIS_CONNECT` with what each node said.
  private func loadSlots() async throws {
    var failures: [String] = []
    var asked = Set<Endpoint>()
    for endpoint in Array(nodes.keys) + options.nodes where asked.insert(endpoint).inserted {
      if isEnded { throw RedisError.closed("the client was ended") }
      do {
        let node = node(endpoint)
        let reply = try await node.call("CLUSTER", ["SLOTS"])
        try take(reply, from: endpoint)
        onEvent?(.ready(endpoint))
        return
      } catch let error as RedisError {
        if error.isRefusal { throw error }
        failures.append(error.message)
      }
    }
    throw RedisError.connect("no node of the cluster answers: \(failures.joined(separator: "; "))")
  }

  /// A list of `[first, last, [host, port, id], replicas…]`.
  private func take(_ reply: Value, from endpoint: Endpoint) throws(RedisError) {
    var fresh = [Endpoint?](repeating: nil, count: Slot.count)
    var used = Set<Endpoint>()
    for range in reply.array ?? [] {
      guard let first = range[0].int, let last = range[1].int, first >= 0, last >= first,
        last < Slot.count, let port = range[2][1].int
      else { throw .protocol("slots that make no sense") }
      // A node that does not know its own address means the one we reached it by.
      let host = range[2][0].string.flatMap { $0.isEmpty ? nil : $0 } ?? endpoint.host
      let master = Endpoint.tcp(host: host, port: port)
      used.insert(master)
      for slot in first...last { fresh[slot] = master }
    }
    guard !used.isEmpty else { throw .connect("\(endpoint): the cluster has no slots") }
    slots = fresh
    for (gone, client) in nodes where !used.contains(gone) && !options.nodes.contains(gone) {
      nodes[gone] = nil
      client.end()
    }
  }

  private func node(_ endpoint: Endpoint) -> RedisClient {
    if let known = nodes[endpoint] { return known }
    var options = options
    options.nodes = []
    options.path = nil
    if case .tcp(let host, let port) = endpoint { (options.host, options.port) = (host, port) }
    // A node that does not answer must not keep a command from finding another.
    options.maxRetriesPerRequest = min(options.maxRetriesPerRequest, 3)
    let client = RedisClient(options, loop: loop)
    client.onEvent = { [weak self] event in
      if case .ready = event { return }
      self?.onEvent?(event)
    }
    client.start()
    nodes[endpoint] = client
    return client
  }

  private func node(for key: [UInt8]?) async throws -> RedisClient {
    if isEnded { throw RedisError.closed("the client was ended") }
    let slot = key.map { Slot.of($0) } ?? Int.random(in: 0..<Slot.count)
    if slots[slot] == nil { try await refreshing().value }
    guard let endpoint = slots[slot] ?? slots.compactMap({ $0 }).first else {
      throw RedisError.connect("no node has slot \(slot)")
    }
    return node(endpoint)
  }

  /// The key with its prefix, as it decides about the slot.
  private func key(_ name: String, _ arguments: [Value]) -> [UInt8]? {
    CommandTraits(name, arguments).firstKey(arguments).map { Array(options.keyPrefix.utf8) + $0 }
  }

  // MARK: commands

  public func call(_ name: String, _ arguments: [Value]) async throws -> Value {
    var client = try await node(for: key(name, arguments))
    for redirection in 0..<Self.maxRedirections {
      do throws(RedisError) {
        return try await client.reply(name, arguments).get()
      } catch {
        switch error.code {
        case "MOVED":
          guard let target = Self.target(error, from: client) else { throw error }
          if let slot = Self.slot(error) { slots[slot] = target }
          _ = refreshing()
          client = node(target)
        case "ASK":
          guard let target = Self.target(error, from: client) else { throw error }
          return try await asking(node(target), name, arguments)
        case "TRYAGAIN", "CLUSTERDOWN":
          try await loop.sleep(min(1000, 50 << redirection))
          if error.code == "CLUSTERDOWN" { try? await refreshing().value }
          client = try await node(for: key(name, arguments))
        // Nothing was sent: another node may have the slot by now.
        case "EGG_REDIS_CONNECT" where redirection < 3:
          try await refreshing().value
          client = try await node(for: key(name, arguments))
        default: throw error
        }
      }
    }
    throw RedisError(
      code: "EGG_REDIS_CLUSTER", "\(name): sent on more than \(Self.maxRedirections) times")
  }

  /// For this one command the node answers about a slot that is on its way to it.
  private func asking(_ client: RedisClient, _ name: String, _ arguments: [Value]) async throws
    -> Value
  {
    let commands: [[Value]] = [["ASKING"], [.text(name)] + arguments]
    let results = try await client.batch(commands, atomic: false) ?? []
    guard let last = results.last else { throw RedisError.protocol("nothing") }
    return try last.get()
  }

  /// `MOVED 3999 127.0.0.1:6381`; without a host it is the one that answered.
  private static func target(_ error: RedisError, from client: RedisClient) -> Endpoint? {
    guard let place = error.message.split(separator: " ").last,
      let colon = place.lastIndex(of: ":"), let port = Int(place[place.index(after: colon)...])
    else { return nil }
    let host = String(place[..<colon])
    return .tcp(host: host.isEmpty ? client.options.host : host, port: port)
  }

  private static func slot(_ error: RedisError) -> Int? {
    error.message.split(separator: " ").first.flatMap { Int($0) }
      .flatMap { (0..<Slot.count).contains($0) ? $0 : nil }
  }

  /// All commands must have keys of one slot in a transaction; a pipeline is split by node.
  public func batch(_ commands: [[Value]], atomic: Bool) async throws
    -> [Result<Value, RedisError>]?
  {
    if atomic {
      let keys = commands.compactMap { $0.first?.string.flatMap(nameKey($0)) }
      guard Set(keys.map { Slot.of($0) }).count <= 1 else {
        throw RedisError(
          code: "CROSSSLOT", "the keys of a transaction have to be of one slot, use {…} in them")
      }
      return try await node(for: keys.first).batch(commands, atomic: true)
    }
    let tasks = commands.map { command in
      Task { () -> Result<Value, RedisError> in
        guard let name = command.first?.string else {
          return .failure(.command("a command begins with its name"))
        }
        do {
          return .success(try await self.call(name, Array(command.dropFirst())))
        } catch {
          return .failure(error as? RedisError ?? .connect("\(error)"))
        }
      }
    }
    var results: [Result<Value, RedisError>] = []
    for task in tasks { results.append(await task.value) }
    return results
  }

  private func nameKey(_ command: [Value]) -> (String) -> [UInt8]? {
    { self.key($0, Array(command.dropFirst())) }
  }

  // MARK: others

  public func subscribe(
    _ kind: RedisChannelKind, _ names: [String],
    _ receive: @escaping @MainActor (RedisMessage) -> Void
  ) async throws -> any RedisListening {
    guard kind == .shard else {
      return try await node(for: nil).subscribe(kind, names, receive)
    }
    // Each channel at the node of its slot.
    var parts: [any RedisListening] = []
    for name in names {
      let node = try await node(for: Array(name.utf8))
      parts.append(try await node.subscribe(kind, [name], receive))
    }
    return Listeners(parts)
  }

  public func duplicate() async throws -> any RedisBackend {
    let cluster = RedisCluster(options, loop: loop)
    try await cluster.ready()
    return cluster
  }

  public func quit() async {
    isEnded = true
    for client in nodes.values { await client.quit() }
    nodes = [:]
  }
}

private final class Listeners: RedisListening {
  private let parts: [any RedisListening]

  init(_ parts: [any RedisListening]) { self.parts = parts }

  func end() async throws { for part in parts { try await part.end() } }
}
