import Foundation
import Testing

@testable import EggKernel

/// A loop of its own in each test, not installed as Swift's executor.
@Suite("Event loop") struct EventLoopTests {
  @Test func `a readable descriptor calls its source until it is read, or once with edge`() throws {
    let loop = try EventLoop()
    let level = try PipePair()
    let edge = try PipePair()
    var calls = ["level": 0, "edge": 0]
    try loop.register(level.reading, .read, ReadyHandler { _ in calls["level"]! += 1 })
    try loop.register(edge.reading, [.read, .edge], ReadyHandler { _ in calls["edge"]! += 1 })
    level.send()
    edge.send()
    for _ in 0..<3 { loop.runOnce(timeout: 0) }
    #expect(calls == ["level": 3, "edge": 1])
    edge.send()
    loop.runOnce(timeout: 0)
    #expect(calls == ["level": 4, "edge": 2])
  }

  @Test func `modify changes what is watched`() throws {
    let loop = try EventLoop()
    let pipe = try PipePair()
    var calls: [ReadyEvents] = []
    try loop.register(pipe.writing, [], ReadyHandler { calls.append($0) })
    loop.runOnce(timeout: 0)
    #expect(calls == [])
    try loop.modify(pipe.writing, .write)
    loop.runOnce(timeout: 0)
    #expect(calls == [.writable])
  }

  @Test func `a hang-up is reported without being asked for`() throws {
    let loop = try EventLoop()
    let pipe = try PipePair()
    var events: ReadyEvents = []
    try loop.register(pipe.reading, [], ReadyHandler { events = $0 })
    pipe.closeWriting()
    loop.runOnce(timeout: 0)
    #expect(events == .hangup)
  }

  @Test func `an event of a source deregistered in the same batch is dropped`() throws {
    let loop = try EventLoop()
    let pipes = try (0..<2).map { _ in try PipePair() }
    var calls = 0
    for pipe in pipes {
      let handler = ReadyHandler { _ in
        calls += 1
        for pipe in pipes { loop.deregister(pipe.reading) }
      }
      try loop.register(pipe.reading, .read, handler)
      pipe.send()
    }
    loop.runOnce(timeout: 0)
    #expect(calls == 1)
  }

  @Test func `an old event is not given to a new source with the same descriptor`() throws {
    let loop = try EventLoop()
    let pipes = try (0..<2).map { _ in try PipePair() }
    var first = 0
    var second = 0
    for (index, pipe) in pipes.enumerated() {
      let other = pipes[1 - index]
      let handler = ReadyHandler { _ in
        first += 1
        loop.deregister(other.reading)
        other.drain()
        try? loop.register(other.reading, .read, ReadyHandler { _ in second += 1 })
      }
      try loop.register(pipe.reading, .read, handler)
      pipe.send()
    }
    loop.runOnce(timeout: 0)
    #expect((first, second) == (1, 0))
  }

  @Test func `the loop keeps a source alive, also while it deregisters itself`() throws {
    let loop = try EventLoop()
    let pipe = try PipePair()
    weak var witness: SelfRemoving?
    var order: [String] = []
    do {
      let source = SelfRemoving(loop, pipe.reading) { order.append($0) }
      witness = source
      try loop.register(pipe.reading, .read, source)
    }
    #expect(witness != nil)
    pipe.send()
    loop.runOnce(timeout: 0)
    #expect(order == ["ready", "still here", "deinit"])
    #expect(witness == nil)
  }

