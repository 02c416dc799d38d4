internal import PluginABI

/// One piece of work for the pool of threads that may block.
nonisolated final class Blocking<T: Sendable>: BlockingWork, @unchecked Sendable {
  private let work: @Sendable () throws -> T
  private var result: Result<T, any Error>?
  private var continuation: UnsafeContinuation<T, any Error>?

  private init(_ work: @escaping @Sendable () throws -> T) { self.work = work }

  @MainActor static func run(_ host: Host, _ work: @escaping @Sendable () throws -> T) async throws
    -> T
  {
    let job = Blocking(work)
    return try await withUnsafeThrowingContinuation { continuation in
      job.continuation = continuation
      let state = Unmanaged.passRetained(job as BlockingWork)
      let status = host.loop.pointee.offload(
        host.table, runBlockingWork, blockingWorkDone, state.toOpaque())
      guard status != Status.ok else { return }
      state.release()
      let text = "runBlocking: \(Status.text(status))"
      continuation.resume(throwing: EggError(status: 503, code: "EGG_LIMIT", text))
    }
  }

  override func run() { result = Result { try work() } }

  override func done() {
    guard let continuation else { return }
    self.continuation = nil
    switch result {
    case .success(let value): continuation.resume(returning: value)
    case .failure(let error): continuation.resume(throwing: error)
    case nil: continuation.resume(throwing: CancellationError())
    }
  }
}

/// The pool runs `run` on one of its threads and hands the object back before `done`.
nonisolated class BlockingWork {
  func run() {}
  func done() {}
}

private nonisolated let runBlockingWork: @convention(c) (UnsafeMutableRawPointer?) -> egg_status = {
  guard let state = $0 else { return Status.argument }
  Unmanaged<BlockingWork>.fromOpaque(state).takeUnretainedValue().run()
  return Status.ok
}

private nonisolated let blockingWorkDone: egg_done = { state, _ in
  guard let state else { return }
  Unmanaged<BlockingWork>.fromOpaque(state).takeRetainedValue().done()
}
