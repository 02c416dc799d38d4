import Glibc
import PluginABI

/// Who a message is for; numbers as in `egg_messenger.h`.
enum MessageTarget: Equatable {
  case all, apps, agent, random
  case process(Int64)

  init?(_ number: UInt32, pid: UInt64) {
    switch Int(number) {
    case EGG_TO_ALL: self = .all
    case EGG_TO_APPS: self = .apps
    case EGG_TO_AGENT: self = .agent
    case EGG_TO_RANDOM: self = .random
    case EGG_TO_PID: self = .process(Int64(truncatingIfNeeded: pid))
    default: return nil
    }
  }
}

/// The sides of an application that a process can be.
struct ProcessSides: OptionSet {
  let rawValue: UInt8
  static let application = ProcessSides(rawValue: 1)
  static let agent = ProcessSides(rawValue: 2)

  init(rawValue: UInt8) { self.rawValue = rawValue }

  init(processKind: UInt32) {
    switch Int(processKind) {
    case EGG_PROCESS_WORKER: self = .application
    case EGG_PROCESS_AGENT: self = .agent
    default: self = [.application, .agent]
    }
  }
}

/// What carries messages to other processes.
protocol MessageCarrier: AnyObject {
  /// Bytes that wait to be sent.
  var waiting: Int { get }
  func send(_ target: MessageTarget, action: UnsafeBufferPointer<UInt8>, value: ByteBuffer)
}

/// `app.messenger` and `agent.messenger` of one process.
///
/// - Source: Egg, "Multi-Process Model", messenger; in one process a message is delivered in a later
///   turn, so that code behaves the same in both.
final class Messenger {
  /// More waiting bytes than this and senders are asked to pause.
  static let pauseMark = 1 << 20
  /// More, and messages are refused. One alone may be larger.
  static let waitingLimit = 64 << 20
  /// A message is never larger, so that its length fits every counter.
  static let messageLimit = 1 << 30

  private struct Listener {
    let token: UInt64
    let side: ProcessSides
    let heard: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<egg_value>) -> Void
    let state: UnsafeMutableRawPointer?
  }

  private struct Held {
    let action: String
    let sides: ProcessSides
    let value: ByteBuffer
  }

  private unowned(unsafe) let worker: Worker
  private var listeners: [String: [Listener]] = [:]
  private var lastToken: UInt64 = 0
  /// Set in a process of a cluster; without it this process is both sides.
  var carrier: (any MessageCarrier)?
  /// Bytes on their way inside this process.
  private var localWaiting = 0
  private var draining: [(done: egg_done, state: UnsafeMutableRawPointer?)] = []
  /// Arrived before the application had loaded, for actions that nobody listened to yet.
  private var held: [Held] = []

  init(_ worker: Worker) { self.worker = worker }

  private var sides: ProcessSides { ProcessSides(processKind: worker.processKind) }
  private var waiting: Int { carrier?.waiting ?? localWaiting }

  // MARK: sending

  func send(_ target: MessageTarget, _ action: egg_str, _ value: egg_value) -> egg_status {
    guard waiting < Messenger.waitingLimit else { return Status.limit }
    let bytes = ByteBuffer(capacity: 64)
    do throws(TreeRefusal) {
      try ValueWire.append(value, to: bytes)
    } catch {
      return error == .malformed ? Status.argument : error.status
    }
    guard bytes.count <= Messenger.messageLimit else { return Status.limit }
    if let carrier {
      carrier.send(target, action: action.bytes, value: bytes)
    } else {
      sendLocally(target, action.string, bytes)
    }
    return waiting > Messenger.pauseMark ? Status.again : Status.ok
  }

  private func sendLocally(_ target: MessageTarget, _ action: String, _ value: ByteBuffer) {
    let receivers: ProcessSides
    switch target {
    case .all: receivers = [.application, .agent]
    case .apps, .random: receivers = .application
    case .agent: receivers = .agent
    case .process(let pid): receivers = pid == Int64(getpid()) ? [.application, .agent] : []
    }
    let size = value.count
    localWaiting += size
    worker.loop.post { [self] in
      localWaiting -= size
      withExtendedLifetime(value) { deliver(action, value.bytes, to: receivers) }
      tellDrained()
    }
  }

  func whenDrained(_ done: @escaping egg_done, _ state: UnsafeMutableRawPointer?) {
    draining.append((done, state))
    worker.loop.post { [self] in tellDrained() }
  }

  /// The carrier has sent something.
  func tellDrained() {
    guard !draining.isEmpty, waiting <= Messenger.pauseMark / 2 else { return }
    let told = draining
    draining = []
    var outcome = egg_outcome()
    outcome.size = UInt32(MemoryLayout<egg_outcome>.size)
    for entry in told { entry.done(entry.state, &outcome) }
  }

  // MARK: receiving

  func add(
    _ side: UInt32, _ action: String,
    _ heard: @escaping @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<egg_value>) -> Void,
    _ state: UnsafeMutableRawPointer?
  ) -> UInt64? {
    let listening: ProcessSides
    switch Int(side) {
    case EGG_ON_APPLICATION: listening = .application
    case EGG_ON_AGENT: listening = .agent
    default: return nil
    }
    lastToken += 1
    listeners[action, default: []].append(
      Listener(token: lastToken, side: listening, heard: heard, state: state))
    return lastToken
  }

  func remove(_ token: UInt64) -> Bool {
    for (action, list) in listeners where list.contains(where: { $0.token == token }) {
      listeners[action] = list.count == 1 ? nil : list.filter { $0.token != token }
      return true
    }
    return false
  }

  /// A message from another process. Before the application has loaded it waits for a listener.
  func receive(_ action: String, _ value: UnsafeBufferPointer<UInt8>) {
    if !worker.isBooted, listeners[action] == nil {
      let copy = ByteBuffer(capacity: max(1, value.count))
      copy.append(value)
      held.append(Held(action: action, sides: sides, value: copy))
      return
    }
    deliver(action, value, to: sides)
  }

  /// The application has loaded.
  func releaseHeld() {
    let messages = held
    held = []
    for message in messages { deliver(message.action, message.value.bytes, to: message.sides) }
  }

  /// Tells this process something that the kernel has to say.
  func announce(_ action: String, _ value: ConfigValue, to receivers: ProcessSides) {
    guard listeners[action] != nil else { return }
    var arena = Arena()
    let tree = value.tree(in: &arena)
    call(action, tree, receivers)
    // The tree lies in it.
    arena.reset()
  }

  private func deliver(
    _ action: String, _ bytes: UnsafeBufferPointer<UInt8>, to receivers: ProcessSides
  ) {
    guard listeners[action] != nil else { return }
    var arena = Arena()
    // A byte on the wire is at most one value in memory, and both ends trust each other.
    arena.limit = .max
    var reader = ValueWireReader(bytes)
    guard let value = reader.value(in: &arena) else {
      worker.log.error("a message \"\(action)\" that can't be read was dropped")
      return
    }
    call(action, value, receivers)
    // The value lies in it.
    arena.reset()
  }

  private func call(_ action: String, _ value: egg_value, _ receivers: ProcessSides) {
    // A listener that an earlier one took away is not called any more.
    for listener in listeners[action] ?? []
    where !listener.side.isDisjoint(with: receivers)
      && listeners[action]?.contains(where: { $0.token == listener.token }) == true
    {
      var lent = value
      listener.heard(listener.state, &lent)
    }
  }
}
