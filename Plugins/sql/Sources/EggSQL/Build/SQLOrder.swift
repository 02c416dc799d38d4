/// One column of `ORDER BY`: `"id"`, `.descending("id")` or `["id", "desc"]`.
///
/// The text is the name of a column and nothing else: `"id desc"` is a column that nobody has.
public struct SQLOrder: Sendable, Hashable, ExpressibleByStringLiteral, ExpressibleByArrayLiteral {
  public let column: String
  /// `ASC`, `DESC`, or empty for what the server does by itself.
  public let direction: String

  /// - Parameter direction: in any case; everything but ASC and DESC is dropped.
  public init(_ column: String, _ direction: String = "") {
    self.column = column
    let upper = direction.uppercased()
    self.direction = upper == "ASC" || upper == "DESC" ? upper : ""
  }

  public static func ascending(_ column: String) -> SQLOrder { SQLOrder(column, "ASC") }
  public static func descending(_ column: String) -> SQLOrder { SQLOrder(column, "DESC") }

  public init(stringLiteral column: String) { self.init(column) }
  public init(arrayLiteral parts: String...) {
    self.init(parts.first ?? "", parts.count > 1 ? parts[1] : "")
  }
}
