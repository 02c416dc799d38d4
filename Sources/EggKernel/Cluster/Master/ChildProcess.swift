import Glibc

/// A process that the master has started.
final class ChildProcess {
  enum State {
    case starting, ready, draining
    /// Told to end, because everything ends.
    case closing
  }

  let role: ProcessRole
  /// 1, 2, … for workers; 0 for the agent.
  let number: Int
  let pid: pid_t
  let channel: Channel
  /// Its row of the board.
  let rowIndex: Int
  /// The end through which accepted connections are passed; -1 without.
  let passing: Int32
  let spawned: UInt64
  var state = State.starting
  /// What it said about a failed start.
  var failure: String?
  /// Already sent SIGABRT because its loop did not turn.
  var isCondemned = false
  /// The one it takes the place of, until it is ready.
  var replaces: ChildProcess?
  /// Channels that are not read because this one can't take more.
  var held: [Channel] = []

  init(
    role: ProcessRole, number: Int, pid: pid_t, channel: Channel, rowIndex: Int, passing: Int32
  ) {
    self.role = role
    self.number = number
    self.pid = pid
    self.channel = channel
    self.rowIndex = rowIndex
    self.passing = passing
    spawned = monotonicNanoseconds()
  }

  var name: String { role == .agent ? "agent" : "worker \(number)" }

  /// "12.3" milliseconds since it was started.
  var age: String {
    let tenths = (monotonicNanoseconds() &- spawned) / 100_000
    return "\(tenths / 10).\(tenths % 10)"
  }

  func signal(_ number: Int32) { kill(pid, number) }

  func releaseHeld() {
    let channels = held
    held = []
    for channel in channels { channel.resume() }
  }
}
