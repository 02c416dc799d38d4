/// The `TZ` string of POSIX: an offset, or two with the days on which they change.
///
///     POSIXRule("CET-1CEST,M3.5.0,M10.5.0/3")
///
/// - Source: POSIX.1-2017 §8.3 "TZ"; RFC 9636 §3.3 for hours beyond a day.
struct POSIXRule: Sendable, Equatable {
  /// Seconds ahead of UTC.
  var standard = 0
  var daylight: Daylight?

  struct Daylight: Sendable, Equatable {
    var offset: Int
    var begin: Day
    var end: Day
  }

  /// A day of each year, and the second of that day on the clock that is shown until then.
  struct Day: Sendable, Equatable {
    enum Kind: Equatable {
      /// 1 … 365; the leap day is never counted.
      case julian(Int)
      /// 0 … 365
      case ordinal(Int)
      /// month, week (5: the last), weekday
      case week(Int, Int, Int)
    }
    var kind: Kind
    var seconds = 7200

    /// Seconds since 1970 on the zone's clock.
    func moment(in year: Int) -> Int {
      var day: Int
      switch kind {
      case .julian(let number):
        day = CivilTime.days(year, 1, 1) + number - 1
        if CivilTime.isLeap(year), number >= 60 { day += 1 }
      case .ordinal(let number): day = CivilTime.days(year, 1, 1) + number
      case .week(let month, let week, let weekday):
        let first = CivilTime.weekday(year, month, 1)
        var date = 1 + (weekday - first + 7) % 7 + (week - 1) * 7
        while date > CivilTime.daysIn(month, of: year) { date -= 7 }
        day = CivilTime.days(year, month, date)
      }
      return day * 86400 + seconds
    }
  }

  /// - Returns: nil for what is no such string.
  init?(_ text: String) {
    var parser = Parser(text)
    guard parser.name(), let west = parser.time() else { return nil }
    standard = -west
    if parser.isAtEnd { return }
    guard parser.name() else { return nil }
    var offset = standard + 3600
    if !parser.isAtEnd, !parser.sees(",") {
      guard let west = parser.time() else { return nil }
      offset = -west
    }
    guard parser.take(","), let begin = parser.day(), parser.take(","), let end = parser.day(),
      parser.isAtEnd
    else { return nil }
    daylight = Daylight(offset: offset, begin: begin, end: end)
  }

  func offset(at instant: Int) -> Int {
    guard let daylight else { return standard }
    // The year on the clock: the changes are never within a day of its end.
    let year = CivilTime(seconds: instant + standard).year
    let begin = daylight.begin.moment(in: year) - standard
    let end = daylight.end.moment(in: year) - daylight.offset
    let isDaylight =
      begin < end ? instant >= begin && instant < end : instant >= begin || instant < end
    return isDaylight ? daylight.offset : standard
  }

  func change(after instant: Int) -> Int? {
    guard let daylight else { return nil }
    let year = CivilTime(seconds: instant + standard).year
    var best: Int?
    for year in year - 1...year + 1 {
      for at in [
        daylight.begin.moment(in: year) - standard, daylight.end.moment(in: year) - daylight.offset,
      ] where at > instant && offset(at: at - 1) != offset(at: at) && at < best ?? .max {
        best = at
      }
    }
    return best
  }

  private struct Parser {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = Substring(text).utf8 }

    var isAtEnd: Bool { rest.isEmpty }
    func sees(_ character: Character) -> Bool { rest.first == character.asciiValue }

    mutating func take(_ character: Character) -> Bool {
      guard sees(character) else { return false }
      rest = rest.dropFirst()
      return true
    }

    /// Three letters or more, or anything in angle brackets.
    mutating func name() -> Bool {
      if take("<") {
        while let byte = rest.first, byte != UInt8(ascii: ">") {
          _ = byte
          rest = rest.dropFirst()
        }
        return take(">")
      }
      var count = 0
      while let byte = rest.first, (byte | 0x20) >= UInt8(ascii: "a"),
        (byte | 0x20) <= UInt8(ascii: "z")
      {
        rest = rest.dropFirst()
        count += 1
      }
      return count >= 3
    }

    mutating func number() -> Int? {
      var value: Int?
      while let byte = rest.first, byte >= 0x30, byte <= 0x39, (value ?? 0) < 10_000 {
        value = (value ?? 0) * 10 + Int(byte - 0x30)
        rest = rest.dropFirst()
      }
      return value
    }

    /// `[+-]hh[:mm[:ss]]` as seconds.
    mutating func time() -> Int? {
      let isNegative = take("-")
      if !isNegative { _ = take("+") }
      guard let hours = number(), hours <= 167 else { return nil }
      var seconds = hours * 3600
      if take(":") {
        guard let minutes = number(), minutes < 60 else { return nil }
        seconds += minutes * 60
        if take(":") {
          guard let more = number(), more < 60 else { return nil }
          seconds += more
        }
      }
      return isNegative ? -seconds : seconds
    }

    mutating func day() -> Day? {
      let kind: Day.Kind
      if take("M") {
        guard let month = number(), take("."), let week = number(), take("."),
          let weekday = number(), (1...12).contains(month), (1...5).contains(week), weekday < 7
        else { return nil }
        kind = .week(month, week, weekday)
      } else if take("J") {
        guard let number = number(), (1...365).contains(number) else { return nil }
        kind = .julian(number)
      } else {
        guard let number = number(), number <= 365 else { return nil }
        kind = .ordinal(number)
      }
      var day = Day(kind: kind)
      if take("/") {
        guard let time = time() else { return nil }
        day.seconds = time
      }
      return day
    }
  }
}
