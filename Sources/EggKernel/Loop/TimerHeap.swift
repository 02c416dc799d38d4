/// Names one scheduled timer; an old one never cancels a new timer.
package struct TimerID: Hashable, Sendable {
  fileprivate let slot: UInt32
  fileprivate let generation: UInt32

  /// The name of no timer; cancelling it does nothing.
  package static let none = TimerID(slot: .max, generation: 0)

  /// As one word, for C code that keeps it. 0 is `none`.
  package var rawValue: UInt64 { UInt64(generation) << 32 | UInt64(slot &+ 1) }

  package init(rawValue: UInt64) {
    slot = UInt32(truncatingIfNeeded: rawValue) &- 1
    generation = UInt32(truncatingIfNeeded: rawValue >> 32)
  }

  fileprivate init(slot: UInt32, generation: UInt32) {
    self.slot = slot
    self.generation = generation
  }
}

/// Timers with millisecond precision: a binary heap by deadline, and by age among equals.
///
/// Knows no clock; the caller passes the time.
/// - Complexity: O(log *n*) to add and to cancel, O(1) to look at the next deadline.
struct TimerHeap {
  private struct Entry {
    var deadline: UInt64
    var sequence: UInt64
    var slot: UInt32

    @inline(__always)
    static func < (left: Entry, right: Entry) -> Bool {
      left.deadline < right.deadline
        || (left.deadline == right.deadline && left.sequence < right.sequence)
    }
  }

  private struct Slot {
    var work: Work?
    var interval: UInt64
    var generation: UInt32
    /// Place in `heap`, or the next free slot.
    var position: Int
  }

  private var heap: ContiguousArray<Entry> = []
  private var slots: ContiguousArray<Slot> = []
  private var firstFree = -1
  private var nextSequence: UInt64 = 0

  var count: Int { heap.count }

  /// The earliest deadline in nanoseconds; `.max` when no timer waits.
  var nextDeadline: UInt64 { heap.isEmpty ? .max : heap[0].deadline }

  /// Adds a timer.
  /// - Parameter interval: nanoseconds between repetitions, 0 for a timer that fires once.
  mutating func add(deadline: UInt64, interval: UInt64 = 0, _ work: consuming Work) -> TimerID {
    let slot = takeSlot(work, interval)
    heap.append(Entry(deadline: deadline, sequence: nextSequence, slot: UInt32(slot)))
    nextSequence &+= 1
    slots[slot].position = heap.count - 1
    siftUp(heap.count - 1)
    return TimerID(slot: UInt32(slot), generation: slots[slot].generation)
  }

  /// Removes a timer; nil when it is unknown, has fired, or was cancelled before.
  /// - Returns: its work, for the caller to let go of: that may run a deinit, and a deinit may
  ///   come back here.
  mutating func cancel(_ id: TimerID) -> Work? {
    let slot = Int(id.slot)
    guard slot < slots.count, slots[slot].generation == id.generation, slots[slot].work != nil
    else { return nil }
    let work = slots[slot].work
    remove(at: slots[slot].position)
    free(slot)
    return work
  }

  /// A mark for `next(now:before:)`: timers added later are left for the next round.
  var mark: UInt64 { nextSequence }

  /// Takes the next timer that is due; a repeating one is put back at its next time.
  ///
  /// A repetition that was missed is skipped, not made up for.
  /// - Parameter mark: only timers that were added before it.
  mutating func next(now: UInt64, before mark: UInt64) -> Work? {
    guard let first = heap.first, first.deadline <= now, first.sequence < mark else { return nil }
    let slot = Int(first.slot)
    let work = slots[slot].work
    let interval = slots[slot].interval
    if interval == 0 {
      remove(at: 0)
      free(slot)
    } else {
      let planned = LoopClock.saturating(first.deadline, adding: interval)
      heap[0].deadline = planned > now ? planned : LoopClock.saturating(now, adding: interval)
      heap[0].sequence = nextSequence
      nextSequence &+= 1
      siftDown(0)
    }
    return work
  }

  private mutating func takeSlot(_ work: consuming Work, _ interval: UInt64) -> Int {
    guard firstFree >= 0 else {
      // Generation 1, so that the word 0 is never a timer.
      slots.append(Slot(work: work, interval: interval, generation: 1, position: 0))
      return slots.count - 1
    }
    let slot = firstFree
    firstFree = slots[slot].position
    slots[slot].work = work
    slots[slot].interval = interval
    return slot
  }

  private mutating func free(_ slot: Int) {
    slots[slot].work = nil
    slots[slot].generation &+= 1
    slots[slot].position = firstFree
    firstFree = slot
  }

  private mutating func remove(at position: Int) {
    let last = heap.removeLast()
    guard position < heap.count else { return }
    heap[position] = last
    slots[Int(last.slot)].position = position
    siftDown(position)
    siftUp(position)
  }

  private mutating func siftUp(_ start: Int) {
    var position = start
    let entry = heap[start]
    while position > 0 {
      let parent = (position - 1) / 2
      guard entry < heap[parent] else { break }
      place(heap[parent], at: position)
      position = parent
    }
    place(entry, at: position)
  }

  private mutating func siftDown(_ start: Int) {
    var position = start
    let entry = heap[start]
    while true {
      var child = position * 2 + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count && heap[child + 1] < heap[child] { child += 1 }
      guard heap[child] < entry else { break }
      place(heap[child], at: position)
      position = child
    }
    place(entry, at: position)
  }

  @inline(__always)
  private mutating func place(_ entry: Entry, at position: Int) {
    heap[position] = entry
    slots[Int(entry.slot)].position = position
  }
}
