import Egg
import ScheduleEngine

/// One file of `app/schedule`.
final class Job {
  enum Overlap: String { case skip, queue, allow }

  /// When it runs beside `immediate`.
  enum Rhythm {
    case none
    case every(milliseconds: Int)
    case cron(CronExpression, ScheduleEngine.TimeZone, endsAt: Int?)
  }

  /// `clean/sessions`; of a plugin or framework `logrotator:clean_log`.
  let key: String
  /// `app/schedule/clean/sessions.swift`, for messages.
  let place: String
  let unit: String
  let schedule: Value
  let object: ForeignObject
  let type: String
  let rhythm: Rhythm
  let isImmediate: Bool
  let overlap: Overlap
  /// Why it does not run by itself; nil when it does.
  let silence: String?

  /// - Throws: `EggError` with the file and what was expected there.
  init(_ entry: DirectoryEntry, _ app: ApplicationBase) throws {
    let place = "app/schedule/\(entry.relative)"
    func mistake(_ text: String) -> EggError {
      EggError(code: "EGG_SCHEDULE", "\(entry.unit) \(place): \(text)")
    }
    guard let object = entry.value.foreign, let schedule = try? object.get("schedule") else {
      throw mistake("expected a class derived from Subscription")
    }
    self.place = place
    self.object = object
    self.schedule = schedule
    unit = entry.unit
    var name = entry.relative
    if name.hasSuffix(".swift") { name.removeLast(6) }
    key = entry.unitKind == .application ? name : "\(entry.unit):\(name)"
    type = schedule.type.string ?? ""
    guard !type.isEmpty else {
      throw mistake("the schedule has no type: expected worker, all or single")
    }
    isImmediate = schedule.immediate.bool ?? false
    rhythm = try Self.rhythm(schedule, app.config, mistake)
    if case .none = rhythm, !isImmediate, ["worker", "all", "single"].contains(type) {
      throw mistake("the schedule says no time: expected interval, cron or immediate")
    }
    let stated = schedule.overlap.string ?? app.config["schedule.overlap"].string ?? "skip"
    guard let overlap = Overlap(rawValue: stated) else {
      throw mistake("overlap: expected skip, queue or allow, found \"\(stated)\"")
    }
    self.overlap = overlap
    let environments = (schedule.env.array ?? []).compactMap(\.string)
    if schedule.disable.bool == true {
      silence = "disabled"
    } else if !environments.isEmpty, !environments.contains(app.env) {
      silence = "only in \(environments.joined(separator: ", "))"
    } else {
      silence = nil
    }
  }

  private static func rhythm(
    _ schedule: Value, _ config: Config, _ mistake: (String) -> EggError
  ) throws -> Rhythm {
    do {
      if var text = schedule.cron.string {
        if text.hasPrefix("config:") {
          let path = text.dropFirst(7)
          guard let configured = config[String(path)].string else {
            throw mistake("the cron is that of config.\(path), which is not set")
          }
          text = configured
        }
        let options = schedule.cronOptions
        let zone = try options.tz.string.map { try TimeZone(named: $0) } ?? .local
        return .cron(try CronExpression(text), zone, endsAt: options.endDate.int)
      }
      var interval = schedule.interval
      if let text = interval.string, text.hasPrefix("config:") {
        interval = config[String(text.dropFirst(7))]
        guard interval.exists else {
          throw mistake("the interval is that of config.\(text.dropFirst(7)), which is not set")
        }
      }
      if let text = interval.string {
        return .every(milliseconds: try Interval.milliseconds(text))
      }
      if let number = interval.double {
        return .every(milliseconds: try Interval.milliseconds(number))
      }
      if interval.exists {
        throw mistake("interval: expected milliseconds or a time such as \"10s\"")
      }
      return .none
    } catch let error as ScheduleMistake {
      throw mistake(error.description)
    }
  }

  /// The due time behind `now`, milliseconds since 1970. An interval of type `single` counts from
  /// 1970, so that every machine has the same times.
  func next(after now: Int) -> Int? {
    switch rhythm {
    case .none: nil
    case .every(let interval):
      type == "single" ? (now / interval + 1) * interval : now + interval
    case .cron(let cron, let zone, let end):
      cron.next(after: Int((Double(now) / 1000).rounded(.down)), in: zone).map { $0 * 1000 }
        .flatMap { due in end.map { due <= $0 } ?? true ? due : nil }
    }
  }

  /// What `egg inspect schedule` shows.
  func describe(_ now: Int) -> Value {
    var map = ValueMap()
    map["key"] = .text(key)
    map["unit"] = .text(unit)
    map["file"] = .text(place)
    map["type"] = .text(type)
    switch rhythm {
    case .none: break
    case .every(let interval): map["interval"] = .integer(interval)
    case .cron(let cron, let zone, _):
      map["cron"] = .text(cron.text)
      map["tz"] = .text(zone.name)
    }
    map["immediate"] = .boolean(isImmediate)
    map["overlap"] = .text(overlap.rawValue)
    if let silence { map["off"] = .text(silence) }
    var times: [Value] = []
    var time = now
    while silence == nil, times.count < 3, let next = next(after: time) {
      times.append(.text(text(of: next)))
      time = next
    }
    map["next"] = .list(times)
    return .map(map)
  }

  private func text(of milliseconds: Int) -> String {
    var zone = ScheduleEngine.TimeZone.local
    if case .cron(_, let own, _) = rhythm { zone = own }
    let seconds = milliseconds / 1000
    let offset = zone.offset(at: seconds) / 60
    func pad(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return
      "\(zone.civil(at: seconds)) \(offset < 0 ? "-" : "+")\(pad(abs(offset) / 60)):\(pad(abs(offset) % 60))"
  }
}
