import Glibc
import PluginABI

// The importer gives anonymous C enum constants the type Int; these are the same constants with the
// types that the tables use.

package enum Status {
  package static let ok = egg_status(EGG_OK)
  package static let argument = egg_status(EGG_E_ARGUMENT)
  package static let unsupported = egg_status(EGG_E_UNSUPPORTED)
  package static let exists = egg_status(EGG_E_EXISTS)
  package static let notFound = egg_status(EGG_E_NOT_FOUND)
  package static let phase = egg_status(EGG_E_PHASE)
  package static let stale = egg_status(EGG_E_STALE)
  package static let undeclared = egg_status(EGG_E_UNDECLARED)
  package static let limit = egg_status(EGG_E_LIMIT)
  package static let thread = egg_status(EGG_E_THREAD)
  package static let again = egg_status(EGG_E_AGAIN)
  package static let failed = egg_status(EGG_E_FAILED)

  /// `"EGG_E_STALE"`, for messages.
  package static func name(_ status: egg_status) -> String {
    switch status {
    case ok: "EGG_OK"
    case argument: "EGG_E_ARGUMENT"
    case unsupported: "EGG_E_UNSUPPORTED"
    case exists: "EGG_E_EXISTS"
    case notFound: "EGG_E_NOT_FOUND"
    case phase: "EGG_E_PHASE"
    case stale: "EGG_E_STALE"
    case undeclared: "EGG_E_UNDECLARED"
    case limit: "EGG_E_LIMIT"
    case thread: "EGG_E_THREAD"
    case again: "EGG_E_AGAIN"
    case failed: "EGG_E_FAILED"
    default: "status \(status)"
    }
  }
}

enum Step {
  static let done = egg_step(EGG_STEP_DONE)
  static let pass = egg_step(EGG_STEP_PASS)
  static let later = egg_step(EGG_STEP_LATER)
  static let stale = egg_step(EGG_STEP_STALE)
}

enum Kind {
  static let undefined = egg_kind(EGG_UNDEFINED)
  static let null = egg_kind(EGG_NULL)
  static let bool = egg_kind(EGG_BOOL)
  static let int = egg_kind(EGG_INT)
  static let double = egg_kind(EGG_DOUBLE)
  static let string = egg_kind(EGG_STRING)
  static let bytes = egg_kind(EGG_BYTES)
  static let list = egg_kind(EGG_LIST)
  static let map = egg_kind(EGG_MAP)
  static let object = egg_kind(EGG_OBJECT)
  static let time = egg_kind(EGG_TIME)
}

/// A table as the kernel sees it: `(host, …)`; every host function takes this first.
typealias HostTable = UnsafePointer<egg_host>

extension egg_str {
  @inline(__always)
  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.init(
      ptr: UnsafeRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self),
      len: bytes.count)
  }

  @inline(__always)
  init(_ start: UnsafePointer<UInt8>, count: Int) {
    self.init(ptr: UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self), len: count)
  }

  @inline(__always)
  init(_ text: StaticString) {
    self.init(text.utf8Start, count: text.utf8CodeUnitCount)
  }

  @inline(__always)
  var bytes: UnsafeBufferPointer<UInt8> {
    guard len > 0, let ptr else { return UnsafeBufferPointer(start: nil, count: 0) }
    return UnsafeBufferPointer(
      start: UnsafeRawPointer(ptr).assumingMemoryBound(to: UInt8.self), count: len)
  }

  /// False for a length without a pointer, or one that no text has.
  @inline(__always)
  var isPlausible: Bool { len == 0 || (ptr != nil && len < 1 << 40) }

  var string: String { String(decoding: bytes, as: UTF8.self) }

  @inline(__always)
  func equals(_ text: StaticString) -> Bool {
    len == text.utf8CodeUnitCount && (len == 0 || memcmp(ptr!, text.utf8Start, len) == 0)
  }
}

/// Reads a sized struct that a unit filled in: what it lacks is zero, what the kernel does not know
/// must be zero.
///
/// - Returns: nil when the size is implausible or an unknown field is set (`EGG_E_UNSUPPORTED`).
func adopt<T>(_ sender: UnsafeRawPointer, as type: T.Type = T.self) -> T? {
  let size = Int(sender.load(as: UInt32.self))
  guard (4...4096).contains(size) else { return nil }
  let theirs = UnsafeRawBufferPointer(start: sender, count: size)
  guard theirs.dropFirst(MemoryLayout<T>.size).allSatisfy({ $0 == 0 }) else { return nil }
  return withUnsafeTemporaryAllocation(of: T.self, capacity: 1) { copy in
    let ours = UnsafeMutableRawBufferPointer(copy)
    ours.initializeMemory(as: UInt8.self, repeating: 0)
    ours.copyMemory(from: .init(rebasing: theirs.prefix(ours.count)))
    return copy[0]
  }
}

/// Fills a sized struct that a unit made room for: no byte beyond its size is touched.
func fill<T>(_ receiver: UnsafeMutablePointer<T>, with value: T) -> egg_status {
  let size = Int(UnsafeRawPointer(receiver).load(as: UInt32.self))
  guard (4...4096).contains(size) else { return Status.argument }
  withUnsafeBytes(of: value) { ours in
    let count = min(size, ours.count)
    // The first word is the receiver's own size and stays.
    UnsafeMutableRawPointer(receiver).advanced(by: 4)
      .copyMemory(from: ours.baseAddress!.advanced(by: 4), byteCount: count - 4)
  }
  return Status.ok
}
