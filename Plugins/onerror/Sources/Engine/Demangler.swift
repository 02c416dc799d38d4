import Glibc

/// Swift's symbol names as people write them, by the runtime's own function.
enum Demangler {
  private typealias Demangle =
    @convention(c) (
      UnsafePointer<CChar>?, Int, UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<Int>?, UInt32
    ) -> UnsafeMutablePointer<CChar>?

  private static let demangle: Demangle? = dlopen(nil, RTLD_NOW)
    .flatMap { dlsym($0, "swift_demangle") }.map { unsafeBitCast($0, to: Demangle.self) }

  /// `(start in _B8C0…)` of what is private to a file becomes `start`.
  private static func withoutDiscriminators(_ name: String) -> String {
    var rest = name[...]
    var result = ""
    while let mark = rest.firstRange(of: " in _") {
      let digits = rest[mark.upperBound...].prefix { $0.isHexDigit }
      guard digits.count == 32, rest[digits.endIndex...].first == ")",
        let open = rest[..<mark.lowerBound].lastIndex(of: "(")
      else {
        result += rest[..<mark.upperBound]
        rest = rest[mark.upperBound...]
        continue
      }
      result += rest[..<open] + rest[rest.index(after: open)..<mark.lowerBound]
      rest = rest[digits.endIndex...].dropFirst()
    }
    return result + rest
  }

  /// The name itself when it is no Swift symbol.
  static func demangled(_ name: String) -> String {
    guard name.hasPrefix("$s"), let text = demangle?(name, name.utf8.count, nil, nil, 0) else {
      return name
    }
    defer { free(text) }
    return withoutDiscriminators(String(cString: text))
  }
}
