import Testing

@testable import ScheduleEngine

/// The next `count` times of an expression behind a time, both as a zone's clock shows them.
private func times(
  _ cron: String, from start: CivilTime, _ count: Int = 3, in zone: TimeZone = .utc
) throws -> [String] {
  let expression = try CronExpression(cron)
  // The start is given as the clock shows it; the zone's offset of that day is good enough.
  var instant = start.seconds - zone.offset(at: start.seconds)
  var list: [String] = []
  for _ in 0..<count {
    guard let next = expression.next(after: instant, in: zone) else { break }
    list.append(zone.civil(at: next).description)
    instant = next
  }
  return list
}

@Suite("Cron expressions") struct CronTests {
  @Test(arguments: [
    // Six fields.
    ("0 0 3 * * *", ["2026-01-01 03:00:00", "2026-01-02 03:00:00", "2026-01-03 03:00:00"]),
    ("*/20 * * * * *", ["2026-01-01 00:00:20", "2026-01-01 00:00:40", "2026-01-01 00:01:00"]),
    ("30 59 23 * * *", ["2026-01-01 23:59:30", "2026-01-02 23:59:30", "2026-01-03 23:59:30"]),
    ("5,10-11 0 0 1 1 *", ["2026-01-01 00:00:05", "2026-01-01 00:00:10", "2026-01-01 00:00:11"]),
    // Five: at second 0.
    ("*/30 * * * *", ["2026-01-01 00:30:00", "2026-01-01 01:00:00", "2026-01-01 01:30:00"]),
    ("15 14 1 * *", ["2026-01-01 14:15:00", "2026-02-01 14:15:00", "2026-03-01 14:15:00"]),
    ("0 22 * * 1-5", ["2026-01-01 22:00:00", "2026-01-02 22:00:00", "2026-01-05 22:00:00"]),
    ("0 0 * * FRI-mon", ["2026-01-02 00:00:00", "2026-01-03 00:00:00", "2026-01-04 00:00:00"]),
    ("0 22-1 * * *", ["2026-01-01 01:00:00", "2026-01-01 22:00:00", "2026-01-01 23:00:00"]),
    ("0 0 1 feb,apr *", ["2026-02-01 00:00:00", "2026-04-01 00:00:00", "2027-02-01 00:00:00"]),
    ("10/20 0 * * *", ["2026-01-01 00:10:00", "2026-01-01 00:30:00", "2026-01-01 00:50:00"]),
    ("0 0 31 * *", ["2026-01-31 00:00:00", "2026-03-31 00:00:00", "2026-05-31 00:00:00"]),
    // Leap days; 2100 would be none.
    ("0 0 29 2 *", ["2028-02-29 00:00:00", "2032-02-29 00:00:00", "2036-02-29 00:00:00"]),
    // Day of month or day of week: 2026-01-13 is a Tuesday, Fridays are 2, 9, 16.
    ("0 0 13 * 5", ["2026-01-02 00:00:00", "2026-01-09 00:00:00", "2026-01-13 00:00:00"]),
    ("0 0 * * 7", ["2026-01-04 00:00:00", "2026-01-11 00:00:00", "2026-01-18 00:00:00"]),
    // Last day, last Friday, second Tuesday.
    ("0 0 0 L * *", ["2026-01-31 00:00:00", "2026-02-28 00:00:00", "2026-03-31 00:00:00"]),
    ("0 0 0 15,L 2 ?", ["2026-02-15 00:00:00", "2026-02-28 00:00:00", "2027-02-15 00:00:00"]),
    ("0 0 0 ? * 5L", ["2026-01-30 00:00:00", "2026-02-27 00:00:00", "2026-03-27 00:00:00"]),
    ("0 0 0 * * TUE#2", ["2026-01-13 00:00:00", "2026-02-10 00:00:00", "2026-03-10 00:00:00"]),
    ("@monthly", ["2026-02-01 00:00:00", "2026-03-01 00:00:00", "2026-04-01 00:00:00"]),
    // A step of the day of the month counts although it restricts nothing.
    ("0 0 */10 * *", ["2026-01-11 00:00:00", "2026-01-21 00:00:00", "2026-01-31 00:00:00"]),
  ])
  func `the next times`(cron: String, expected: [String]) throws {
    #expect(try times(cron, from: CivilTime(2026, 1, 1)) == expected)
  }

