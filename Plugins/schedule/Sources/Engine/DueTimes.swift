/// Follows a clock on the wall that somebody may set.
///
/// Set forward over several due times, the job runs once. Set back by up to three hours, no time is
/// repeated: the clock is waited for. Set back further, the schedule begins anew.
public struct DueTimes {
  public enum Step: Equatable {
    /// Run it, for this due time.
    case run(at: Int)
    /// Look again in so many milliseconds.
    case look(after: Int)
    /// It never runs again.
    case over
  }

  /// The clock is looked at this often, so that a change of it is noticed.
  public static let longestLook = 10_000
  /// For how long a set-back clock is waited for.
  static let patience = 3 * 3600 * 1000

  private let next: (Int) -> Int?
  private var last: Int
  private var due: Int?

  /// - Parameters:
  ///   - now: milliseconds since 1970, on the wall.
  ///   - next: the first due time behind a time.
  public init(now: Int, next: @escaping (Int) -> Int?) {
    self.next = next
    last = now
    due = next(now)
  }

  public mutating func step(_ now: Int) -> Step {
    if last - now > Self.patience {
      last = now
      due = next(now)
    }
    guard let due else { return .over }
    guard now >= due else { return .look(after: min(due - now, Self.longestLook)) }
    last = max(now, due)
    self.due = next(last)
    return .run(at: due)
  }
}
