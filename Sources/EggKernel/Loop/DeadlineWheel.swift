/// Something that may have one coarse deadline: an idle timeout, a header timeout.
///
/// Subclass it, or use `ReadySource`, which is one, so that a connection needs no second object.
package class DeadlineNode {
  /// Monotonic nanoseconds; `.max` when nothing is awaited.
  package fileprivate(set) final var deadline: UInt64 = .max

  // The list of the slot that holds this node. `tick` is 0 outside the wheel. The wheel retains a
  // linked node once, so the plain references below never dangle.
  fileprivate final var tick: UInt64 = 0
  fileprivate final unowned(unsafe) var next: DeadlineNode?
  fileprivate final unowned(unsafe) var previous: DeadlineNode?

  package init() {}

  /// Called on the loop once the deadline has passed; the node is out of the wheel by then and may
  /// be armed again.
  package func deadlinePassed() {}
}

/// Coarse deadlines for very many objects that move them all the time.
///
///     loop.deadlines.arm(connection, in: 75_000)   // on every request: one comparison, one store
///     loop.deadlines.remove(connection)            // when it closes
///
/// A wheel of 512 slots of 100 ms. Moving a deadline *later* only stores it; the node stays in its
/// slot and is moved when the wheel comes by (lazily). Deadlines further away than 51 s are met by
/// passing by several times. A deadline never passes early and at most one tick late.
/// - Complexity: O(1) for each operation; one visit per node and 51 s.
@safe package final class DeadlineWheel {
  /// Nanoseconds per slot.
  package static let tickLength: UInt64 = 100_000_000
  private static let slotCount: UInt64 = 512
  private static let slotMask: UInt64 = slotCount - 1

  /// How many nodes are in the wheel.
  package private(set) var count = 0
  private let slots: UnsafeMutablePointer<Unmanaged<DeadlineNode>?>
  private var now: UInt64
  private var nowTick: UInt64
  /// No slot before this tick holds a node; `.max` when the wheel is empty. May be too early.
  private var dueTick: UInt64 = .max

  /// - Parameter now: monotonic nanoseconds.
  package init(now: UInt64) {
    unsafe slots = .allocate(capacity: Int(Self.slotCount))
    unsafe slots.initialize(repeating: nil, count: Int(Self.slotCount))
    self.now = now
    nowTick = now / Self.tickLength
  }

  deinit {
    for slot in 0..<Int(Self.slotCount) {
      while let head = unsafe slots[slot] { unsafe unlink(head.takeUnretainedValue()) }
    }
    unsafe slots.deallocate()
  }

  /// When `advance` has something to do next, in monotonic nanoseconds; `.max` for never.
  var nextDue: UInt64 {
    dueTick == .max ? .max : dueTick &* Self.tickLength
  }

  /// Sets the node's deadline, replacing an earlier one.
  /// - Parameter milliseconds: from the loop's cached time; negative counts as 0.
  @inline(__always)
  package func arm(_ node: DeadlineNode, in milliseconds: Int) {
    let nanoseconds = UInt64(max(0, milliseconds)).multipliedReportingOverflow(by: 1_000_000)
    let delta = nanoseconds.overflow ? UInt64.max : nanoseconds.partialValue
    arm(node, at: LoopClock.saturating(now, adding: delta))
  }

  /// Sets the node's deadline, replacing an earlier one.
  /// - Parameter deadline: monotonic nanoseconds, `.max` for none.
  @inline(__always)
  package func arm(_ node: DeadlineNode, at deadline: UInt64) {
    node.deadline = deadline
    // Still to be visited before the new deadline? Then the visit will move it.
    if node.tick != 0 && node.tick &* Self.tickLength <= deadline { return }
    relink(node)
  }

  /// Forgets the deadline but leaves the node where it is, for one that will be armed again soon.
  /// The wheel keeps the node alive until it comes by, at most 51 s.
  package func disarm(_ node: DeadlineNode) {
    node.deadline = .max
  }

  /// Takes the node out and lets go of it. Nothing happens if it is not in the wheel.
  package func remove(_ node: DeadlineNode) {
    node.deadline = .max
    if node.tick != 0 { unlink(node) }
  }

  /// Moves the wheel's time on and calls `deadlinePassed()` of every node whose time has come.
  package func advance(to time: UInt64) {
    guard time > now else { return }
    now = time
    let lastTick = time / Self.tickLength
    guard lastTick >= dueTick else {
      nowTick = lastTick
      return
    }
    let first = max(dueTick, lastTick &- min(lastTick, Self.slotMask))
    for tick in first...lastTick {
      // Moves with the visit: a node that is put back lands in another slot than the visited one.
      nowTick = tick
      visit(slot: Int(tick & Self.slotMask))
    }
    dueTick = nextOccupiedTick()
  }

  private func visit(slot: Int) {
    while let head = unsafe slots[slot] {
      let node = unsafe head.takeUnretainedValue()
      unlink(node)
      if node.deadline <= now {
        node.deadline = .max
        node.deadlinePassed()
      } else if node.deadline != .max {
        relink(node)
      }
    }
  }

  private func nextOccupiedTick() -> UInt64 {
    guard count > 0 else { return .max }
    for distance in 1..<Self.slotCount {
      let tick = nowTick &+ distance
      if unsafe slots[Int(tick & Self.slotMask)] != nil { return tick }
    }
    return .max
  }

  private func relink(_ node: DeadlineNode) {
    if node.tick != 0 { unlink(node) }
    if node.deadline == .max { return }
    // Rounded up, so that it is never early; within one turn, so that no two ticks share a slot;
    // after the present tick, so that a visit in progress does not meet it again.
    let exact = node.deadline / Self.tickLength &+ 1
    let tick = min(max(exact, nowTick &+ 1), nowTick &+ Self.slotMask)
    let slot = Int(tick & Self.slotMask)
    unsafe node.previous = nil
    unsafe node.next = slots[slot]?.takeUnretainedValue()
    unsafe node.next?.previous = node
    unsafe slots[slot] = Unmanaged.passRetained(node)
    node.tick = tick
    dueTick = min(dueTick, tick)
    count += 1
  }

  private func unlink(_ node: DeadlineNode) {
    let slot = Int(node.tick & Self.slotMask)
    let next = unsafe node.next
    if let previous = unsafe node.previous {
      unsafe previous.next = next
    } else {
      unsafe slots[slot] = next.map { unsafe Unmanaged.passUnretained($0) }
    }
    unsafe next?.previous = unsafe node.previous
    unsafe node.next = nil
    unsafe node.previous = nil
    node.tick = 0
    count -= 1
    unsafe Unmanaged.passUnretained(node).release()
  }
}
