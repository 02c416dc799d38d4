import Glibc

/// Dates in names of files, in the zone of the process.
public enum PastTime {
  /// `2026-05-01`, the day before `now`.
  ///
  /// - Parameter now: seconds since 1970.
  public static func yesterday(_ now: Int = time(nil)) -> String { day(1, before: now) }

  /// The day that was so many days before `now`. Days are counted on the calendar: one of them may
  /// have 23 or 25 hours.
  static func day(_ count: Int, before now: Int) -> String {
    var parts = local(now)
    parts.tm_mday -= Int32(clamping: count)
    parts.tm_hour = 12
    parts.tm_isdst = -1
    _ = mktime(&parts)
    return date(parts)
  }

  /// `2026-05-01-09`, the hour before that of `now`.
  public static func lastHour(_ delimiter: String, _ now: Int = time(nil)) -> String {
    let parts = local(now - 3600)
    return date(parts) + delimiter + pad(Int(parts.tm_hour))
  }

  private static func local(_ seconds: Int) -> tm {
    var seconds = seconds
    var parts = tm()
    localtime_r(&seconds, &parts)
    return parts
  }

  private static func date(_ parts: tm) -> String {
    "\(parts.tm_year + 1900)-\(pad(Int(parts.tm_mon) + 1))-\(pad(Int(parts.tm_mday)))"
  }

  private static func pad(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
