/// A C function that the loop calls with the pointer it was given.
package typealias LoopFunction = @convention(c) (UnsafeMutableRawPointer?) -> Void

/// One thing for the loop to run: 17 bytes, no box around it.
///
/// `@unchecked Sendable`: it is made on any thread and run on the loop thread only; whoever makes
/// one off the loop starts from a `@Sendable` closure, a Swift job, or C code that answers for its
/// pointer.
@safe enum Work: @unchecked Sendable {
  case closure(() -> Void)
  case function(LoopFunction, UnsafeMutableRawPointer?)
  /// A Swift job that belongs to the main actor.
  case mainJob(UnownedJob)
  /// A Swift job that belongs to nobody in particular: a nonisolated function, an actor's turn.
  case freeJob(UnownedJob)
}
