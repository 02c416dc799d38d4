/// Where rows are kept until somebody looks: a client library's memory, another unit's, a list.
public protocol SQLRowSource: AnyObject, Sendable {
  var columns: SQLColumns { get }
  var columnCount: Int { get }
  var rowCount: Int { get }
  /// A cell; both numbers are in range.
  func cell(_ row: Int, _ column: Int) -> SQLValue
  /// Gives every cell of a row to `take` without a copy, with its column.
  func lend(_ row: Int, _ take: (Int, SQLCell) -> Void)
  /// The bytes of a column's name, for as long as the rows are there; nil when there is only `columns`.
  func name(ofColumn column: Int) -> UnsafeRawBufferPointer?
  /// What reads a column's JSON text into objects and lists; nil from sources that do not.
  ///
  /// - Throws: what is wrong with the text.
  func decoder(ofJSON text: String) throws -> (any Decoder)?
}

extension SQLRowSource {
  public var columnCount: Int { columns.names.count }
  public func name(ofColumn column: Int) -> UnsafeRawBufferPointer? { nil }
  public func decoder(ofJSON text: String) throws -> (any Decoder)? { nil }
}

/// The names of a result's columns, once for all of its rows.
public final class SQLColumns: Sendable {
  public let names: [String]
  /// Where there are many; a few are found faster by looking at each.
  private let places: [String: Int]?

  public init(_ names: [String]) {
    self.names = names
    guard names.count > 8 else {
      places = nil
      return
    }
    var places: [String: Int] = [:]
    places.reserveCapacity(names.count)
    for (place, name) in names.enumerated() { places[name] = place }
    self.places = places
  }

  /// The column of that name; of several the last, as in Egg.
  public func place(of name: String) -> Int? {
    if let places { return places[name] }
    return names.lastIndex(of: name)
  }
}

/// One row: ordered values, by name or by place.
///
///     row.title.string        // nil when there is no such column, or NULL is in it
///     row["t.title"]          // .null when there is no such column
///     try row.decode(Post.self)
@dynamicMemberLookup
public struct SQLRow: Sendable {
  let source: any SQLRowSource
  let index: Int

  public init(_ source: any SQLRowSource, _ index: Int) {
    self.source = source
    self.index = index
  }

  public var columns: [String] { source.columns.names }
  public var values: [SQLValue] { columns.indices.map { source.cell(index, $0) } }

  public subscript(place: Int) -> SQLValue {
    place >= 0 && place < source.columnCount ? source.cell(index, place) : .null
  }
  public subscript(name: String) -> SQLValue {
    source.columns.place(of: name).map { source.cell(index, $0) } ?? .null
  }
  public subscript(dynamicMember name: String) -> SQLValue { self[name] }

  /// Names and values; of columns with one name the last.
  public var fields: SQLFields { SQLFields(zip(columns, values)) }

  /// The row as one of your types; its members are the columns.
  ///
  /// - Throws: `DecodingError`, whose path names the column that does not fit.
  public func decode<T: Decodable>(_ type: T.Type = T.self) throws -> T {
    try T(from: SQLRowDecoder(row: self))
  }
}

extension SQLRow: Encodable {
  public func encode(to encoder: any Encoder) throws { try fields.encode(to: encoder) }
}
