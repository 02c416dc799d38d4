import Testing

@testable import EggKernel

@Suite("Work ring") struct WorkRingTests {
  @Test func `it keeps its order while it wraps around and grows`() {
    var ring = WorkRing(capacity: 4)
    var seen: [Int] = []
    var next = 0
    func push(_ count: Int) {
      for _ in 0..<count {
        let number = next
        next += 1
        ring.push(.closure { seen.append(number) })
      }
    }
    func pop(_ count: Int) {
      for _ in 0..<count {
        guard case .closure(let closure) = ring.pop() else {
          Issue.record("the ring is empty too early")
          return
        }
        closure()
      }
    }
    push(3)
    pop(2)
    push(3)  // wraps
    push(7)  // grows twice, the first time in the middle of a wrap
    let full = ring.count
    #expect(full == 11)
    pop(11)
    #expect(seen == Array(0..<13))
    let (count, isEmpty) = (ring.count, ring.isEmpty)
    #expect((count, isEmpty) == (0, true))
    let last = ring.pop()
    #expect(last == nil)
  }

  @Test func `what is left is let go with the ring`() {
    final class Token {}
    weak var witness: Token?
    do {
      let token = Token()
      witness = token
      var ring = WorkRing(capacity: 2)
      ring.push(.closure { _ = token })
    }
    #expect(witness == nil)
  }
}

@Suite("Timer heap") struct TimerHeapTests {
  @Test func `a thousand timers leave in order, without those that were cancelled`() {
    var heap = TimerHeap()
    var generator = SplitMix(state: 42)
    var fired: [Int] = []
    var expected: [(deadline: UInt64, number: Int)] = []
    var ids: [TimerID] = []
    for number in 0..<1000 {
      let deadline = UInt64.random(in: 0..<300, using: &generator)
      ids.append(heap.add(deadline: deadline, .closure { fired.append(number) }))
      expected.append((deadline, number))
    }
    for number in stride(from: 0, to: 1000, by: 3) {
      #expect(heap.cancel(ids[number]) != nil)
      #expect(heap.cancel(ids[number]) == nil)
    }
    expected.removeAll { $0.number % 3 == 0 }
    expected.sort { ($0.deadline, $0.number) < ($1.deadline, $1.number) }
    let mark = heap.mark
    for time in 0..<UInt64(300) {
      while case .closure(let closure)? = heap.next(now: time, before: mark) { closure() }
      #expect(fired.count == expected.filter { $0.deadline <= time }.count)
    }
    #expect(fired == expected.map(\.number))
    #expect(heap.nextDeadline == .max)
  }

  @Test func `an old name does not cancel the timer that took its place`() {
    var heap = TimerHeap()
    let old = heap.add(deadline: 1, .closure {})
    #expect(heap.cancel(old) != nil)
    let new = heap.add(deadline: 1, .closure {})
    #expect(old != new)
    #expect(heap.cancel(old) == nil)
    #expect(heap.count == 1)
  }

  @Test func `missed repetitions are skipped`() {
    var heap = TimerHeap()
    _ = heap.add(deadline: 10, interval: 10, .closure {})
    #expect(heap.next(now: 10, before: heap.mark) != nil)
    #expect(heap.nextDeadline == 20)
    #expect(heap.next(now: 57, before: heap.mark) != nil)
    #expect(heap.nextDeadline == 67)
  }

  @Test func `timers added while others fire wait for the next round`() {
    var heap = TimerHeap()
    _ = heap.add(deadline: 1, .closure {})
    let mark = heap.mark
    #expect(heap.next(now: 5, before: mark) != nil)
    _ = heap.add(deadline: 1, .closure {})
    #expect(heap.next(now: 5, before: mark) == nil)
    #expect(heap.next(now: 5, before: heap.mark) != nil)
  }
}

/// A seeded generator, so that a failure can be repeated.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}
