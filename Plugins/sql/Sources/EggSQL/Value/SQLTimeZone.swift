import Glibc

/// In which zone `DATETIME` is read and written.
public enum SQLTimeZone: Sendable, Equatable {
  /// The process's own.
  case local
  /// Seconds east of Greenwich.
  case offset(Int)

  /// `local`, `Z`, `+08:00`, `-0330`; nil for everything else.
  public init?(_ text: String) {
    if text == "local" {
      self = .local
      return
    }
    if text == "Z" {
      self = .offset(0)
      return
    }
    let bytes = Array(text.utf8.filter { $0 != UInt8(ascii: ":") })
    guard bytes.count == 5, bytes[0] == UInt8(ascii: "+") || bytes[0] == UInt8(ascii: "-"),
      bytes[1...].allSatisfy({ $0 >= 0x30 && $0 <= 0x39 })
    else { return nil }
    let digits = bytes.map { Int($0) - 0x30 }
    let minutes = (digits[1] * 10 + digits[2]) * 60 + digits[3] * 10 + digits[4]
    guard digits[3] < 6, minutes <= 14 * 60 else { return nil }
    self = .offset((bytes[0] == UInt8(ascii: "-") ? -minutes : minutes) * 60)
  }
}

/// A date and a time of day as a calendar shows them, without a zone.
public struct CivilTime: Sendable, Equatable {
  public var year = 0, month = 0, day = 0
  public var hour = 0, minute = 0, second = 0, millisecond = 0

  public init() {}

  /// What a calendar and a clock in `zone` show at that moment.
  public init(milliseconds: Int64, in zone: SQLTimeZone) {
    var seconds = milliseconds / 1000
    var rest = milliseconds % 1000
    if rest < 0 {
      rest += 1000
      seconds -= 1
    }
    var time = time_t(seconds)
    var parts = tm()
    switch zone {
    case .local: localtime_r(&time, &parts)
    case .offset(let offset):
      time = time.addingReportingOverflow(offset).partialValue
      gmtime_r(&time, &parts)
    }
    year = Int(parts.tm_year) + 1900
    month = Int(parts.tm_mon) + 1
    day = Int(parts.tm_mday)
    hour = Int(parts.tm_hour)
    minute = Int(parts.tm_min)
    second = Int(parts.tm_sec)
    millisecond = Int(rest)
  }

  /// The moment at which a calendar in `zone` shows this. An hour that a change of clocks skips or
  /// repeats is read as the C library does.
  public func milliseconds(in zone: SQLTimeZone) -> Int64 {
    var parts = tm()
    parts.tm_year = Int32(clamping: year - 1900)
    parts.tm_mon = Int32(clamping: month - 1)
    parts.tm_mday = Int32(clamping: day)
    parts.tm_hour = Int32(clamping: hour)
    parts.tm_min = Int32(clamping: minute)
    parts.tm_sec = Int32(clamping: second)
    let seconds: Int
    switch zone {
    case .local:
      parts.tm_isdst = -1
      seconds = mktime(&parts)
    case .offset(let offset): seconds = timegm(&parts) - offset
    }
    return Int64(seconds) * 1000 + Int64(millisecond)
  }

  /// Reads `2026-05-01`, `2026-05-01 10:20:30` and `2026-05-01 10:20:30.123456`.
  ///
  /// - Returns: nil when it is none of these, or a date with a zero month or day, which no calendar
  ///   has (MySQL's zero dates).
  public init?(_ text: some Collection<UInt8>) {
    let bytes = Array(text.prefix(32))
    guard bytes.count == 10 || bytes.count >= 19 else { return nil }
    func number(_ start: Int, _ count: Int) -> Int? {
      var value = 0
      for byte in bytes[start..<start + count] {
        guard byte >= 0x30, byte <= 0x39 else { return nil }
        value = value * 10 + Int(byte) - 0x30
      }
      return value
    }
    guard let year = number(0, 4), let month = number(5, 2), let day = number(8, 2),
      bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
      (1...12).contains(month), (1...31).contains(day)
    else { return nil }
    (self.year, self.month, self.day) = (year, month, day)
    guard bytes.count >= 19 else { return }
    guard let hour = number(11, 2), let minute = number(14, 2), let second = number(17, 2),
      hour < 24, minute < 60, second < 61
    else { return nil }
    (self.hour, self.minute, self.second) = (hour, minute, second)
    guard bytes.count > 20, bytes[19] == UInt8(ascii: ".") else { return }
    let digits = min(3, bytes.count - 20)
    guard var fraction = number(20, digits) else { return nil }
    for _ in digits..<3 { fraction *= 10 }
    millisecond = fraction
  }

  /// `2026-05-01 10:20:30.123`; nil for years that a database does not know (before 0, after 9999).
  public var text: String? {
    guard (0...9999).contains(year) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(23)
    func put(_ number: Int, _ width: Int, _ mark: Unicode.Scalar? = nil) {
      var divisor = 1
      for _ in 1..<width { divisor *= 10 }
      while divisor > 0 {
        bytes.append(UInt8(0x30 + number / divisor % 10))
        divisor /= 10
      }
      if let mark { bytes.append(UInt8(ascii: mark)) }
    }
    put(year, 4, "-")
    put(month, 2, "-")
    put(day, 2, " ")
    put(hour, 2, ":")
    put(minute, 2, ":")
    put(second, 2, ".")
    put(millisecond, 3)
    return String(decoding: bytes, as: UTF8.self)
  }
}
