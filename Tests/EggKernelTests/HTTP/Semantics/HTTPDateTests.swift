import Testing

@testable import EggHTTPSemantics

@Suite("HTTP date") struct HTTPDateTests {
  /// The moment of RFC 9110 §5.6.7.
  private let example = HTTPDate(unixSeconds: 784_111_777)
  private let now = 1_800_000_000

  @Test(arguments: [
    "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
  ])
  func `the three formats of the RFC are the same moment`(text: String) {
    #expect(HTTPDate(parsing: text, now: now) == example)
  }

  @Test(arguments: [
    (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
    (-1, "Wed, 31 Dec 1969 23:59:59 GMT"), (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
    (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
    (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
    (-62_135_596_800, "Mon, 01 Jan 0001 00:00:00 GMT"),
  ])
  func `a date is written and read back`(seconds: Int, text: String) {
    #expect(HTTPDate(unixSeconds: seconds).text == text)
    #expect(HTTPDate(parsing: text)?.unixSeconds == seconds)
  }

  @Test func `every weekday and month has its name`() {
    let day = 86_400
    let names = (0..<7).map { HTTPDate(unixSeconds: $0 * day).text.prefix(3) }
    #expect(names == ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"])
    let months = (0..<12).map { HTTPDate(unixSeconds: (15 + $0 * 30) * day + $0 * day / 2).text }
    #expect(
      months.map { $0.split(separator: " ")[2] } == [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
      ])
  }

  @Test(arguments: [
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
  ])
  func `every long weekday name is read`(name: String) {
    #expect(HTTPDate(parsing: "\(name), 06-Nov-94 08:49:37 GMT", now: now) == example)
  }

  @Test func `a year of two digits is at most 50 years ahead`() {
    // `now` is in 2027.
    #expect(
      HTTPDate(parsing: "Sunday, 01-Jan-77 00:00:00 GMT", now: now)?.text.contains("2077") == true)
    #expect(
      HTTPDate(parsing: "Sunday, 01-Jan-78 00:00:00 GMT", now: now)?.text.contains("1978") == true)
  }

  @Test(arguments: [
    "", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 GMT ",
    "sun, 06 Nov 1994 08:49:37 GMT",
    "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
    "Sun, 29 Feb 1900 08:49:37 GMT",
    "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
    "Sun, 06 Nov 1994 08:60:00 GMT",
    "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06-Nov-94 08:49:37 GMT",
    "Sunday, 06 Nov 1994 08:49:37 GMT", "Sun Nov 06 08:49:37 94", "1994-11-06T08:49:37Z",
    "Sun, 06 Nov 0000 08:49:37 GMT", "Moonday, 06-Nov-94 08:49:37 GMT",
  ])
  func `anything else is no date`(text: String) {
    #expect(HTTPDate(parsing: text, now: now) == nil)
  }

  @Test func `a moment outside of the calendar is moved to its end`() {
    #expect(HTTPDate(unixSeconds: .max).text == "Fri, 31 Dec 9999 23:59:59 GMT")
    #expect(HTTPDate(unixSeconds: .min).text == "Mon, 01 Jan 0001 00:00:00 GMT")
  }
}
