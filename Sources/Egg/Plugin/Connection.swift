internal import PluginABI

/// A connection that was taken over: a stream of bytes, for protocols of your own.
public struct Connection: Hashable {
  let host: Host
  /// Good until the handler's `closed`; afterwards every use is refused.
  public let id: UInt64

  nonisolated public static func == (a: Connection, b: Connection) -> Bool { a.id == b.id }
  nonisolated public func hash(into hasher: inout Hasher) { hasher.combine(id) }

  /// How a write went.
  public enum Written: Sendable {
    case taken
    /// Taken, but wait for `writable` before sending more.
    case wait
    /// Too much is waiting already, or the connection is gone.
    case refused
  }

  private var upgrade: UnsafePointer<egg_upgrade> { host.upgrade! }

  /// Sends at the end of this turn of the loop, with everything else for this peer.
  @discardableResult
  public func write(_ bytes: [UInt8]) -> Written {
    outcome(bytes.withEggString { upgrade.pointee.write(host.table, id, $0) })
  }

  @discardableResult
  public func write(_ bytes: UnsafeRawBufferPointer) -> Written {
    let text = egg_str(bytes.bindMemory(to: UInt8.self))
    return outcome(upgrade.pointee.write(host.table, id, text))
  }

  /// The same bytes to many connections: one copy for all.
  @discardableResult
  public func write(_ buffer: SharedBuffer) -> Written {
    outcome(upgrade.pointee.write_buffer(host.table, id, buffer.pointer))
  }

  private func outcome(_ status: egg_status) -> Written {
    switch status {
    case Status.ok: .taken
    case Status.again: .wait
    default: .refused
    }
  }

  /// Bytes that wait to be sent.
  public var waiting: Int {
    var bytes: UInt64 = 0
    _ = upgrade.pointee.waiting(host.table, id, &bytes)
    return Int(clamping: bytes)
  }

  /// Stops and restarts what comes in.
  public func pause(_ paused: Bool) { _ = upgrade.pointee.pause(host.table, id, paused) }

  /// Sends what waits and ends; `now` drops what waits.
  public func close(now: Bool = false) { _ = upgrade.pointee.close(host.table, id, now) }
}

/// Bytes that many connections share.
nonisolated public final class SharedBuffer: @unchecked Sendable {
  let pointer: OpaquePointer
  private let upgrade: UnsafePointer<egg_upgrade>

  init?(_ bytes: egg_str, _ host: Host) {
    guard let upgrade = host.upgrade, let pointer = upgrade.pointee.buffer(host.table, bytes) else {
      return nil
    }
    self.pointer = pointer
    self.upgrade = upgrade
  }

  deinit { upgrade.pointee.release_buffer(pointer) }
}

/// What happens on a connection that was taken over.
@MainActor public protocol ConnectionHandler: AnyObject {
  /// The head of the answer is on its way.
  func opened(_ connection: Connection)
  /// Bytes from the peer; they are gone when this returns.
  func received(_ connection: Connection, _ bytes: UnsafeRawBufferPointer)
  /// After a write answered `.wait`.
  func writable(_ connection: Connection)
  /// Exactly once, the last of all; also when `opened` never came.
  func closed(_ reason: CloseReason)
}

extension ConnectionHandler {
  public func writable(_ connection: Connection) {}
}

public enum CloseReason: Int, Sendable {
  case byUs, byPeer, reset, timeout, shutdown
}

extension Context {
  /// Takes the connection over when the chain has ended: the status (101 unless set) and the
  /// headers that were set are sent, then `handler` gets every byte.
  ///
  /// - Throws: `EggError` when the answer has begun or somebody took it already.
  public func takeOver(_ handler: any ConnectionHandler) throws {
    try TakenConnection.take(self, handler)
  }
}

extension ApplicationBase {
  /// Bytes to send to many connections; nil when the kernel offers no connections or no memory.
  public func sharedBuffer(_ bytes: [UInt8]) -> SharedBuffer? {
    bytes.withEggString { SharedBuffer($0, host) }
  }
}
