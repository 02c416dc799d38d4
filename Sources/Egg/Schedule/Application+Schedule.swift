/// The plugin `schedule`, for applications and other plugins.
extension ApplicationBase {
  /// Runs a job now, whatever its schedule says, and waits for it: for tests.
  ///
  /// - Parameter name: its path below `app/schedule`, "clean/sessions"; that of another plugin's job
  ///   has the plugin in front, "logrotator:clean_log".
  /// - Throws: what the job throws; `EggError` when there is none of that name.
  public func runSchedule(_ name: String) async throws {
    try await call("runSchedule", name)
  }

  /// The lock of type `single`, one for all machines; say so in `didLoad`, on the agent where there
  /// is one.
  public func useScheduleLock(_ lock: any ScheduleLock) async throws {
    try await call("schedule.lock", value(of: ScheduleLockExport(lock)))
  }

  /// Adds a type for `Schedule(customType:)`; say so in `didLoad`, on the agent where there is one.
  ///
  ///     try await agent.useScheduleType("leader") { task in
  ///       electedLeader.everyMinute { task.sendOne() }
  ///     }
  ///
  /// - Parameter start: called once for each job of the type, when the application is ready.
  public func useScheduleType(
    _ name: String, start: @escaping @MainActor (ScheduleTask) async throws -> Void
  ) async throws {
    try await call("schedule.use", name, value(of: ScheduleTypeExport(start)))
  }
}

/// Decides which of several machines runs a job of type `single`.
@MainActor public protocol ScheduleLock: AnyObject {
  /// Asked by every machine for each time a job is due; at most one may hear true.
  ///
  /// - Parameters:
  ///   - key: application, job and due time; the same on every machine.
  ///   - duration: for how long the key has to be remembered at least.
  func acquire(_ key: String, for duration: Duration) async throws -> Bool
}

/// A job of a type that a plugin adds.
public struct ScheduleTask {
  private let object: ForeignObject

  init(_ object: ForeignObject) { self.object = object }

  /// Its name, "clean/sessions".
  public var key: String { (try? object.get("key"))?.string ?? "" }
  /// All that the job's `schedule` says.
  public var schedule: Value { (try? object.get("schedule")) ?? .undefined }

  /// Runs the job in one worker.
  ///
  /// - Parameter arguments: `ctx.state.scheduleArguments` of the run.
  public func sendOne(_ arguments: Value...) { send("sendOne", arguments) }
  /// Runs the job in every worker.
  public func sendAll(_ arguments: Value...) { send("sendAll", arguments) }

  private func send(_ method: String, _ arguments: [Value]) {
    Task { _ = try? await object.invoke(method, [Value.list(arguments)]) }
  }
}

private final class ScheduleLockExport: ExportedObject {
  let objectType = "egg.schedule.lock/1"
  private let lock: any ScheduleLock

  init(_ lock: any ScheduleLock) { self.lock = lock }

  func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    guard method == "acquire" else { throw noSuchMethod(method) }
    let milliseconds: Int = try args.get(1)
    return .boolean(try await lock.acquire(args.get(0), for: .milliseconds(milliseconds)))
  }
}

private final class ScheduleTypeExport: ExportedObject {
  let objectType = "egg.schedule.type/1"
  private let start: @MainActor (ScheduleTask) async throws -> Void

  init(_ start: @escaping @MainActor (ScheduleTask) async throws -> Void) { self.start = start }

  func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    guard method == "start", let task = args[0].foreign else { throw noSuchMethod(method) }
    try await start(ScheduleTask(task))
    return .undefined
  }
}
