/// A point in time as HTTP writes it: whole seconds, UTC, years 1 … 9999.
///
///     HTTPDate(unixSeconds: 784_111_777).text            // "Sun, 06 Nov 1994 08:49:37 GMT"
///     HTTPDate(parsing: "Sunday, 06-Nov-94 08:49:37 GMT") // the same
///
/// - Source: RFC 9110 §5.6.7.
package struct HTTPDate: Hashable, Comparable, Sendable {
  /// Seconds since 1970-01-01T00:00:00Z; negative before.
  package let unixSeconds: Int

  /// - Parameter unixSeconds: moved into the years 1 … 9999 if outside.
  package init(unixSeconds: Int) {
    self.unixSeconds = min(max(unixSeconds, -62_135_596_800), 253_402_300_799)
  }

  package static func < (left: HTTPDate, right: HTTPDate) -> Bool {
    left.unixSeconds < right.unixSeconds
  }

  /// Length of the fixed format in bytes.
  package static var length: Int { 29 }

  /// Writes the fixed format, 29 bytes, to `out`.
  package func write(to out: UnsafeMutablePointer<UInt8>) {
    let (days, seconds) = floorDivide(unixSeconds, by: 86_400)
    let (year, month, day) = civilDate(fromDays: days)
    // 1970-01-01 was a Thursday; the table starts with Monday.
    let weekday = floorDivide(days &+ 3, by: 7).remainder
    copy(weekdayNames, at: weekday &* 3, to: out)
    out[3] = 0x2C
    out[4] = 0x20
    writeTwoDigits(day, to: out + 5)
    out[7] = 0x20
    copy(monthNames, at: (month &- 1) &* 3, to: out + 8)
    out[11] = 0x20
    writeTwoDigits(year / 100, to: out + 12)
    writeTwoDigits(year % 100, to: out + 14)
    out[16] = 0x20
    writeTwoDigits(seconds / 3600, to: out + 17)
    out[19] = 0x3A
    writeTwoDigits(seconds / 60 % 60, to: out + 20)
    out[22] = 0x3A
    writeTwoDigits(seconds % 60, to: out + 23)
    out[25] = 0x20
    copy("GMT", at: 0, to: out + 26)
  }

  /// The fixed format: `Sun, 06 Nov 1994 08:49:37 GMT`.
  package var text: String {
    String(unsafeUninitializedCapacity: Self.length) { buffer in
      guard let start = buffer.baseAddress else { return 0 }
      write(to: start)
      return Self.length
    }
  }
}

/// Seven and twelve names of three letters each.
let weekdayNames: StaticString = "MonTueWedThuFriSatSun"
let monthNames: StaticString = "JanFebMarAprMayJunJulAugSepOctNovDec"

private func copy(_ text: StaticString, at offset: Int, to out: UnsafeMutablePointer<UInt8>) {
  for index in 0..<3 { out[index] = text.utf8Start[offset &+ index] }
}

private func writeTwoDigits(_ number: Int, to out: UnsafeMutablePointer<UInt8>) {
  out[0] = 0x30 &+ UInt8(truncatingIfNeeded: number / 10)
  out[1] = 0x30 &+ UInt8(truncatingIfNeeded: number % 10)
}

private func floorDivide(_ value: Int, by divisor: Int) -> (quotient: Int, remainder: Int) {
  let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
  return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}

/// Days since 1970-01-01 of a date of the Gregorian calendar.
///
/// Counts in years that start in March, so that the leap day is the last day of its year.
func days(year: Int, month: Int, day: Int) -> Int {
  let marchYear = month <= 2 ? year - 1 : year
  let (era, yearOfEra) = floorDivide(marchYear, by: 400)
  let marchMonth = (month + 9) % 12
  let dayOfYear = (153 * marchMonth + 2) / 5 + day - 1
  let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

/// The date of a day counted from 1970-01-01.
private func civilDate(fromDays days: Int) -> (year: Int, month: Int, day: Int) {
  let (era, dayOfEra) = floorDivide(days + 719_468, by: 146_097)
  let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let marchMonth = (5 * dayOfYear + 2) / 153
  let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
  let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
}
