import Glibc

/// Swift's symbol names as people write them, by the runtime's own function.
enum Demangler {
  private typealias Demangle =
    @convention(c) (
      UnsafePointer<CChar>?, Int, UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<Int>?, UInt32
    ) -> UnsafeMutablePointer<CChar>?

  private static let demangle: Demangle? = dlopen(nil, RTLD_NOW)
    .flatMap { dlsym($0, "swift_demangle") }.map { unsafeBitCast($0, to: Demangle.self) }

  /// The name itself when it is no Swift symbol.
  static func demangled(_ name: String) -> String {
    guard name.hasPrefix("$s"), let text = demangle?(name, name.utf8.count, nil, nil, 0) else {
      return name
    }
    defer { free(text) }
    return String(cString: text)
  }
}
