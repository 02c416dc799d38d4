/// Something that is called at a time: a session's next ping, an upgrade that takes too long.
open class Alarm {
  /// Milliseconds of the clock that the list runs on.
  fileprivate(set) final var alarmTime = 0
  /// Where it stands in its list; -1 when it is in none.
  fileprivate final var place = -1

  public init() {}
  nonisolated deinit {}

  public final var isSet: Bool { place >= 0 }

  /// The time has come; the alarm is not set any more.
  open func ring() {}
}

/// Alarms in the order of their times: a binary heap, in which every alarm knows its place, so that
/// setting one anew and taking one out cost the logarithm of their number.
public final class AlarmClock {
  private var heap: [Alarm] = []
  /// Milliseconds, of a clock that never goes back.
  public var now: () -> Int
  /// Asks for one call of `ring()` after so many milliseconds, in place of the one asked for before.
  public var wake: (Int) -> Void
  private var wakeTime = Int.max

  public init(now: @escaping () -> Int = { 0 }, wake: @escaping (Int) -> Void = { _ in }) {
    self.now = now
    self.wake = wake
  }

  public var count: Int { heap.count }

  /// Sets an alarm, or sets it anew, to ring after `delay` milliseconds.
  public func set(_ alarm: Alarm, after delay: Int) {
    let time = now() &+ max(0, delay)
    if alarm.place >= 0 {
      let earlier = time < alarm.alarmTime
      alarm.alarmTime = time
      if earlier { rise(alarm.place) } else { sink(alarm.place) }
    } else {
      alarm.alarmTime = time
      alarm.place = heap.count
      heap.append(alarm)
      rise(alarm.place)
    }
    ask()
  }

  public func cancel(_ alarm: Alarm) {
    let place = alarm.place
    guard place >= 0 else { return }
    alarm.place = -1
    let last = heap.removeLast()
    guard place < heap.count else { return }
    heap[place] = last
    last.place = place
    rise(place)
    sink(last.place)
  }

  /// Rings everything whose time has come.
  public func ring() {
    wakeTime = .max
    let time = now()
    while let first = heap.first, first.alarmTime <= time {
      cancel(first)
      first.ring()
    }
    ask()
  }

  private func ask() {
    guard let first = heap.first, first.alarmTime < wakeTime else { return }
    wakeTime = first.alarmTime
    wake(max(0, first.alarmTime - now()))
  }

  private func rise(_ start: Int) {
    var place = start
    let alarm = heap[place]
    while place > 0 {
      let parent = (place - 1) / 2
      guard alarm.alarmTime < heap[parent].alarmTime else { break }
      heap[place] = heap[parent]
      heap[place].place = place
      place = parent
    }
    heap[place] = alarm
    alarm.place = place
  }

  private func sink(_ start: Int) {
    var place = start
    let alarm = heap[place]
    while true {
      var child = place * 2 + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1].alarmTime < heap[child].alarmTime { child += 1 }
      guard heap[child].alarmTime < alarm.alarmTime else { break }
      heap[place] = heap[child]
      heap[place].place = place
      place = child
    }
    heap[place] = alarm
    alarm.place = place
  }
}
