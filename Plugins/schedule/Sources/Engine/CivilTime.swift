/// A date and time as a calendar and a clock on the wall show them, without a zone.
///
/// - Source: H. Hinnant, "chrono-compatible low-level date algorithms" (days from civil and back),
///   proleptic Gregorian calendar.
public struct CivilTime: Equatable, Comparable, Sendable, CustomStringConvertible {
  public var year: Int
  /// 1 … 12
  public var month: Int
  /// 1 … 31
  public var day: Int
  public var hour: Int
  public var minute: Int
  public var second: Int

  public init(
    _ year: Int, _ month: Int, _ day: Int, _ hour: Int = 0, _ minute: Int = 0, _ second: Int = 0
  ) {
    self.year = year
    self.month = month
    self.day = day
    self.hour = hour
    self.minute = minute
    self.second = second
  }

  /// - Parameter seconds: since 1970-01-01 00:00:00 on the same clock.
  public init(seconds: Int) {
    let days = floorDivide(seconds, 86400)
    let rest = seconds - days * 86400
    let shifted = days + 719_468
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    // Years begin in March, so that the leap day is the last of its year.
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    hour = rest / 3600
    minute = rest % 3600 / 60
    second = rest % 60
  }

  /// Seconds since 1970-01-01 00:00:00 on the same clock.
  public var seconds: Int {
    Self.days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second
  }

  /// 0 is Sunday.
  public var weekday: Int { Self.weekday(year, month, day) }

  static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = floorDivide(shiftedYear, 400)
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  static func weekday(_ year: Int, _ month: Int, _ day: Int) -> Int {
    // 1970-01-01 was a Thursday.
    let days = days(year, month, day) + 4
    return days - floorDivide(days, 7) * 7
  }

  static func isLeap(_ year: Int) -> Bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  }

  static func daysIn(_ month: Int, of year: Int) -> Int {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  public static func < (a: CivilTime, b: CivilTime) -> Bool { a.seconds < b.seconds }

  /// `2026-05-01 10:20:30`
  public var description: String {
    func pad(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(year)-\(pad(month))-\(pad(day)) \(pad(hour)):\(pad(minute)):\(pad(second))"
  }
}

func floorDivide(_ a: Int, _ b: Int) -> Int {
  let quotient = a / b
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient
}
