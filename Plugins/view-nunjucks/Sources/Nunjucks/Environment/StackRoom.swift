import Glibc

/// How far down the stack of a thread the engine may go.
///
/// Looked up once for each thread that uses an environment, which is nearly always one: asking the
/// system takes longer than a small page.
struct StackRoom {
  private var thread: pthread_t = 0
  /// The lowest address of the stack.
  private var end: UInt = 0
  private var size: UInt = 0
  /// With less than this left, nothing nested is begun that has a bound of its own: tags and
  /// expressions of one template.
  private var last: UInt = 0
  /// With less than this left, no include, macro or block is entered: what is in them still has to
  /// fit.
  private var reserve: UInt = 0

  /// A number that the compiler does not know.
  private var probe = 1

  /// An address in the caller's part of the stack. It is that of memory whose size is not known
  /// beforehand: the address sanitizer moves all other variables off the stack.
  @inline(never)
  private func here() -> UInt {
    withUnsafeTemporaryAllocation(byteCount: probe, alignment: 1) {
      UInt(bitPattern: $0.baseAddress)
    }
  }

  /// Whether a template may not nest any more.
  @inline(__always)
  var isUsedUp: Bool { here() &- end < last }

  /// Whether nothing may be entered any more.
  @inline(__always)
  var isNearlyUsedUp: Bool { here() &- end < reserve }

  /// The same with a bound on what is used from here on.
  func limited(to bytes: Int) -> StackRoom {
    var room = self
    let left = here() &- end
    let bytes = UInt(max(0, bytes))
    if left > bytes, left < size { room.reserve = max(reserve, left - bytes) }
    return room
  }

  /// For the thread that asks. Where the system cannot tell, nothing is held back.
  @inline(__always)
  mutating func update() {
    if thread != pthread_self() { look() }
  }

  @inline(never)
  private mutating func look() {
    thread = pthread_self()
    (end, size, last, reserve) = (0, 0, 0, 0)
    var attributes = pthread_attr_t()
    // Not among the declarations that Swift sees.
    guard let symbol = dlsym(nil, "pthread_getattr_np") else { return }
    typealias Ask = @convention(c) (pthread_t, UnsafeMutablePointer<pthread_attr_t>) -> Int32
    guard unsafeBitCast(symbol, to: Ask.self)(thread, &attributes) == 0 else { return }
    defer { pthread_attr_destroy(&attributes) }
    var (low, bytes): (UnsafeMutableRawPointer?, Int) = (nil, 0)
    guard pthread_attr_getstack(&attributes, &low, &bytes) == 0, bytes > 0 else { return }
    (end, size) = (UInt(bitPattern: low), UInt(bytes))
    last = min(96 << 10, size / 4)
    reserve = min(256 << 10, size / 2)
  }
}
