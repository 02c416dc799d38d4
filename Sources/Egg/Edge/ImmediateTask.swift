@_spi(MainActorUtilities) import _Concurrency

/// A task of the main actor that begins before the call returns.
///
/// `Task.immediate` does the same, but gives each task a preferred executor, also where none is asked
/// for, and from then on every hop takes the task's lock to look it up: three times a layer of the
/// onion. The function behind this one is older and leaves it out. It is called through a protocol
/// because by its own name it is deprecated.
enum ImmediateTask {
  static func start(_ operation: @escaping @MainActor @Sendable () async -> Void)
    -> Task<Void, Never>
  {
    begin(operation)
  }

  private static func begin<Started: StartsAtOnce>(
    _ operation: @escaping @MainActor @Sendable () async -> Started.Success
  ) -> Started {
    Started.startOnMainActor(priority: nil, operation)
  }
}

private protocol StartsAtOnce {
  associatedtype Success
  static func startOnMainActor(
    priority: TaskPriority?, _ operation: __owned @escaping @MainActor @Sendable () async -> Success
  ) -> Self
}

extension Task: StartsAtOnce where Failure == Never {}
