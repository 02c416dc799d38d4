import Glibc
import LinuxHeaders

/// The table of watched descriptors over one epoll instance.
///
/// The word that epoll hands back is the descriptor and the generation of its registration, so an
/// event costs one indexed load, and one for a source that was deregistered (or whose descriptor
/// number is already someone else's) in the same batch is recognised and dropped.
@safe struct Poller: ~Copyable {
  @safe private struct Slot {
    var source: Unmanaged<ReadySource>?
    var generation: UInt32
  }

  /// More descriptors than this are not watched; Linux's own default ceiling (`fs.nr_open`).
  private static let descriptorLimit = 1 << 20
  private static let batch = 512

  private let epoll: Int32
  private let events: UnsafeMutablePointer<epoll_event>
  private var slots: UnsafeMutablePointer<Slot>
  private var slotCount = 256
  private var nextGeneration: UInt32 = 1
  private var deregistered: [Unmanaged<ReadySource>] = unsafe []
  /// How many descriptors are watched.
  private(set) var count = 0

  init() throws(LoopError) {
    unsafe events = .allocate(capacity: Self.batch)
    unsafe slots = .allocate(capacity: slotCount)
    unsafe slots.initialize(repeating: Slot(source: nil, generation: 0), count: slotCount)
    epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard epoll >= 0 else {
      throw LoopError(code: .resources, errorNumber: errno, operation: "epoll_create1()")
    }
  }

  deinit {
    close(epoll)
    for index in 0..<slotCount { unsafe slots[index].source?.release() }
    unsafe slots.deallocate()
    unsafe events.deallocate()
    unsafe deregistered.forEach { unsafe $0.release() }
  }

  /// Watches a descriptor. A registration left over from a closed descriptor of the same number is
  /// replaced.
  mutating func register(
    _ descriptor: Int32, _ interest: Interest, _ source: ReadySource
  ) throws(LoopError) {
    let index = Int(descriptor)
    guard index >= 0, index < Self.descriptorLimit else {
      throw LoopError(
        code: .descriptor, errorNumber: EBADF, operation: "epoll_ctl(add, \(descriptor))")
    }
    if index >= slotCount { grow(toHold: index) }
    nextGeneration &+= 1
    try control(EPOLL_CTL_ADD, "add", descriptor, interest, nextGeneration)
    if let old = unsafe slots[index].source {
      unsafe deregistered.append(old)
      count -= 1
    }
    unsafe slots[index] = Slot(source: .passRetained(source), generation: nextGeneration)
    count += 1
  }

  /// Changes what a registered descriptor is watched for.
  mutating func modify(_ descriptor: Int32, _ interest: Interest) throws(LoopError) {
    let index = Int(descriptor)
    guard index >= 0, index < slotCount, unsafe slots[index].source != nil else {
      throw LoopError(
        code: .descriptor, errorNumber: ENOENT, operation: "epoll_ctl(modify, \(descriptor))")
    }
    try unsafe control(EPOLL_CTL_MOD, "modify", descriptor, interest, slots[index].generation)
  }

  /// Stops watching; nothing happens if it is not watched. Call it before `close`.
  mutating func deregister(_ descriptor: Int32) {
    let index = Int(descriptor)
    guard index >= 0, index < slotCount, let source = unsafe slots[index].source else { return }
    // Fails only if the descriptor was closed already, and then the kernel has forgotten it.
    _ = epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nil)
    unsafe slots[index] = Slot(source: nil, generation: 0)
    unsafe deregistered.append(source)
    count -= 1
  }

  /// Waits for events. They stay in the buffer for `event(_:)`.
  /// - Parameter milliseconds: -1 waits without end.
  /// - Returns: how many; 0 after the time or a signal.
  mutating func wait(milliseconds: Int32) -> Int {
    let number = unsafe epoll_wait(epoll, events, Int32(Self.batch), milliseconds)
    if number >= 0 { return Int(number) }
    let code = errno
    precondition(code == EINTR, "epoll_wait on the loop's own descriptor")
    return 0
  }

  /// The `index`th event of the last `wait`, unless its registration has ended since.
  ///
  /// Unretained: the table, or the list of the deregistered, keeps it until `endBatch()`.
  @inline(__always)
  func event(_ index: Int) -> (source: Unmanaged<ReadySource>, events: ReadyEvents)? {
    let event = unsafe events[index]
    let word = unsafe event.data.u64
    let slot = unsafe slots[Int(word & 0xFFFF_FFFF)]
    guard slot.generation == UInt32(truncatingIfNeeded: word >> 32),
      let source = unsafe slot.source
    else { return nil }
    return unsafe (source, ReadyEvents(rawValue: event.events))
  }

  /// Hands over the sources that were deregistered, to be released by the caller: a source's deinit
  /// may come back here, which it must not while this table is being changed.
  @inline(__always)
  mutating func endBatch() -> [Unmanaged<ReadySource>] {
    if unsafe deregistered.isEmpty { return unsafe [] }
    let released = unsafe deregistered
    unsafe deregistered = []
    return unsafe released
  }

  private func control(
    _ operation: Int32, _ name: StaticString, _ descriptor: Int32, _ interest: Interest,
    _ generation: UInt32
  ) throws(LoopError) {
    var event = unsafe epoll_event()
    unsafe event.events = interest.rawValue
    unsafe event.data.u64 = UInt64(generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
    guard unsafe epoll_ctl(epoll, operation, descriptor, &event) == 0 else {
      throw LoopError(
        code: .descriptor, errorNumber: errno, operation: "epoll_ctl(\(name), \(descriptor))")
    }
  }

  private mutating func grow(toHold index: Int) {
    var newCount = slotCount
    while newCount <= index { newCount *= 2 }
    let larger = UnsafeMutablePointer<Slot>.allocate(capacity: newCount)
    unsafe larger.moveInitialize(from: slots, count: slotCount)
    unsafe (larger + slotCount).initialize(
      repeating: Slot(source: nil, generation: 0), count: newCount - slotCount)
    unsafe slots.deallocate()
    unsafe slots = larger
    slotCount = newCount
  }
}
