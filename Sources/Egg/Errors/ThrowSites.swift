import Glibc

/// Where errors were thrown, for development: the runtime tells of every `throw`, and the addresses
/// on the stack are kept until the error leaves the unit.
///
/// Swift errors carry no stack of their own. Nothing of this runs outside of development.
nonisolated enum ThrowSites {
  private static let limit = 32
  private static let depth = 24

  /// One thrown error: who it is, and the return addresses, innermost first.
  private struct Site {
    var error: UInt = 0
    var frames: [UInt] = []
  }

  // Of the loop's thread, which is the only one that reads or writes them.
  private nonisolated(unsafe) static var sites: [Site] = []
  private nonisolated(unsafe) static var next = 0
  private nonisolated(unsafe) static var thread: pthread_t = 0
  private nonisolated(unsafe) static var previous: Heard?

  private typealias Heard = @convention(c) (UnsafeRawPointer?) -> Void
  private typealias SetHeard = @convention(c) (Heard?) -> Void

  // Neither is in Swift's view of glibc, which leaves out what needs _GNU_SOURCE.
  private typealias Backtrace =
    @convention(c) (UnsafeMutablePointer<UnsafeMutableRawPointer?>?, Int32) -> Int32
  private typealias Locate = @convention(c) (UnsafeRawPointer?, UnsafeMutableRawPointer?) -> Int32
  private nonisolated(unsafe) static var backtrace: Backtrace?
  private nonisolated(unsafe) static var dladdr: Locate?

  /// `Dl_info` of `dlfcn.h`.
  private struct Place {
    var file: UnsafePointer<CChar>?
    var base: UnsafeRawPointer?
    var symbol: UnsafePointer<CChar>?
    var address: UnsafeRawPointer?
  }

  /// Begins to listen, on the loop's thread; a second time it does nothing.
  static func record() {
    guard thread == 0, let program = dlopen(nil, RTLD_NOW),
      let setter = dlsym(program, "_swift_setWillThrowHandler"),
      let current = dlsym(program, "_swift_willThrow"),
      let tracer = dlsym(program, "backtrace"), let locator = dlsym(program, "dladdr")
    else { return }
    thread = pthread_self()
    backtrace = unsafeBitCast(tracer, to: Backtrace.self)
    dladdr = unsafeBitCast(locator, to: Locate.self)
    sites = Array(repeating: Site(), count: limit)
    // Each unit has its own copy of this code; all of them are told.
    previous = current.load(as: Heard?.self)
    let heard: Heard = { error in
      ThrowSites.heard(error)
      ThrowSites.previous?(error)
    }
    unsafeBitCast(setter, to: SetHeard.self)(heard)
  }

  private static func heard(_ error: UnsafeRawPointer?) {
    guard pthread_self() == thread else { return }
    let frames = withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer?.self, capacity: depth) {
      places in
      let count = Int(backtrace?(places.baseAddress, Int32(depth)) ?? 0)
      // The first two are this function and the runtime's.
      return places.prefix(count).dropFirst(2).map { UInt(bitPattern: $0) }
    }
    sites[next] = Site(error: UInt(bitPattern: error), frames: frames)
    next = (next + 1) % limit
  }

  /// The stack of the moment at which `error` was thrown, one line a frame; empty when unknown.
  ///
  /// A line is `LIBRARY+0xOFFSET SYMBOL`; the offset is what symbolizers take.
  static func text(of error: any Error) -> String {
    guard thread == pthread_self() else { return "" }
    // The cast keeps the compiler from opening the existential: its box is what is compared.
    let box = unsafeBitCast(error as any Error, to: UInt.self)
    for age in 1...limit {
      let site = sites[(next + limit - age) % limit]
      if site.error == box { return site.frames.map(describe).joined(separator: "\n") }
    }
    return ""
  }

  private static func describe(_ address: UInt) -> String {
    var place = Place()
    guard dladdr?(UnsafeRawPointer(bitPattern: address), &place) != 0, let file = place.file,
      let base = place.base
    else { return "0x" + String(address, radix: 16) }
    let offset = String(address &- UInt(bitPattern: base), radix: 16)
    let symbol = place.symbol.map { " " + String(cString: $0) } ?? ""
    return "\(String(cString: file))+0x\(offset)\(symbol)"
  }
}
