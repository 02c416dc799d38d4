import Testing

@testable import ScheduleEngine

@Suite("Calendar, zones, intervals") struct TimeTests {
  @Test(arguments: [
    (0, "1970-01-01 00:00:00"), (-1, "1969-12-31 23:59:59"), (951_782_400, "2000-02-29 00:00:00"),
    (1_709_164_800, "2024-02-29 00:00:00"), (4_107_542_400, "2100-03-01 00:00:00"),
    (2_147_483_648, "2038-01-19 03:14:08"),
  ])
  func `seconds and dates`(seconds: Int, text: String) {
    #expect(CivilTime(seconds: seconds).description == text)
    #expect(CivilTime(seconds: seconds).seconds == seconds)
  }

  @Test func `every day of eight centuries follows the one before`() {
    var (year, month, day) = (1800, 1, 1)
    for number in CivilTime.days(1800, 1, 1)...CivilTime.days(2600, 1, 1) {
      let time = CivilTime(seconds: number * 86400)
      guard (time.year, time.month, time.day) == (year, month, day) else {
        Issue.record("\(time) is not \(year)-\(month)-\(day)")
        return
      }
      day += 1
      if day > CivilTime.daysIn(month, of: year) { (day, month) = (1, month + 1) }
      if month > 12 { (month, year) = (1, year + 1) }
    }
    #expect(CivilTime(2026, 11, 22).weekday == 0)
  }

  @Test func `offsets of a zone`() throws {
    let shanghai = try TimeZone(named: "Asia/Shanghai")
    #expect(shanghai.offset(at: CivilTime(2026, 7, 1).seconds) == 8 * 3600)
    let berlin = try TimeZone(named: "Europe/Berlin")
    let change = CivilTime(2026, 3, 29, 1).seconds
    #expect(berlin.offset(at: change - 1) == 3600)
    #expect(berlin.offset(at: change) == 7200)
    #expect(try TimeZone(named: "UTC").offset(at: change) == 0)
  }

  @Test(arguments: ["Mars/Olympus", "", "../../etc/passwd", "/etc/localtime", "zone.tab", "Asia"])
  func `a name that is no zone`(name: String) {
    #expect(throws: ScheduleMistake.self) { try TimeZone(named: name) }
  }

  @Test func `a file that is cut off anywhere is refused, not read beyond`() throws {
    var file: [UInt8] = Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15)
    file += [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 4]
    for length in 0..<file.count {
      #expect(throws: ScheduleMistake.self) {
        try TimeZone(name: "x", file: Array(file[..<length]))
      }
    }
    let huge = Array("TZif2".utf8) + [UInt8](repeating: 0xFF, count: 100)
    #expect(throws: ScheduleMistake.self) { try TimeZone(name: "x", file: huge) }
  }

  @Test(arguments: [
    // Berlin: summer from the last Sunday of March to that of October.
    ("CET-1CEST,M3.5.0,M10.5.0/3", CivilTime(2026, 3, 29, 0, 59, 59), 3600),
    ("CET-1CEST,M3.5.0,M10.5.0/3", CivilTime(2026, 3, 29, 1), 7200),
    ("CET-1CEST,M3.5.0,M10.5.0/3", CivilTime(2026, 10, 25, 0, 59, 59), 7200),
    ("CET-1CEST,M3.5.0,M10.5.0/3", CivilTime(2026, 10, 25, 1), 3600),
    // Sydney: summer over the end of the year.
    ("AEST-10AEDT,M10.1.0,M4.1.0/3", CivilTime(2026, 1, 1), 39600),
    ("AEST-10AEDT,M10.1.0,M4.1.0/3", CivilTime(2026, 7, 1), 36000),
    ("<+0330>-3:30", CivilTime(2026, 1, 1), 12600),
    ("EST5EDT,J60/2,J300", CivilTime(2024, 3, 1, 7), -14400),
    ("EST5EDT,59,299", CivilTime(2023, 3, 1, 7), -14400),
  ])
  func `rules in the words of POSIX`(text: String, time: CivilTime, offset: Int) throws {
    let rule = try #require(POSIXRule(text))
    #expect(rule.offset(at: time.seconds) == offset)
  }

  @Test(arguments: ["", "X", "CET", "CET-1CEST,M3", "CET-1CEST,M13.1.0,M1.1.0", "CET-999"])
  func `no rules`(text: String) { #expect(POSIXRule(text) == nil) }

  @Test(arguments: [
    ("10s", 10_000), ("5m", 300_000), ("1h", 3_600_000), ("1.5h", 5_400_000), ("500", 500),
    ("250ms", 250), ("2 days", 172_800_000), ("1w", 604_800_000), ("10 S", 10_000),
  ])
  func `intervals`(text: String, milliseconds: Int) throws {
    #expect(try Interval.milliseconds(text) == milliseconds)
  }

  @Test(arguments: ["", "s", "-5s", "0", "5 fortnights", "1e9d", "999999999999999d", "1..5s"])
  func `no intervals`(text: String) {
    #expect(throws: ScheduleMistake.self) { try Interval.milliseconds(text) }
  }
}
