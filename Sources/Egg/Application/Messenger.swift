internal import PluginABI

/// Messages between the processes of an application: `app.messenger`, `agent.messenger`.
///
///     agent.messenger.on("egg-ready") { _ in
///       agent.messenger.sendToApp("refresh", ["keys": ["a", "b"]])
///     }
///     app.messenger.on("refresh") { data in cache.drop(data.keys) }
///
/// A message arrives in a later turn of the receiver's loop; two from one process to another arrive in
/// the order of sending. When one process is worker and agent in one, messages go between the two
/// sides of it.
///
/// Differs from Egg: sending says whether the receiver keeps up.
public final class Messenger {
  private let unit: Unit
  private let side: Int
  private let table: UnsafePointer<egg_messenger>?
  private var host: Host { unit.host }

  init(_ unit: Unit, side: Int) {
    self.unit = unit
    self.side = side
    table = unit.host.query(EGG_MESSENGER_ID)?.assumingMemoryBound(to: egg_messenger.self)
  }

  /// How sending went.
  public enum Sent: Sendable {
    case taken
    /// Taken, but wait for `drained()` before sending more.
    case wait
    /// Not taken: too much waits already, or the data has objects in it. The log says which.
    case refused
  }

  // MARK: sending

  /// To every application process, this one too if it is one, and to the agent.
  @discardableResult
  public func broadcast(_ action: String, _ data: Value = .null) -> Sent {
    send(EGG_TO_ALL, action, data)
  }

  /// To the process with that id, if it belongs to this application.
  @discardableResult
  public func sendTo(_ pid: Int, _ action: String, _ data: Value = .null) -> Sent {
    guard pid > 0 else { return .taken }
    return send(EGG_TO_PID, action, data, pid: UInt64(pid))
  }

  /// To every application process, this one too if it is one.
  @discardableResult
  public func sendToApp(_ action: String, _ data: Value = .null) -> Sent {
    send(EGG_TO_APPS, action, data)
  }

  @discardableResult
  public func sendToAgent(_ action: String, _ data: Value = .null) -> Sent {
    send(EGG_TO_AGENT, action, data)
  }

  /// To one application process, any.
  @discardableResult
  public func sendRandom(_ action: String, _ data: Value = .null) -> Sent {
    send(EGG_TO_RANDOM, action, data)
  }

  /// Returns when so little waits to be sent that more may follow.
  public func drained() async {
    guard let table else { return }
    _ = try? await Awaited.value(host, "messenger.drained") { done, state in
      table.pointee.drained(host.table, done, state)
    }
  }

  private func send(_ to: Int, _ action: String, _ data: Value, pid: UInt64 = 0) -> Sent {
    guard let table else { return .refused }
    let status = action.withEggString { action in
      withEggValue(data) { table.pointee.send(host.table, UInt32(to), pid, action, $0) }
    }
    switch status {
    case Status.ok: return .taken
    case Status.again: return .wait
    default:
      Logger(unit).error("messenger: \"\(action)\" was not sent: \(Status.text(status))")
      return .refused
    }
  }

  // MARK: receiving

  /// Calls `heard` for each message of that action to this side.
  ///
  /// The kernel's own: `egg-ready` (`port`, `address`, `protocol`) when every process is ready;
  /// `egg-pids`, the application's processes for the agent, the agent's for the application.
  @discardableResult
  public func on(_ action: String, _ heard: @escaping @MainActor (Value) -> Void)
    -> MessageListener
  {
    MessageListener.add(host, table, side, action, once: false, heard)
  }

  /// The same, only the first time.
  @discardableResult
  public func once(_ action: String, _ heard: @escaping @MainActor (Value) -> Void)
    -> MessageListener
  {
    MessageListener.add(host, table, side, action, once: true, heard)
  }
}

/// Somebody who listens to messages, until `end`; also when nobody holds this object.
public final class MessageListener {
  private let host: Host
  private let table: UnsafePointer<egg_messenger>?
  private let isOnce: Bool
  private let heard: @MainActor (Value) -> Void
  private var token: UInt64 = 0

  private init(
    _ host: Host, _ table: UnsafePointer<egg_messenger>?, once: Bool,
    _ heard: @escaping @MainActor (Value) -> Void
  ) {
    self.host = host
    self.table = table
    isOnce = once
    self.heard = heard
  }

  fileprivate static func add(
    _ host: Host, _ table: UnsafePointer<egg_messenger>?, _ side: Int, _ action: String,
    once: Bool, _ heard: @escaping @MainActor (Value) -> Void
  ) -> MessageListener {
    let listener = MessageListener(host, table, once: once, heard)
    guard let table else { return listener }
    let reference = Unmanaged.passRetained(listener)
    let status = action.withEggString {
      table.pointee.on(
        host.table, UInt32(side), $0, heardMessage, reference.toOpaque(), &listener.token)
    }
    if status != Status.ok { reference.release() }
    return listener
  }

  public func end() {
    guard token != 0, let table else { return }
    _ = table.pointee.off(host.table, token)
    token = 0
    Unmanaged.passUnretained(self).release()
  }

  fileprivate func received(_ value: egg_value) {
    let data = Value(value, host: host)
    if isOnce { end() }
    heard(data)
  }
}

extension ApplicationBase {
  /// Messages to and from the other processes of this application.
  public var messenger: Messenger {
    if let known = knownMessenger { return known }
    let messenger = Messenger(unit, side: memberTarget)
    knownMessenger = messenger
    return messenger
  }
}

extension Application {
  /// The agent, when this process is worker and agent in one; nil in a worker of a cluster.
  public var agent: Agent? { unit.agent }
}

private let heardMessage = unsafeBitCast(
  { state, value in
    guard let state else { return }
    // Counted: the listener may end itself.
    let listener = Unmanaged<MessageListener>.fromOpaque(state).takeUnretainedValue()
    listener.received(value.pointee)
  } as @MainActor @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<egg_value>) -> Void,
  to: (@convention(c) (UnsafeMutableRawPointer?, UnsafePointer<egg_value>) -> Void).self)
