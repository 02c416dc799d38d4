/// `"10s"`, `"1.5h"`, `"2 days"`, `"500"` as milliseconds.
///
/// - Source: the `humanize-ms` package that Egg's schedule plugin reads intervals with.
public enum Interval {
  /// - Throws: `ScheduleMistake` for what is no time, and for less than 1 ms or more than 10 years.
  public static func milliseconds(_ text: String) throws(ScheduleMistake) -> Int {
    let mistake = ScheduleMistake(
      "interval \"\(text)\": expected milliseconds or a time such as \"10s\", \"5m\", \"1h\", \"1d\""
    )
    let trimmed = text.filter { $0 != " " }.lowercased()
    let digits = trimmed.prefix { $0.isNumber || $0 == "." }
    let unit = String(trimmed.dropFirst(digits.count))
    guard !digits.isEmpty, digits.utf8.count <= 15, let number = Double(digits),
      let factor = units[unit]
    else { throw mistake }
    return try checked(number * factor, text)
  }

  public static func milliseconds(_ number: Double) throws(ScheduleMistake) -> Int {
    try checked(number, "\(number)")
  }

  private static func checked(_ number: Double, _ text: String) throws(ScheduleMistake) -> Int {
    guard number >= 1, number <= 10 * 366 * 86_400_000 else {
      throw ScheduleMistake("interval \"\(text)\": expected 1 ms to 10 years")
    }
    return Int(number)
  }

  private static let units: [String: Double] = [
    "": 1, "ms": 1, "msec": 1, "msecs": 1, "millisecond": 1, "milliseconds": 1,
    "s": 1000, "sec": 1000, "secs": 1000, "second": 1000, "seconds": 1000,
    "m": 60_000, "min": 60_000, "mins": 60_000, "minute": 60_000, "minutes": 60_000,
    "h": 3_600_000, "hr": 3_600_000, "hrs": 3_600_000, "hour": 3_600_000, "hours": 3_600_000,
    "d": 86_400_000, "day": 86_400_000, "days": 86_400_000,
    "w": 604_800_000, "week": 604_800_000, "weeks": 604_800_000,
  ]
}
