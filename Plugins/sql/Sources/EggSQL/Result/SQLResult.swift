/// What a statement gave back: rows, and what a change says about itself.
///
///     let result = try await app.mysql.query("select id, title from posts")
///     for row in result { print(row.title.string ?? "") }
public struct SQLResult: Sendable {
  /// Of a statement that changes something.
  public struct Summary: Sendable, Equatable {
    public var fieldCount = 0
    /// Rows that were inserted, deleted, or matched by an update (changed or not).
    public var affectedRows = 0
    /// The first id that the server gave; 0 when it gave none.
    public var insertId: UInt64 = 0
    /// Rows of an update that are different now.
    public var changedRows = 0
    public var warningCount = 0
    public var serverStatus = 0
    /// `Rows matched: 1  Changed: 0  Warnings: 0`
    public var message = ""

    public init() {}
  }

  /// Behind one reference, because results go through many hands.
  private final class Head: Sendable {
    let summary: Summary
    let source: (any SQLRowSource)?

    init(_ source: (any SQLRowSource)?, _ summary: Summary) {
      self.source = source
      self.summary = summary
    }
  }

  private let head: Head
  /// Of the further statements, when several were sent as one.
  public var following: [SQLResult] = []

  public init(_ source: (any SQLRowSource)? = nil, _ summary: Summary = Summary()) {
    head = Head(source, summary)
  }

  public var summary: Summary { head.summary }
  private var source: (any SQLRowSource)? { head.source }

  /// Of several statements that were sent as one: the first, the others following.
  public init(_ results: [SQLResult]) {
    self = results.first ?? SQLResult()
    following = Array(results.dropFirst())
  }

  /// False for a change, which has no rows, not even none.
  public var hasRows: Bool { source != nil }
  public var columns: [String] { source?.columns.names ?? [] }
  /// Where the rows are, for who hands them on.
  public var rowSource: (any SQLRowSource)? { source }

  public var affectedRows: Int { summary.affectedRows }
  public var insertId: UInt64 { summary.insertId }
  public var changedRows: Int { summary.changedRows }
  public var warningCount: Int { summary.warningCount }
  public var message: String { summary.message }

  /// Every row as one of your types.
  ///
  /// - Throws: `DecodingError`, whose path names the column that does not fit.
  public func decode<T: Decodable>(_ type: T.Type = T.self) throws -> [T] {
    var all: [T] = []
    all.reserveCapacity(count)
    for row in self { all.append(try row.decode(type)) }
    return all
  }
}

extension SQLResult: RandomAccessCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { source?.rowCount ?? 0 }
  public subscript(position: Int) -> SQLRow {
    guard let source, position >= 0, position < source.rowCount else {
      preconditionFailure("row \(position) of a result with \(count) rows")
    }
    return SQLRow(source, position)
  }
}

extension SQLResult: Encodable {
  /// A list of rows; for a change, an object.
  public func encode(to encoder: any Encoder) throws {
    if hasRows {
      var container = encoder.unkeyedContainer()
      for row in self { try container.encode(row) }
    } else {
      try summary.encode(to: encoder)
    }
  }
}

extension SQLResult.Summary: Encodable {
  private enum Key: String, CodingKey {
    case fieldCount, affectedRows, insertId, serverStatus, warningCount, message, protocol41
    case changedRows
  }

  /// The members that Egg shows, in its order.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(fieldCount, forKey: .fieldCount)
    try container.encode(affectedRows, forKey: .affectedRows)
    try container.encode(insertId, forKey: .insertId)
    try container.encode(serverStatus, forKey: .serverStatus)
    try container.encode(warningCount, forKey: .warningCount)
    try container.encode(message, forKey: .message)
    try container.encode(true, forKey: .protocol41)
    try container.encode(changedRows, forKey: .changedRows)
  }
}
