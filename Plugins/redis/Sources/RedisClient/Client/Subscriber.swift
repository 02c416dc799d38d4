import Egg
import EggRedis

/// The connection that listens. It comes into being with the first channel, and after a loss all
/// channels are subscribed anew.
final class Subscriber {
  private struct Channel: Hashable {
    let kind: RedisChannelKind
    let name: String
  }

  private let loop: any RedisLoop
  private let options: RedisOptions
  private let open: () async throws -> Connection
  private var connection: Connection?
  private var isConnecting = false
  private var listeners: [Channel: [Listener]] = [:]
  private var confirmed: Set<Channel> = []
  private var waiting: [Channel: [UnsafeContinuation<RedisError?, Never>]] = [:]
  private var attempts = 0
  private var ended: RedisError?

  init(
    loop: any RedisLoop, options: RedisOptions, open: @escaping () async throws -> Connection
  ) {
    self.loop = loop
    self.options = options
    self.open = open
  }

  /// - Throws: when the server refuses a channel, or there is no connection after
  ///   `maxRetriesPerRequest` attempts.
  func listen(
    _ kind: RedisChannelKind, _ names: [String],
    _ receive: @escaping @MainActor (RedisMessage) -> Void
  ) async throws(RedisError) -> any RedisListening {
    guard !names.isEmpty else { throw .command("no channel is named") }
    if let ended { throw ended }
    let listener = Listener(self, kind, names, receive)
    var new: [String] = []
    for name in Set(names) {
      let channel = Channel(kind: kind, name: name)
      if listeners[channel] == nil { new.append(name) }
      listeners[channel, default: []].append(listener)
    }
    if let connection {
      subscribe(connection, kind, names.filter { new.contains($0) })
    } else {
      connect()
    }
    for name in names {
      let channel = Channel(kind: kind, name: name)
      guard !confirmed.contains(channel) else { continue }
      let failure = await withUnsafeContinuation { waiting[channel, default: []].append($0) }
      if let failure {
        forget(listener)
        throw failure
      }
    }
    return listener
  }

  private func subscribe(_ connection: Connection, _ kind: RedisChannelKind, _ names: [String]) {
    if kind == .shard {
      // One by one: together they would have to be of one slot of a cluster.
      for name in names { connection.tell("SSUBSCRIBE", [.text(name)]) }
    } else if !names.isEmpty {
      connection.tell(kind.rawValue.uppercased(), names.map { .text($0) })
    }
  }

  /// Stops for one listener; tells the server when it was the last of a channel.
  func forget(_ listener: Listener) {
    var gone: [String] = []
    for name in Set(listener.names) {
      let channel = Channel(kind: listener.kind, name: name)
      guard var rest = listeners[channel] else { continue }
      rest.removeAll { $0 === listener }
      listeners[channel] = rest.isEmpty ? nil : rest
      guard rest.isEmpty else { continue }
      confirmed.remove(channel)
      gone.append(name)
    }
    guard let connection, !gone.isEmpty else { return }
    let command =
      switch listener.kind {
      case .channel: "UNSUBSCRIBE"
      case .pattern: "PUNSUBSCRIBE"
      case .shard: "SUNSUBSCRIBE"
      }
    for name in gone { connection.tell(command, [.text(name)]) }
  }

  // MARK: the connection

  private func connect() {
    guard !isConnecting, connection == nil, ended == nil else { return }
    isConnecting = true
    Task { await self.keepConnecting() }
  }

  private func keepConnecting() async {
    defer { isConnecting = false }
    while ended == nil, !listeners.isEmpty {
      do {
        use(try await open())
        return
      } catch {
        attempts += 1
        let failure = error as? RedisError ?? .connect("\(error)")
        let limit = options.maxRetriesPerRequest
        if failure.isRefusal || limit > 0 && attempts % limit == 0 { refuse(failure) }
        let delay = min(options.retryDelay * min(attempts, 1000), options.maxRetryDelay)
        try? await loop.sleep(delay)
      }
    }
  }

  private func use(_ connection: Connection) {
    if let ended { return connection.close(ended) }
    attempts = 0
    self.connection = connection
    confirmed = []
    connection.onMessage = { [weak self] in self?.take($0) }
    connection.onClose = { [weak self] _ in
      self?.connection = nil
      self?.confirmed = []
      if self?.listeners.isEmpty == false { self?.connect() }
    }
    for kind in RedisChannelKind.allCases {
      subscribe(connection, kind, listeners.keys.filter { $0.kind == kind }.map(\.name))
    }
  }

  private func refuse(_ error: RedisError) {
    let all = waiting
    waiting = [:]
    for continuation in all.values.joined() { continuation.resume(returning: error) }
  }

  func end(_ error: RedisError) {
    ended = error
    listeners = [:]
    connection?.close(error)
    refuse(error)
  }

  // MARK: messages

  private func take(_ reply: Reply) {
    switch reply {
    case .value(.list(let items)), .push(let items): take(items)
    // A channel that the server does not let us have: it does not say which one.
    case .failure(let error): refuse(error)
    default: break
    }
  }

  private func take(_ items: [Value]) {
    switch items.first?.string {
    case "message": deliver(.channel, items, 1)
    case "smessage": deliver(.shard, items, 1)
    case "pmessage": deliver(.pattern, items, 2)
    case "subscribe": confirm(.channel, items)
    case "psubscribe": confirm(.pattern, items)
    case "ssubscribe": confirm(.shard, items)
    default: break
    }
  }

  /// - Parameter place: of the channel; in front of it is the pattern, if there is one.
  private func deliver(_ kind: RedisChannelKind, _ items: [Value], _ place: Int) {
    guard items.count == place + 2, let name = Self.text(items[1]),
      let all = listeners[Channel(kind: kind, name: name)]
    else { return }
    let message = RedisMessage(
      channel: Self.text(items[place]) ?? "", pattern: kind == .pattern ? name : nil,
      payload: items[place + 1])
    for listener in all { listener.receive(message) }
  }

  private func confirm(_ kind: RedisChannelKind, _ items: [Value]) {
    guard items.count > 1, let name = Self.text(items[1]) else { return }
    let channel = Channel(kind: kind, name: name)
    guard listeners[channel] != nil else { return }
    confirmed.insert(channel)
    for continuation in waiting.removeValue(forKey: channel) ?? [] {
      continuation.resume(returning: nil)
    }
  }

  private static func text(_ value: Value) -> String? {
    value.bytes.map { String(decoding: $0, as: UTF8.self) }
  }
}

/// Somebody who listens.
final class Listener: RedisListening {
  private weak var subscriber: Subscriber?
  let kind: RedisChannelKind
  let names: [String]
  let receive: @MainActor (RedisMessage) -> Void

  init(
    _ subscriber: Subscriber, _ kind: RedisChannelKind, _ names: [String],
    _ receive: @escaping @MainActor (RedisMessage) -> Void
  ) {
    self.subscriber = subscriber
    self.kind = kind
    self.names = names
    self.receive = receive
  }

  func end() async throws { subscriber?.forget(self) }
}
