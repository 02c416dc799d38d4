internal import PluginABI

/// Contexts of requests that have ended, for the next ones: a request takes one and gives it back, which is
/// less work than making and destroying one.
///
/// A context that somebody still refers to, be it weakly, is never used again: it stays the one that has
/// ended, and whoever holds it sees nothing of another request.
final class SpareContexts {
  private static let limit = 256
  private let contexts: UnsafeMutablePointer<Unmanaged<Context>> = .allocate(capacity: limit)
  private var count = 0
  /// The counts of an object with one owner and no weak or unowned reference, as the runtime writes them.
  private let countsOfOne: UInt

  init() {
    let new = Unmanaged.passRetained(NewObject())
    countsOfOne = Self.counts(new.toOpaque())
    new.release()
  }

  /// Only a unit has one, and both stay as long as the process.
  nonisolated deinit {}

  func take(_ call: egg_call) -> Unmanaged<Context>? {
    guard count > 0 else { return nil }
    count &-= 1
    let reference = contexts[count]
    reference._withUnsafeGuaranteedRef { $0.begin(call) }
    return reference
  }

  /// Takes the reference over.
  func giveBack(_ reference: Unmanaged<Context>) {
    guard Self.counts(reference.toOpaque()) == countsOfOne, count < Self.limit else {
      return reference.release()
    }
    (contexts + count).initialize(to: reference)
    count &+= 1
  }

  /// The second word of every object: its counts, or where they are kept once there are many or weak
  /// references. Only compared.
  private static func counts(_ object: UnsafeMutableRawPointer) -> UInt {
    object.load(fromByteOffset: MemoryLayout<UInt>.size, as: UInt.self)
  }
}

private final class NewObject {
  nonisolated deinit {}
}
