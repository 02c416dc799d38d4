/// When a job runs, in the words of cron: six fields with seconds in front, or five.
///
///     try CronExpression("0 0 3 * * *")         // every night at three
///     try CronExpression("*/5 9-17 * * MON-FRI")  // five fields: at second 0
///     try CronExpression("0 0 0 L * *")         // the last day of each month
///
/// second 0–59, minute 0–59, hour 0–23, day of month 1–31 or `L`, month 1–12 or JAN–DEC, day of
/// week 0–7 (0 and 7 are Sunday) or SUN–SAT, `5L` (the last Friday), `5#2` (the second Friday).
/// `*`, `?`, lists, ranges, steps. A range may run over the end: `FRI-MON`, `22-2`.
///
/// When day of month and day of week are both restricted, either is enough.
///
/// - Source: crontab(5) of Vixie cron; the sixth field, `L` and `#` as in cron-parser, which Egg's
///   schedule plugin uses.
public struct CronExpression: Sendable, Equatable {
  var seconds: UInt64
  var minutes: UInt64
  var hours: UInt64
  var days: UInt64
  var months: UInt64
  var weekdays: UInt64
  /// `L` as a day of the month.
  var lastDay = false
  /// `5L`: bit 5.
  var lastWeekdays: UInt64 = 0
  /// `5#2`: weekday and number.
  var nthWeekdays: [NthWeekday] = []
  var restrictsDays: Bool
  var restrictsWeekdays: Bool
  /// The hour is `*` or a step of it: the job follows the clock hour by hour, also through a change
  /// of daylight saving time.
  var followsHours: Bool
  public let text: String

  struct NthWeekday: Sendable, Equatable {
    let weekday: Int
    let number: Int
  }

  /// - Throws: `ScheduleMistake` that names the field.
  public init(_ text: String) throws(ScheduleMistake) {
    self.text = text
    let words = (Self.aliases[text.lowercased()] ?? text).split { $0 == " " || $0 == "\t" }
    guard words.count == 5 || words.count == 6 else {
      throw ScheduleMistake(
        "cron \"\(text)\": expected 6 fields (second minute hour day month weekday) or 5, found \(words.count)"
      )
    }
    var fields = words.map(String.init)
    if fields.count == 5 { fields.insert("0", at: 0) }
    seconds = try CronField.second.parse(fields[0], of: text)
    minutes = try CronField.minute.parse(fields[1], of: text)
    hours = try CronField.hour.parse(fields[2], of: text)
    months = try CronField.month.parse(fields[4], of: text)
    followsHours = fields[2].hasPrefix("*") || fields[2] == "?"
    restrictsDays = !(fields[3].hasPrefix("*") || fields[3] == "?")
    restrictsWeekdays = !(fields[5].hasPrefix("*") || fields[5] == "?")

    var plainDays: [String] = []
    for part in fields[3].split(separator: ",", omittingEmptySubsequences: false) {
      if part == "L" || part == "l" { lastDay = true } else { plainDays.append(String(part)) }
    }
    days =
      lastDay && plainDays.isEmpty
      ? 0 : try CronField.day.parse(plainDays.joined(separator: ","), of: text)

    var plainWeekdays: [String] = []
    for part in fields[5].split(separator: ",", omittingEmptySubsequences: false) {
      if part.count > 1, part.last == "L" || part.last == "l",
        let weekday = CronField.weekday.number(String(part.dropLast()))
      {
        lastWeekdays |= 1 << UInt64(weekday % 7)
      } else if let hash = part.firstIndex(of: "#") {
        guard let weekday = CronField.weekday.number(String(part[..<hash])),
          let number = Int(part[part.index(after: hash)...]), (1...5).contains(number)
        else {
          throw CronField.weekday.mistake(String(part), text, "expected a weekday, \"#\", 1 to 5")
        }
        nthWeekdays.append(NthWeekday(weekday: weekday % 7, number: number))
      } else {
        plainWeekdays.append(String(part))
      }
    }
    let hasSpecial = lastWeekdays != 0 || !nthWeekdays.isEmpty
    weekdays =
      hasSpecial && plainWeekdays.isEmpty
      ? 0 : try CronField.weekday.parse(plainWeekdays.joined(separator: ","), of: text)
    if weekdays & 1 << 7 != 0 { weekdays |= 1 }

    if next(civil: CivilTime(2000, 1, 1)) == nil {
      throw ScheduleMistake("cron \"\(text)\" never comes: no such day in any year")
    }
  }

