/// The next time, on a clock without changes and in a real zone.
extension CronExpression {
  /// The first match at or behind a time on a clock that never jumps.
  ///
  /// - Returns: nil when there is none within 40 years, such as for February 30.
  func next(civil start: CivilTime) -> CivilTime? {
    var time = start
    let limit = start.year + 40
    while time.year <= limit {
      guard months & 1 << UInt64(time.month) != 0 else {
        time =
          time.month == 12
          ? CivilTime(time.year + 1, 1, 1) : CivilTime(time.year, time.month + 1, 1)
        continue
      }
      guard matches(day: time.day, month: time.month, year: time.year) else {
        time = nextDay(time)
        continue
      }
      guard let hour = hours.first(from: time.hour) else {
        time = nextDay(time)
        continue
      }
      if hour > time.hour { time = CivilTime(time.year, time.month, time.day, hour) }
      guard let minute = minutes.first(from: time.minute) else {
        time = CivilTime(
          seconds: CivilTime(time.year, time.month, time.day, time.hour).seconds + 3600)
        continue
      }
      if minute > time.minute {
        time.minute = minute
        time.second = 0
      }
      guard let second = seconds.first(from: time.second) else {
        time.second = 0
        time = CivilTime(seconds: time.seconds + 60)
        continue
      }
      time.second = second
      return time
    }
    return nil
  }

  private func nextDay(_ time: CivilTime) -> CivilTime {
    if time.day < CivilTime.daysIn(time.month, of: time.year) {
      return CivilTime(time.year, time.month, time.day + 1)
    }
    return time.month == 12
      ? CivilTime(time.year + 1, 1, 1) : CivilTime(time.year, time.month + 1, 1)
  }

  /// The first instant behind `instant` at which the job runs.
  ///
  /// When clocks are put forward, a job of a skipped time runs once at the moment of the change; when
  /// they are put back, a job of a repeated time runs the first time only. A job with `*` or a step
  /// as its hour follows the clock instead: nothing is made up for, and the repeated hour counts
  /// twice, so that a job of every ten minutes runs every ten minutes.
  ///
  /// - Parameter instant: seconds since 1970.
  /// - Returns: nil when there is none.
  /// - Source: cron(8) of Vixie cron, "Notes" on daylight saving time.
  public func next(after instant: Int, in zone: TimeZone) -> Int? {
    // Far outside of calendars nothing runs, and no sum overflows.
    guard instant > -(1 << 40), instant < 1 << 40 else { return nil }
    var time = instant + 1
    if !followsHours { time = behindRepetition(time, zone) }
    for _ in 0..<1000 {
      let offset = zone.offset(at: time)
      let change = zone.change(after: time)
      let found = next(civil: CivilTime(seconds: time + offset)).map { $0.seconds - offset }
      guard let change else { return found }
      if let found, found < change { return found }
      let before = zone.offset(at: change - 1)
      let after = zone.offset(at: change)
      if after > before, !followsHours, let found, found < change + (after - before) {
        return change
      }
      time = change
      if !followsHours { time = behindRepetition(time, zone) }
    }
    return nil
  }

  /// The end of the time that clocks show twice, when `time` lies in its second showing.
  private func behindRepetition(_ time: Int, _ zone: TimeZone) -> Int {
    guard let change = zone.change(dayBefore: time) else { return time }
    let repeated = zone.offset(at: change - 1) - zone.offset(at: change)
    return repeated > 0 && time < change + repeated ? change + repeated : time
  }
}

extension UInt64 {
  /// The lowest bit that is set, from one on.
  fileprivate func first(from start: Int) -> Int? {
    guard start < 64 else { return nil }
    let rest = self >> UInt64(start)
    return rest == 0 ? nil : start + rest.trailingZeroBitCount
  }
}
