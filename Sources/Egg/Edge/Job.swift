internal import PluginABI

/// Something that the kernel asked for outside of the onion (a phase, a method, a directory) and
/// that this unit settles once: at once when nothing suspends, later otherwise.
final class Job {
  private let unit: Unit
  private var host: Host { unit.host }
  private let call: egg_call
  private var outcome: Result<Value, any Error>?
  private var isLater = false
  private var task: Task<Void, Never>?

  private init(_ unit: Unit, _ call: egg_call) {
    self.unit = unit
    self.call = call
  }

  nonisolated deinit {}

  /// - Parameter result: where the value goes when the step is DONE; nil: it is finished with.
  static func start(
    _ unit: Unit, _ call: egg_call, _ result: UnsafeMutablePointer<egg_value>? = nil,
    _ body: @escaping @MainActor () async throws -> Value
  ) -> egg_step {
    let job = Job(unit, call)
    let task = ImmediateTask.start {
      do {
        job.settle(.success(try await body()))
      } catch {
        job.settle(.failure(error))
      }
    }
    switch job.outcome {
    case .success(let value)?: return job.done(value, result)
    case .failure(let error)?:
      unit.leave(call)
      return unit.host.fail(call, error)
    case nil:
      job.isLater = true
      job.task = task
      job.listenForCancel()
      return Step.later
    }
  }

  /// The same for what never suspends; no task is made.
  static func now(
    _ unit: Unit, _ call: egg_call, _ result: UnsafeMutablePointer<egg_value>?,
    _ body: () throws -> Value
  ) -> egg_step {
    do {
      return Job(unit, call).done(try body(), result)
    } catch {
      unit.leave(call)
      return unit.host.fail(call, error)
    }
  }

  private func done(_ value: Value, _ result: UnsafeMutablePointer<egg_value>?) -> egg_step {
    unit.leave(call)
    if value.isUndefined { return Step.done }
    if let result, host.store(value, in: call, at: result) == Status.ok { return Step.done }
    return host.finish(call, value)
  }

  private func settle(_ outcome: Result<Value, any Error>) {
    guard isLater else {
      self.outcome = outcome
      return
    }
    task = nil
    unit.leave(call)
    switch outcome {
    case .success(let value): _ = host.finish(call, value)
    case .failure(let error): _ = host.fail(call, error)
    }
  }

  /// The task holds this object until it settles, and the kernel keeps no hook of a settled call.
  private func listenForCancel() {
    _ = host.table.pointee.on_cancel(
      host.table, call, cancelJob, Unmanaged.passUnretained(self).toOpaque())
  }

  fileprivate func cancel() { task?.cancel() }
}

private let cancelJob = unsafeBitCast(
  { state in
    guard let state else { return }
    Unmanaged<Job>.fromOpaque(state).takeUnretainedValue().cancel()
  } as @MainActor @convention(c) (UnsafeMutableRawPointer?) -> Void,
  to: (@convention(c) (UnsafeMutableRawPointer?) -> Void).self)