  @Test func `descriptors that cannot be watched are refused with their reason`() throws {
    let loop = try EventLoop()
    let pipe = try PipePair()
    let source = ReadySource()
    try loop.register(pipe.reading, .read, source)
    let file = open("/proc/self/exe", O_RDONLY)
    defer { close(file) }
    for (descriptor, number) in [
      (pipe.reading, EEXIST), (file, EPERM), (-1, EBADF), (1 << 20, EBADF), (.max, EBADF),
    ] {
      let error = try #require(throws: LoopError.self) {
        try loop.register(descriptor, .read, source)
      }
      #expect(error.code == .descriptor)
      #expect(error.errorNumber == number)
      #expect(error.operation == "epoll_ctl(add, \(descriptor))")
    }
    let error = try #require(throws: LoopError.self) { try loop.modify(999, .read) }
    #expect(error.errorNumber == ENOENT)
  }

  @Test func `timers fire in the order of their deadlines, equal ones by age`() throws {
    let loop = try EventLoop()
    var fired: [Int] = []
    let base = loop.now + 1_000_000
    for (number, offset) in [(4, 3), (1, 1), (2, 2), (3, 2)] as [(Int, UInt64)] {
      loop.schedule(at: base + offset) { fired.append(number) }
    }
    while fired.count < 4 { loop.runOnce() }
    #expect(fired == [1, 2, 3, 4])
  }

  @Test func `a timer never fires early`() throws {
    let loop = try EventLoop()
    var fired = false
    let start = DispatchTime.now().uptimeNanoseconds
    loop.schedule(after: 5) { fired = true }
    while !fired { loop.runOnce() }
    #expect(DispatchTime.now().uptimeNanoseconds - start >= 5_000_000)
  }

  @Test func `a cancelled timer does not fire, and only the first cancel says so`() throws {
    let loop = try EventLoop()
    var fired: [String] = []
    let first = loop.schedule(after: 1) { fired.append("first") }
    loop.schedule(after: 2) { fired.append("second") }
    #expect(loop.cancel(first))
    #expect(!loop.cancel(first))
    #expect(!loop.cancel(.none))
    while fired.isEmpty { loop.runOnce() }
    #expect(fired == ["second"])
  }

  @Test func `a repeating timer repeats until it is cancelled from its own handler`() throws {
    let loop = try EventLoop()
    var count = 0
    var timer = TimerID.none
    timer = loop.schedule(every: 1) {
      count += 1
      if count == 3 { loop.cancel(timer) }
    }
    var isOver = false
    loop.schedule(after: 20) { isOver = true }
    while !isOver { loop.runOnce() }
    #expect(count == 3)
  }

  @Test func `what a cancelled timer held may cancel another in its deinit`() throws {
    final class Holder {
      let onDeinit: () -> Void
      init(_ onDeinit: @escaping () -> Void) { self.onDeinit = onDeinit }
      deinit { onDeinit() }
    }
    let loop = try EventLoop()
    let other = loop.schedule(after: 1000) {}
    var didCancel = false
    var holder: Holder? = Holder { didCancel = loop.cancel(other) }
    let timer = loop.schedule(after: 1000) { [holder] in _ = holder }
    holder = nil
    loop.cancel(timer)
    #expect(didCancel)
  }

  @Test func `hooks run after the queued work, and their own work is not delayed`() throws {
    let loop = try EventLoop()
    var order: [String] = []
    loop.beforeSleep {
      order.append("hook")
      if order.count == 3 { loop.post { order.append("from hook") } }
    }
    loop.post {
      order.append("first")
      loop.post { order.append("second") }
    }
    loop.runOnce()
    #expect(order == ["first", "second", "hook"])
    loop.runOnce()
    #expect(order == ["first", "second", "hook", "from hook", "hook"])
  }

  @Test func `endless work does not starve descriptors`() throws {
    let loop = try EventLoop()
    let pipe = try PipePair()
    var runs = 0
    func again() {
      runs += 1
      loop.post(again)
    }
    loop.post(again)
    var runsWhenReady = 0
    try loop.register(pipe.reading, .read, ReadyHandler { _ in runsWhenReady = runs })
    pipe.send()
    loop.runOnce()
    #expect(runsWhenReady == EventLoop.fairness)
  }

  @Test func `a post from another thread wakes the loop, every time`() throws {
    let loop = try EventLoop()
    let mailbox = loop.mailbox
    nonisolated(unsafe) var received = 0
    for expected in 1...50 {
      let thread = Thread { mailbox.post { received += 1 } }
      thread.start()
      // Without the wake-up this waits for ever.
      while received < expected { loop.runOnce() }
    }
    #expect(received == 50)
  }

  @Test func `stop ends run, also when it came first`() throws {
    let loop = try EventLoop()
    var runs = 0
    loop.post {
      runs += 1
      loop.stop()
    }
    loop.run()
    loop.stop()
    loop.run()
    #expect(runs == 1)
  }

  @Test func `the C forms pass their pointer`() throws {
    let loop = try EventLoop()
    var total = 0
    withUnsafeMutablePointer(to: &total) { pointer in
      let add: LoopFunction = { $0!.assumingMemoryBound(to: Int.self).pointee += 1 }
      loop.mailbox.post(add, pointer)
      let timer = loop.schedule(after: 0, every: 1, add, pointer)
      while pointer.pointee < 4 { loop.runOnce() }
      #expect(loop.cancel(TimerID(rawValue: timer.rawValue)))
    }
  }
}

/// A source whose only other owner is the loop.
private final class SelfRemoving: ReadySource {
  private let loop: EventLoop
  private let descriptor: Int32
  private let note: (String) -> Void

  init(_ loop: EventLoop, _ descriptor: Int32, _ note: @escaping (String) -> Void) {
    self.loop = loop
    self.descriptor = descriptor
    self.note = note
  }

  override func ready(_ events: ReadyEvents) {
    note("ready")
    loop.deregister(descriptor)
    note("still here")
  }

  deinit {
    loop.deregister(descriptor)  // may be called from a deinit; here for the second time
    note("deinit")
  }
}

/// Both ends of a pipe, closed at the end.
final class PipePair {
  let reading: Int32
  private(set) var writing: Int32

  init() throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    (reading, writing) = (ends[0], ends[1])
  }

  func send() { #expect(write(writing, "x", 1) == 1) }

  func drain() {
    var byte: UInt8 = 0
    #expect(read(reading, &byte, 1) == 1)
  }

  func closeWriting() {
    close(writing)
    writing = -1
  }

  deinit {
    close(reading)
    if writing >= 0 { close(writing) }
  }
}
