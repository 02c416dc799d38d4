import Glibc

/// A system call that the loop needs was refused.
package struct LoopError: Error, Sendable, CustomStringConvertible {
  /// Which kind of refusal, for callers that treat them differently.
  package struct Code: Hashable, Sendable {
    package let name: String

    /// The kernel gave no descriptor, memory or thread for the loop itself.
    package static let resources = Code(name: "EGG_LOOP_RESOURCES")
    /// A descriptor cannot be watched: closed, not pollable (a plain file), or out of range.
    package static let descriptor = Code(name: "EGG_LOOP_DESCRIPTOR")
    /// A signal number that cannot be handled (`SIGKILL`, `SIGSTOP`, out of range).
    package static let signal = Code(name: "EGG_LOOP_SIGNAL")
    /// The blocking pool has no room, was closed, or could not start a thread.
    package static let poolRefused = Code(name: "EGG_LOOP_POOL_REFUSED")
  }

  package let code: Code
  /// `errno` of the refused call, 0 when no call was made.
  package let errorNumber: Int32
  /// What was tried, e.g. `epoll_ctl(add, 7)`.
  package let operation: String

  package var description: String {
    guard errorNumber != 0, let text = unsafe strerror(errorNumber) else {
      return "\(code.name) \(operation)"
    }
    return unsafe "\(code.name) \(operation): \(String(cString: text))"
  }
}
