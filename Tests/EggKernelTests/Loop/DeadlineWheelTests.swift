import Testing

@testable import EggKernel

/// Driven by a fake clock; one tick is 100 ms.
@Suite("Deadline wheel") struct DeadlineWheelTests {
  private final class Node: DeadlineNode {
    var fired = 0
    var onFire: () -> Void = {}
    override func deadlinePassed() {
      fired += 1
      onFire()
    }
  }

  private static let second: UInt64 = 1_000_000_000
  private let start = 1000 * second + 12_345

  @Test(arguments: [1, 99, 100, 101, 5_000, 51_100, 51_200, 51_300, 75_000, 600_000])
  func `a deadline never passes early and at most one tick late`(milliseconds: Int) {
    let wheel = DeadlineWheel(now: start)
    let node = Node()
    wheel.arm(node, in: milliseconds)
    let deadline = start + UInt64(milliseconds) * 1_000_000
    var time = start
    while node.fired == 0 {
      time += 10_000_000
      wheel.advance(to: time)
      #expect(node.fired == 0 || time >= deadline)
      guard time <= deadline + 110_000_000 else { break }
    }
    #expect(node.fired == 1)
    #expect(wheel.count == 0)
    #expect(wheel.nextDue == .max)
  }

  @Test func `a loop that sleeps until nextDue meets every deadline in time`() {
    let wheel = DeadlineWheel(now: start)
    let nodes = (0..<200).map { _ in Node() }
    for (index, node) in nodes.enumerated() { wheel.arm(node, in: 1 + index * 613) }
    var turns = 0
    while wheel.count > 0 && turns < 10_000 {
      let time = wheel.nextDue
      wheel.advance(to: time)
      for (index, node) in nodes.enumerated() {
        let deadline = start + UInt64(1 + index * 613) * 1_000_000
        #expect(node.fired == (deadline <= time ? 1 : 0) || deadline + 100_000_000 > time)
      }
      turns += 1
    }
    #expect(nodes.allSatisfy { $0.fired == 1 })
  }

  @Test func `a deadline that moves later all the time never passes`() {
    let wheel = DeadlineWheel(now: start)
    let node = Node()
    var time = start
    for _ in 0..<300 {
      wheel.arm(node, in: 5_000)
      time += Self.second
      wheel.advance(to: time)
    }
    #expect(node.fired == 0)
    wheel.advance(to: time + 5 * Self.second)
    #expect(node.fired == 1)
  }

  @Test func `a deadline may be moved earlier`() {
    let wheel = DeadlineWheel(now: start)
    let node = Node()
    wheel.arm(node, in: 40_000)
    wheel.arm(node, in: 1_000)
    wheel.advance(to: start + 2 * Self.second)
    #expect(node.fired == 1)
  }

  @Test func `a disarmed node is kept until its slot comes by, a removed one is let go`() {
    let wheel = DeadlineWheel(now: start)
    weak var disarmed: Node?
    weak var removed: Node?
    do {
      let first = Node()
      let second = Node()
      wheel.arm(first, in: 1_000)
      wheel.arm(second, in: 1_000)
      wheel.disarm(first)
      wheel.remove(second)
      wheel.remove(second)
      disarmed = first
      removed = second
    }
    #expect(disarmed != nil)
    #expect(removed == nil)
    #expect(wheel.count == 1)
    wheel.advance(to: start + 2 * Self.second)
    #expect(disarmed == nil)
    #expect(wheel.count == 0)
  }

  @Test func `a callback may remove, arm and re-arm nodes of its own slot`() {
    let wheel = DeadlineWheel(now: start)
    let nodes = (0..<4).map { _ in Node() }
    for node in nodes { wheel.arm(node, in: 1_000) }
    // The slot is a list whose newest node comes first.
    nodes[3].onFire = {
      wheel.remove(nodes[2])
      wheel.remove(nodes[0])
      wheel.arm(nodes[3], in: 0)
    }
    wheel.advance(to: start + 2 * Self.second)
    #expect(nodes.map(\.fired) == [0, 1, 0, 1])
    nodes[3].onFire = {}
    wheel.advance(to: start + 3 * Self.second)
    #expect(nodes.map(\.fired) == [0, 1, 0, 2])
    #expect(wheel.count == 0)
  }

  @Test func `a process that was stopped for an hour catches up in one step`() {
    let wheel = DeadlineWheel(now: start)
    let nodes = (0..<100).map { _ in Node() }
    for (index, node) in nodes.enumerated() { wheel.arm(node, in: index * 2_000) }
    wheel.advance(to: start + 3600 * Self.second)
    #expect(nodes.allSatisfy { $0.fired == 1 })
  }

  @Test func `deadlines at the end of time do not overflow`() {
    let wheel = DeadlineWheel(now: start)
    let node = Node()
    wheel.arm(node, in: .max)
    wheel.arm(node, in: -1)
    wheel.arm(node, at: .max - 1)
    wheel.advance(to: start + 100 * Self.second)
    #expect(node.fired == 0)
  }

  @Test func `nodes still in the wheel are let go with it`() {
    weak var witness: Node?
    do {
      let wheel = DeadlineWheel(now: start)
      let node = Node()
      witness = node
      wheel.arm(node, in: 1_000)
    }
    #expect(witness == nil)
  }
}