  @Test func `the last day of February in a leap year`() throws {
    #expect(
      try times("0 0 0 L 2 *", from: CivilTime(2027, 3, 1), 2) == [
        "2028-02-29 00:00:00", "2029-02-28 00:00:00",
      ])
  }

  @Test func `a century is no leap year unless it divides by 400`() throws {
    #expect(try times("0 0 29 2 *", from: CivilTime(2096, 3, 1), 1) == ["2104-02-29 00:00:00"])
    #expect(try times("0 0 29 2 *", from: CivilTime(1996, 3, 1), 1) == ["2000-02-29 00:00:00"])
  }

  @Test(arguments: [
    ("* * * *", "expected 6 fields"), ("", "expected 6 fields"),
    ("60 * * * * *", "second \"60\": expected 0 to 59"),
    ("* 60 * * * *", "minute"), ("* * 24 * * *", "hour"),
    ("* * * 0 * *", "day of month"), ("* * * 32 * *", "day of month"),
    ("* * * * 13 *", "month"), ("* * * * * 8", "day of week"),
    ("* * * * * MONDAY", "day of week"), ("*/0 * * * * *", "a step of 1 to 59"),
    ("1- * * * * *", "second"), ("a * * * * *", "second"), ("1,,2 * * * * *", "second"),
    ("-1 * * * * *", "second"), ("* * * * * 5#6", "day of week"),
    ("99999999999999999999 * * * * *", "second"),
    ("0 0 30 2 *", "never comes"), ("0 0 0 31 4,6 *", "never comes"),
  ])
  func `a mistake is named`(cron: String, text: String) throws {
    let error = #expect(throws: ScheduleMistake.self) { try CronExpression(cron) }
    #expect(error?.description.contains(text) == true, "\(String(describing: error))")
  }

  @Test func `every time that comes out matches, and none between is left out`() throws {
    // Brute force: every second of some days against the fields.
    for cron in ["7 */7 3-5 * * *", "0 0 12 1,L * 3", "*/13 30 22-1 * * 0,6"] {
      let expression = try CronExpression(cron)
      var instant = CivilTime(2024, 2, 26).seconds
      let end = CivilTime(2024, 3, 4).seconds
      var expected: [Int] = []
      for second in instant + 1..<end {
        let time = CivilTime(seconds: second)
        if expression.seconds >> UInt64(time.second) & 1 == 1,
          expression.minutes >> UInt64(time.minute) & 1 == 1,
          expression.hours >> UInt64(time.hour) & 1 == 1,
          expression.matches(day: time.day, month: time.month, year: time.year)
        {
          expected.append(second)
        }
      }
      var found: [Int] = []
      while let next = expression.next(after: instant, in: .utc), next < end {
        found.append(next)
        instant = next
      }
      #expect(found == expected, "\(cron)")
    }
  }

  @Test func `far outside of calendars nothing comes`() throws {
    let cron = try CronExpression("* * * * * *")
    #expect(cron.next(after: .max, in: .utc) == nil)
    #expect(cron.next(after: .min, in: .utc) == nil)
  }
}

@Suite("Daylight saving time") struct DaylightTests {
  // Berlin 2026: forward on March 29 at 02:00 to 03:00, back on October 25 at 03:00 to 02:00.
  // New York 2026: forward on March 8 at 02:00, back on November 1 at 02:00 to 01:00.
  let berlin: TimeZone
  let newYork: TimeZone

  init() throws {
    berlin = try TimeZone(named: "Europe/Berlin")
    newYork = try TimeZone(named: "America/New_York")
  }

  @Test func `a job of the skipped hour runs once, when the clocks change`() throws {
    #expect(
      try times("0 30 2 * * *", from: CivilTime(2026, 3, 28), 3, in: berlin) == [
        "2026-03-28 02:30:00", "2026-03-29 03:00:00", "2026-03-30 02:30:00",
      ])
    #expect(
      try times("0 */15 2 * * *", from: CivilTime(2026, 3, 8), 2, in: newYork) == [
        "2026-03-08 03:00:00", "2026-03-09 02:00:00",
      ])
  }

  @Test func `a job of the repeated hour runs once`() throws {
    #expect(
      try times("0 30 2 * * *", from: CivilTime(2026, 10, 24), 3, in: berlin) == [
        "2026-10-24 02:30:00", "2026-10-25 02:30:00", "2026-10-26 02:30:00",
      ])
    let first = try CronExpression("0 30 2 * * *")
      .next(after: CivilTime(2026, 10, 24, 23).seconds, in: berlin)
    // The first 02:30 is still summer time, two hours ahead.
    #expect(first == CivilTime(2026, 10, 25, 0, 30).seconds)
  }

  @Test func `every half hour goes on through both changes`() throws {
    let cron = try CronExpression("0 */30 * * * *")
    for start in [CivilTime(2026, 3, 28, 23), CivilTime(2026, 10, 24, 23)] {
      var instant = start.seconds
      for _ in 0..<10 {
        let next = try #require(cron.next(after: instant, in: berlin))
        #expect(next == instant + 1800)
        instant = next
      }
    }
  }

  @Test func `a wildcard hour does not make up for the skipped one`() throws {
    #expect(
      try times("0 15 * * * *", from: CivilTime(2026, 3, 29, 0, 30), 2, in: berlin) == [
        "2026-03-29 01:15:00", "2026-03-29 03:15:00",
      ])
  }

  @Test func `asked in the middle of the second showing`() throws {
    // 02:10 winter time: the 02:30 of that night has been.
    let instant = CivilTime(2026, 10, 25, 1, 10).seconds
    let next = try #require(CronExpression("0 30 2 * * *").next(after: instant, in: berlin))
    #expect(berlin.civil(at: next).description == "2026-10-26 02:30:00")
  }

  @Test func `a zone of half an hour, and one that skipped a whole day`() throws {
    let lordHowe = try TimeZone(named: "Australia/Lord_Howe")
    // Back by half an hour on 2026-04-05 at 02:00 to 01:30.
    #expect(
      try times("0 45 1 * * *", from: CivilTime(2026, 4, 4), 3, in: lordHowe) == [
        "2026-04-04 01:45:00", "2026-04-05 01:45:00", "2026-04-06 01:45:00",
      ])
    // Samoa had no 2011-12-30.
    let apia = try TimeZone(named: "Pacific/Apia")
    #expect(
      try times("0 0 12 * * *", from: CivilTime(2011, 12, 29), 3, in: apia) == [
        "2011-12-29 12:00:00", "2011-12-31 00:00:00", "2011-12-31 12:00:00",
      ])
  }

  @Test func `far behind the transitions of the file its rule counts`() throws {
    // The last Sunday of March 2090 is the 26th.
    #expect(
      try times("0 30 2 * * *", from: CivilTime(2090, 3, 25), 2, in: berlin) == [
        "2090-03-25 02:30:00", "2090-03-26 03:00:00",
      ])
  }
}
