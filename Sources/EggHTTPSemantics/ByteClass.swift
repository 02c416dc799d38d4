/// What a byte may be part of in an HTTP message, one table look-up a byte.
///
///     ByteClass.token.contains(UInt8(ascii: "x"))  // true
///     ByteClass.token.contains(UInt8(ascii: ":"))  // false
///
/// Public although nothing outside of the package sees this module: the compiler (6.3) does not inline
/// `package` functions into other modules, and a call for every byte triples the time of a parse.
///
/// - Source: RFC 9110 §5.6.2 (`tchar`), RFC 3986 §3.2.2 (`reg-name`), RFC 6265 §4.1.1
///   (`cookie-octet`).
public struct ByteClass: Sendable {
  @usableFromInline let bit: UInt8

  @inlinable init(bit: UInt8) { self.bit = bit }

  /// `tchar`: method names, header names, cookie names, parameter names.
  @inlinable public static var token: ByteClass { .init(bit: 1) }
  /// Visible ASCII except `#`: what a request target may hold. Wider than RFC 3986, because browsers
  /// send `|`, `[`, `{` and others raw in queries.
  @inlinable public static var target: ByteClass { .init(bit: 2) }
  /// `unreserved` and `sub-delims`: a registered name in `Host`. `%` is checked apart.
  @inlinable public static var host: ByteClass { .init(bit: 4) }
  /// `0-9 a-f A-F`.
  @inlinable public static var hexadecimal: ByteClass { .init(bit: 8) }
  /// `cookie-octet`: visible ASCII except `"`, `,`, `;` and the backslash.
  @inlinable public static var cookie: ByteClass { .init(bit: 16) }

  /// Whether `byte` belongs to this class.
  @inlinable @inline(__always)
  public func contains(_ byte: UInt8) -> Bool {
    byteClasses()[Int(byte)] & bit != 0
  }

  /// Whether there is at least one byte and all belong to this class.
  @inlinable
  public func containsAll(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    if bytes.isEmpty { return false }
    for byte in bytes where !contains(byte) { return false }
    return true
  }
}

/// 256 entries, one for each byte. An entry is a character whose lowest five bits are the class bits:
/// `@` is none, `A` token only, `W` (16 + 4 + 2 + 1) everything except hexadecimal.
///
/// A string literal, because that is the one table Swift puts into read-only memory without a lazy
/// initialiser in front of every access.
@inlinable @inline(__always)
public func byteClasses() -> UnsafePointer<UInt8> {
  let table: StaticString = """
    @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\
    @WBQWSWWVVWWFWWR__________RFRVRR\
    R______WWWWWWWWWWWWWWWWWWWWRBRSW\
    S______WWWWWWWWWWWWWWWWWWWWRSRW@\
    @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\
    @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\
    @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\
    @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
    """
  return table.utf8Start
}
