import Testing

@testable import ScheduleEngine

@Suite("A clock that somebody sets") struct DueTimesTests {
  private static let hour = 3_600_000
  private static let start = CivilTime(2026, 5, 1, 8, 30).seconds * 1000
  private var times = DueTimes(now: Self.start) { now in
    try? CronExpression("0 0 * * * *").next(after: now / 1000, in: .utc).map { $0 * 1000 }
  }
  private func at(_ hour: Int, _ minute: Int, day: Int = 1) -> Int {
    CivilTime(2026, 5, day, hour, minute).seconds * 1000
  }

  @Test mutating func `looks every ten seconds, and exactly at the end`() {
    #expect(times.step(at(8, 30)) == .look(after: 10_000))
    #expect(times.step(at(9, 0) - 1200) == .look(after: 1200))
    #expect(times.step(at(9, 0) + 3) == .run(at: at(9, 0)))
    #expect(times.step(at(9, 0) + 3) == .look(after: 10_000))
  }

  @Test mutating func `set forward over several times, it runs once`() {
    #expect(times.step(at(14, 20)) == .run(at: at(9, 0)))
    #expect(times.step(at(14, 20)) == .look(after: 10_000))
    #expect(times.step(at(15, 0)) == .run(at: at(15, 0)))
  }

  @Test mutating func `set back a little, no time is repeated`() {
    #expect(times.step(at(9, 0)) == .run(at: at(9, 0)))
    #expect(times.step(at(8, 10)) == .look(after: 10_000))
    #expect(times.step(at(9, 0)) == .look(after: 10_000))
    #expect(times.step(at(10, 0)) == .run(at: at(10, 0)))
  }

  @Test mutating func `set back far, the schedule begins anew`() {
    #expect(times.step(at(9, 0)) == .run(at: at(9, 0)))
    #expect(times.step(at(2, 30)) == .look(after: 10_000))
    #expect(times.step(at(3, 0)) == .run(at: at(3, 0)))
  }

  @Test func `no next time, no more looks`() {
    var never = DueTimes(now: 0) { _ in nil }
    #expect(never.step(1) == .over)
  }
}
