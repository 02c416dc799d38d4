import Glibc

/// Reading the three formats a date may come in.
///
/// - Source: RFC 9110 §5.6.7: IMF-fixdate, RFC 850, asctime.
extension HTTPDate {
  /// Reads one of
  ///
  ///     Sun, 06 Nov 1994 08:49:37 GMT
  ///     Sunday, 06-Nov-94 08:49:37 GMT
  ///     Sun Nov  6 08:49:37 1994
  ///
  /// The name of the weekday is checked for its spelling, not against the date. Second 60 is a leap
  /// second and read as the one after 59.
  ///
  /// - Parameter now: the present, in seconds since 1970: a year of two digits that would be more than
  ///   50 years after it is in the past.
  /// - Returns: nil for anything else.
  package init?(
    parsing bytes: UnsafeBufferPointer<UInt8>, now: Int = Int(time(nil))
  ) {
    var reader = DateReader(bytes: bytes)
    guard let seconds = reader.read(now: now) else { return nil }
    self.init(unixSeconds: seconds)
  }

  /// The same for text.
  package init?(parsing text: String, now: Int = Int(time(nil))) {
    var text = text
    guard let date = text.withUTF8({ HTTPDate(parsing: $0, now: now) }) else { return nil }
    self = date
  }
}

private struct DateReader {
  let bytes: UnsafeBufferPointer<UInt8>
  var at = 0

  init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  mutating func read(now: Int) -> Int? {
    guard let weekday = name(of: weekdayNames, count: 7) else { return nil }
    if skip(",") {
      guard skip(" "), let day = digits(2) else { return nil }
      return readFixed(day: day)
    }
    if skip(" ") { return readAsctime() }
    // The long names of RFC 850, less the three letters already read.
    let endings: [StaticString] = ["day", "sday", "nesday", "rsday", "day", "urday", "day"]
    guard skip(endings[weekday]), skip(", "), let day = digits(2), skip("-") else { return nil }
    return readRFC850(day: day, now: now)
  }

  private mutating func readFixed(day: Int) -> Int? {
    guard skip(" "), let month = month(), skip(" "), let year = digits(4), skip(" "),
      let clock = clock(), skip(" GMT"), at == bytes.count
    else { return nil }
    return seconds(year, month, day, clock)
  }

  private mutating func readRFC850(day: Int, now: Int) -> Int? {
    guard let month = month(), skip("-"), let shortYear = digits(2), skip(" "),
      let clock = clock(), skip(" GMT"), at == bytes.count
    else { return nil }
    let thisYear = 1970 + now / 31_556_952
    var year = thisYear - thisYear % 100 + shortYear
    if year > thisYear + 50 { year -= 100 }
    return seconds(year, month, day, clock)
  }

  private mutating func readAsctime() -> Int? {
    guard let month = month(), skip(" ") else { return nil }
    let day = skip(" ") ? digits(1) : digits(2)
    guard let day, skip(" "), let clock = clock(), skip(" "), let year = digits(4),
      at == bytes.count
    else { return nil }
    return seconds(year, month, day, clock)
  }

  private func seconds(_ year: Int, _ month: Int, _ day: Int, _ clock: Int) -> Int? {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    guard year >= 1, day >= 1, day <= lengths[month - 1] else { return nil }
    return days(year: year, month: month, day: day) * 86_400 + clock
  }

  private mutating func month() -> Int? {
    name(of: monthNames, count: 12).map { $0 + 1 }
  }

  private mutating func clock() -> Int? {
    guard let hour = digits(2), hour < 24, skip(":"), let minute = digits(2), minute < 60,
      skip(":"), let second = digits(2), second <= 60
    else { return nil }
    return hour * 3600 + minute * 60 + second
  }

  private mutating func digits(_ count: Int) -> Int? {
    guard bytes.count - at >= count else { return nil }
    var number = 0
    for _ in 0..<count {
      let digit = bytes[at] &- 0x30
      guard digit < 10 else { return nil }
      number = number * 10 + Int(digit)
      at += 1
    }
    return number
  }

  private mutating func skip(_ text: StaticString) -> Bool {
    let length = text.utf8CodeUnitCount
    guard bytes.count - at >= length else { return false }
    for index in 0..<length where bytes[at + index] != text.utf8Start[index] { return false }
    at += length
    return true
  }

  /// The index of the three letters at the cursor in `names`; dates are case-sensitive.
  private mutating func name(of names: StaticString, count: Int) -> Int? {
    guard bytes.count - at >= 3 else { return nil }
    for index in 0..<count {
      let start = names.utf8Start + index * 3
      if bytes[at] == start[0], bytes[at + 1] == start[1], bytes[at + 2] == start[2] {
        at += 3
        return index
      }
    }
    return nil
  }
}
