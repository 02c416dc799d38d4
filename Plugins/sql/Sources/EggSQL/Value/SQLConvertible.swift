/// What may be given as a value of a statement. Types of yours conform by saying which value they are.
public protocol SQLConvertible {
  var sqlValue: SQLValue { get }
}

extension SQLValue: SQLConvertible {
  public var sqlValue: SQLValue { self }
}
extension Bool: SQLConvertible {
  public var sqlValue: SQLValue { .boolean(self) }
}
extension SQLConvertible where Self: FixedWidthInteger {
  public var sqlValue: SQLValue {
    Int64(exactly: self).map { .integer($0) } ?? .unsigned(UInt64(clamping: self))
  }
}
extension Int: SQLConvertible {}
extension Int8: SQLConvertible {}
extension Int16: SQLConvertible {}
extension Int32: SQLConvertible {}
extension Int64: SQLConvertible {}
extension UInt: SQLConvertible {}
extension UInt8: SQLConvertible {}
extension UInt16: SQLConvertible {}
extension UInt32: SQLConvertible {}
extension UInt64: SQLConvertible {}
extension Double: SQLConvertible {
  public var sqlValue: SQLValue { .number(self) }
}
extension Float: SQLConvertible {
  public var sqlValue: SQLValue { .number(Double(self)) }
}
extension String: SQLConvertible {
  public var sqlValue: SQLValue { .text(self) }
}
extension Substring: SQLConvertible {
  public var sqlValue: SQLValue { .text(String(self)) }
}
extension Optional: SQLConvertible where Wrapped: SQLConvertible {
  public var sqlValue: SQLValue { self?.sqlValue ?? .null }
}
extension Array: SQLConvertible where Element: SQLConvertible {
  /// `[UInt8]` is bytes, everything else a list.
  public var sqlValue: SQLValue {
    // By the type: an empty list of anything would pass for bytes.
    if Element.self == UInt8.self, let bytes = self as? [UInt8] { return .bytes(bytes) }
    return .list(map(\.sqlValue))
  }
}
extension SQLFields: SQLConvertible {
  public var sqlValue: SQLValue { .fields(self) }
}

/// Text that becomes part of the statement as it is: `SQLLiteral("hits + 1")`.
///
/// Never make one of what a user sent. In a `where` it carries the operator:
/// `["hits": SQLLiteral("> 10")]`.
public struct SQLLiteral: SQLConvertible, Sendable, Hashable {
  public let text: String
  public init(_ text: String) { self.text = text }
  public var sqlValue: SQLValue { .literal(text) }
}

extension SQLValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringLiteral,
  ExpressibleByStringInterpolation, ExpressibleByArrayLiteral
{
  public init(nilLiteral: ()) { self = .null }
  public init(booleanLiteral value: Bool) { self = .boolean(value) }
  public init(integerLiteral value: Int64) { self = .integer(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(stringLiteral value: String) { self = .text(value) }
  public init(arrayLiteral elements: (any SQLConvertible)?...) {
    self = .list(elements.map { $0?.sqlValue ?? .null })
  }
}
