import Egg

enum BoardKey: StorageKey { typealias Value = Board }

/// The jobs of every unit, the types that plugins add, and the lock.
final class Board {
  private(set) var jobs: [Job] = []
  private(set) var types: [String: ForeignObject] = [:]
  private(set) var lock: ForeignObject?

  func load(_ entries: [DirectoryEntry], _ app: ApplicationBase) throws {
    jobs = try entries.map { try Job($0, app) }
  }

  /// - Parameter name: a key, with or without `app/schedule/` and `.swift`; a plugin's job is also
  ///   found without its plugin when no other has that name.
  func job(_ name: String) throws -> Job {
    var name = name
    if name.hasPrefix("app/schedule/") { name.removeFirst(13) }
    if name.hasSuffix(".swift") { name.removeLast(6) }
    if let job = jobs.first(where: { $0.key == name }) { return job }
    let others = jobs.filter { $0.key.hasSuffix(":\(name)") }
    if others.count == 1 { return others[0] }
    let known = jobs.map(\.key).joined(separator: ", ")
    throw EggError(
      code: "EGG_SCHEDULE", "no job \"\(name)\" in app/schedule; there are: \(known)")
  }

  func describe() -> Value {
    let now = Timestamp.now.milliseconds
    return .list(jobs.map { $0.describe(now) })
  }

  func use(_ args: Arguments) throws -> Value {
    let name: String = try args.get(0)
    guard let object = args[1].foreign else {
      throw EggError(
        code: "EGG_SCHEDULE", "schedule.use: expected a name and an object with start(task)")
    }
    guard types[name] == nil, !["worker", "all", "single"].contains(name) else {
      throw EggError(code: "EGG_SCHEDULE", "schedule type \"\(name)\" is there already")
    }
    types[name] = object
    return .undefined
  }

  func useLock(_ args: Arguments) throws -> Value {
    guard let object = args[0].foreign else {
      throw EggError(
        code: "EGG_SCHEDULE", "schedule.lock: expected an object with acquire(key, ms)")
    }
    lock = object
    return .undefined
  }
}
