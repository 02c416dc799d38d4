/// When a job of `app/schedule` runs; the plugin `schedule` sees to it.
///
///     static let schedule = Schedule(interval: "10s")
///     static let schedule = Schedule(interval: 500, type: .all)
///     static let schedule = Schedule(cron: "0 30 2 * * *", tz: "Europe/Berlin", type: .single)
public struct Schedule: Encodable {
  public enum Kind: String, Encodable, Sendable {
    /// One worker of this machine, any.
    case worker
    /// Every worker.
    case all
    /// One worker of all machines that share the lock given to `useScheduleLock`.
    case single
  }

  /// What happens at a time at which the job still runs.
  public enum Overlap: String, Encodable, Sendable {
    /// This time is left out.
    case skip
    /// The job runs once more as soon as it has ended.
    case queue
    /// It runs a second time beside the first.
    case allow
  }

  /// Of `cron`.
  public struct CronOptions: Encodable, Sendable {
    /// A name such as "Asia/Shanghai"; the process's own zone without one.
    public var tz: String?
    /// Milliseconds since 1970 behind which the job does not run any more.
    public var endDate: Int?
  }

  public var type: String
  public var interval: ScheduleInterval?
  /// Six fields with seconds, or five.
  public var cron: String?
  public var cronOptions: CronOptions?
  /// Once when the application is ready, then as the rest says.
  public var immediate: Bool
  public var disable: Bool
  /// Environments in which the job runs; empty: all.
  public var env: [String]?
  /// Nil: what `config.schedule.overlap` says.
  public var overlap: Overlap?

  public init(
    interval: ScheduleInterval? = nil, cron: String? = nil, tz: String? = nil,
    endDate: Timestamp? = nil, type: Kind = .worker, immediate: Bool = false,
    disable: Bool = false, env: [String]? = nil, overlap: Overlap? = nil
  ) {
    self.init(
      interval: interval, cron: cron, tz: tz, endDate: endDate, customType: type.rawValue,
      immediate: immediate, disable: disable, env: env, overlap: overlap)
  }

  /// With a type that a plugin adds through `useScheduleType`.
  public init(
    interval: ScheduleInterval? = nil, cron: String? = nil, tz: String? = nil,
    endDate: Timestamp? = nil, customType: String, immediate: Bool = false, disable: Bool = false,
    env: [String]? = nil, overlap: Overlap? = nil
  ) {
    type = customType
    self.interval = interval
    self.cron = cron
    if tz != nil || endDate != nil {
      cronOptions = CronOptions(tz: tz, endDate: endDate?.milliseconds)
    }
    self.immediate = immediate
    self.disable = disable
    self.env = env
    self.overlap = overlap
  }
}

/// Milliseconds, or a time in words: `500`, `"5s"`, `"10m"`, `"1h"`.
public struct ScheduleInterval: Encodable, Sendable, ExpressibleByStringLiteral,
  ExpressibleByIntegerLiteral
{
  let text: String

  public init(_ text: String) { self.text = text }
  public init(milliseconds: Int) { text = String(milliseconds) }
  public init(stringLiteral text: String) { self.init(text) }
  public init(integerLiteral milliseconds: Int) { self.init(milliseconds: milliseconds) }

  /// What stands in the configuration: `.config("logrotator.rotateDuration")`.
  public static func config(_ path: String) -> Self { Self("config:\(path)") }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
