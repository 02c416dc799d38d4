import Egg
import EggRedis

/// Who waits for a reply.
enum Waiter {
  case nobody
  case task(UnsafeContinuation<Reply, Never>)
  case function((Reply) -> Void)

  func take(_ reply: Reply) {
    switch self {
    case .nobody: break
    case .task(let continuation): continuation.resume(returning: reply)
    case .function(let function): function(reply)
    }
  }
}

/// Those who wait for replies, in the order of their commands, each for a limited time.
final class ReplyQueue {
  private struct Slot {
    var waiter: Waiter
    let deadline: UInt64
  }

  private let loop: any RedisLoop
  /// Milliseconds; 0 is for ever.
  private let timeout: Int
  private var slots: [Slot] = []
  private var head = 0
  private var timer: (any RedisTimer)?

  init(_ loop: any RedisLoop, timeout: Int) {
    self.loop = loop
    self.timeout = timeout
  }

  var count: Int { slots.count - head }
  var isEmpty: Bool { head == slots.count }

  func append(_ waiter: Waiter) {
    guard timeout > 0 else {
      slots.append(Slot(waiter: waiter, deadline: .max))
      return
    }
    slots.append(Slot(waiter: waiter, deadline: loop.nowMilliseconds + UInt64(timeout)))
    if timer == nil { wait() }
  }

  func removeFirst() -> Waiter? {
    guard head < slots.count else { return nil }
    let waiter = slots[head].waiter
    slots[head].waiter = .nobody
    head += 1
    if head == slots.count {
      slots.removeAll(keepingCapacity: slots.capacity <= 16384)
      head = 0
      stopTimer()
    } else if head >= 4096, head * 2 > slots.count {
      slots.removeFirst(head)
      head = 0
    }
    return waiter
  }

  /// Everybody gets the same answer.
  func removeAll(_ error: RedisError) {
    let all = slots[head...]
    slots = []
    head = 0
    stopTimer()
    for slot in all { slot.waiter.take(.failure(error)) }
  }

  /// Moves everybody to the end of another queue; time starts anew.
  func moveAll(to other: ReplyQueue) {
    for slot in slots[head...] { other.append(slot.waiter) }
    slots = []
    head = 0
    stopTimer()
  }

  private func stopTimer() {
    timer?.cancel()
    timer = nil
  }

  private func wait() {
    let now = loop.nowMilliseconds
    let next = slots[head...].first {
      if case .nobody = $0.waiter { false } else { true }
    }
    guard let next else { return }
    let delay = next.deadline > now ? Int(next.deadline - now) : 0
    timer = try? loop.timer(after: delay + 1) { [weak self] in self?.expire() }
  }

  private func expire() {
    timer = nil
    let now = loop.nowMilliseconds
    var expired: [Waiter] = []
    for place in slots.indices[head...] {
      guard slots[place].deadline <= now else { break }
      expired.append(slots[place].waiter)
      slots[place].waiter = .nobody  // the reply is still to come and goes nowhere
    }
    wait()
    let error = RedisError.timeout("no reply within \(timeout) ms; whether it ran is not known")
    for waiter in expired { waiter.take(.failure(error)) }
  }
}