  private static let aliases = [
    "@yearly": "0 0 0 1 1 *", "@annually": "0 0 0 1 1 *", "@monthly": "0 0 0 1 * *",
    "@weekly": "0 0 0 * * 0", "@daily": "0 0 0 * * *", "@midnight": "0 0 0 * * *",
    "@hourly": "0 0 * * * *",
  ]

  /// Whether the job runs on a day.
  func matches(day: Int, month: Int, year: Int) -> Bool {
    guard months & 1 << UInt64(month) != 0 else { return false }
    let isDay =
      days & 1 << UInt64(day) != 0
      || lastDay && day == CivilTime.daysIn(month, of: year)
    let weekday = CivilTime.weekday(year, month, day)
    let isWeekday =
      weekdays & 1 << UInt64(weekday) != 0
      || lastWeekdays & 1 << UInt64(weekday) != 0 && day + 7 > CivilTime.daysIn(month, of: year)
      || nthWeekdays.contains { $0.weekday == weekday && (day - 1) / 7 + 1 == $0.number }
    switch (restrictsDays, restrictsWeekdays) {
    case (true, true): return isDay || isWeekday
    case (true, false): return isDay
    case (false, true): return isWeekday
    // `*/2` restricts nothing in this sense, and still counts.
    case (false, false): return isDay && isWeekday
    }
  }
}

/// One field: its name, what it holds, which words stand for numbers.
struct CronField {
  let name: String
  let range: ClosedRange<Int>
  var words: [String] = []

  static let second = CronField(name: "second", range: 0...59)
  static let minute = CronField(name: "minute", range: 0...59)
  static let hour = CronField(name: "hour", range: 0...23)
  static let day = CronField(name: "day of month", range: 1...31)
  static let month = CronField(
    name: "month", range: 1...12,
    words: ["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])
  static let weekday = CronField(
    name: "day of week", range: 0...7, words: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"])

  func mistake(_ part: String, _ text: String, _ expected: String) -> ScheduleMistake {
    ScheduleMistake("cron \"\(text)\", \(name) \"\(part)\": \(expected)")
  }

  func number(_ text: String) -> Int? {
    if let word = words.firstIndex(of: text.lowercased()), !text.isEmpty { return word }
    guard text.utf8.count <= 4, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
      let number = Int(text), range.contains(number)
    else { return nil }
    return number
  }

  /// - Returns: a bit for each number.
  func parse(_ field: String, of text: String) throws(ScheduleMistake) -> UInt64 {
    var bits: UInt64 = 0
    for part in field.split(separator: ",", omittingEmptySubsequences: false) {
      bits |= try parse(part: String(part), of: text)
    }
    return bits
  }

  private func parse(part: String, of text: String) throws(ScheduleMistake) -> UInt64 {
    let expected =
      "expected \(range.lowerBound) to \(range.upperBound)"
      + (words.isEmpty ? "" : ", a name") + ", \"*\", a range \"a-b\" or a step \"*/n\""
    let pieces = part.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    var step = 1
    if pieces.count == 2 {
      guard let number = Int(pieces[1]), number > 0, number <= range.upperBound + 1 else {
        throw mistake(part, text, "expected a step of 1 to \(range.upperBound) behind \"/\"")
      }
      step = number
    }
    let head = String(pieces[0])
    // Sunday is 0 and 7; a star means one of them.
    let top = name == Self.weekday.name ? 6 : range.upperBound
    var list: [Int]
    if head == "*" || head == "?" {
      list = Array(range.lowerBound...top)
    } else if let dash = head.firstIndex(of: "-") {
      guard let low = number(String(head[..<dash])),
        let high = number(String(head[head.index(after: dash)...]))
      else { throw mistake(part, text, expected) }
      list = low <= high ? Array(low...high) : Array(low...top) + Array(range.lowerBound...high)
    } else {
      guard let only = number(head) else { throw mistake(part, text, expected) }
      list = pieces.count == 2 ? Array(only...max(only, top)) : [only]
    }
    var bits: UInt64 = 0
    for index in stride(from: 0, to: list.count, by: step) { bits |= 1 << UInt64(list[index]) }
    return bits
  }
}
