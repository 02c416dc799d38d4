import Foundation
import Synchronization
import Testing

@testable import EggKernel

@Suite("Blocking pool") struct BlockingPoolTests {
  @Test func `work runs beside the loop and its completion on the loop`() throws {
    let loop = try EventLoop()
    let pool = BlockingPool(loop)
    defer { pool.close() }
    let mailbox = loop.mailbox
    nonisolated(unsafe) var places: [Bool] = []
    let answer = pool.submit(
      {
        let isOnLoop = mailbox.isOnLoop
        mailbox.post { places.append(isOnLoop) }
      }, then: { places.append(mailbox.isOnLoop) })
    #expect(answer == .accepted)
    while places.count < 2 { loop.runOnce() }
    #expect(places == [false, true])
  }

  @Test func `a full queue refuses, and accepts again when it has room`() throws {
    let loop = try EventLoop()
    let pool = BlockingPool(loop, threads: 1, queue: 2)
    defer { pool.close() }
    let gate = DispatchSemaphore(value: 0)
    let started = DispatchSemaphore(value: 0)
    nonisolated(unsafe) var done = 0
    let first = pool.submit(
      {
        started.signal()
        gate.wait()
      }, then: { done += 1 })
    #expect(first == .accepted)
    started.wait()  // the only thread is busy, the queue empty
    #expect(pool.submit({}, then: { done += 1 }) == .accepted)
    #expect(pool.submit({}, then: { done += 1 }) == .accepted)
    #expect(pool.submit({}, then: { done += 1 }) == .full)
    #expect(pool.load.waiting == 2)
    gate.signal()
    while done < 3 { loop.runOnce() }
    #expect(pool.submit({}, then: { done += 1 }) == .accepted)
    while done < 4 { loop.runOnce() }
  }

  @Test func `threads start only when needed and never more than asked for`() throws {
    let loop = try EventLoop()
    let pool = BlockingPool(loop, threads: 3)
    #expect(pool.load.threads == 0)
    let running = Atomic<Int>(0)
    let most = Atomic<Int>(0)
    nonisolated(unsafe) var done = 0
    for _ in 0..<30 {
      let answer = pool.submit(
        {
          let now = running.add(1, ordering: .relaxed).newValue
          most.max(now, ordering: .relaxed)
          usleep(1000)
          running.subtract(1, ordering: .relaxed)
        }, then: { done += 1 })
      #expect(answer == .accepted)
    }
    while done < 30 { loop.runOnce() }
    #expect(most.load(ordering: .relaxed) == 3)
    #expect(pool.load.threads == 3)
    pool.close()
  }

  @Test func `a queue that wraps and grows keeps its order`() throws {
    let loop = try EventLoop()
    let pool = BlockingPool(loop, threads: 1)
    defer { pool.close() }
    nonisolated(unsafe) var order: [Int] = []
    for number in 0..<10 {
      #expect(pool.submit({}, then: { order.append(number) }) == .accepted)
    }
    while order.count < 10 { loop.runOnce() }
    for number in 10..<300 {
      #expect(pool.submit({ usleep(10) }, then: { order.append(number) }) == .accepted)
    }
    while order.count < 300 { loop.runOnce() }
    #expect(order == Array(0..<300))
  }

  @Test func `a closed pool finishes what it has and accepts nothing more`() throws {
    let loop = try EventLoop()
    let pool = BlockingPool(loop, threads: 1)
    let gate = DispatchSemaphore(value: 0)
    nonisolated(unsafe) var done = 0
    _ = pool.submit({ gate.wait() }, then: { done += 1 })
    _ = pool.submit({}, then: { done += 1 })
    pool.close()
    #expect(pool.submit({}) == .unavailable)
    gate.signal()
    while done < 2 { loop.runOnce() }
    while pool.load.threads > 0 { sched_yield() }
  }

  @Test func `what the completion holds is let go on the loop`() throws {
    final class Token: Sendable {
      let onDeinit: @Sendable () -> Void
      init(_ onDeinit: @escaping @Sendable () -> Void) { self.onDeinit = onDeinit }
      deinit { onDeinit() }
    }
    let loop = try EventLoop()
    let pool = BlockingPool(loop, threads: 1)
    defer { pool.close() }
    let mailbox = loop.mailbox
    let onLoop = Atomic<Int>(0)
    let elsewhere = Atomic<Int>(0)
    for _ in 0..<500 {
      let token = Token {
        if mailbox.isOnLoop {
          onLoop.add(1, ordering: .relaxed)
        } else {
          elsewhere.add(1, ordering: .relaxed)
        }
      }
      _ = pool.submit({ _ = token }, then: { _ = token })
    }
    while onLoop.load(ordering: .relaxed) + elsewhere.load(ordering: .relaxed) < 500 {
      loop.runOnce(timeout: 10)
    }
    #expect(elsewhere.load(ordering: .relaxed) == 0)
  }

  @Test func `the C form passes its pointer to both functions`() throws {
    let loop = try EventLoop()
    let pool = BlockingPool(loop, threads: 500)  // moved into the range
    defer { pool.close() }
    let numbers = UnsafeMutablePointer<Int>.allocate(capacity: 2)
    numbers.initialize(repeating: 0, count: 2)
    defer { numbers.deallocate() }
    let answer = pool.submit(
      { $0!.assumingMemoryBound(to: Int.self)[0] = 7 },
      then: { $0!.assumingMemoryBound(to: Int.self)[1] = 8 }, numbers)
    #expect(answer == .accepted)
    while numbers[1] == 0 { loop.runOnce() }
    #expect((numbers[0], numbers[1]) == (7, 8))
  }
}
