/// A statement in pieces: text that is SQL, and values between it.
///
/// Values stay values until a connection writes them, because only the connection knows how its
/// server reads text, or sends them apart from the text.
public struct SQLStatement: Sendable, Equatable {
  /// The SQL, without the values.
  public private(set) var sql: [UInt8] = []
  /// What stands between: never a list, fields or a literal, which become SQL or several values.
  public private(set) var values: [SQLValue] = []
  /// How much of `sql` is before each value.
  public private(set) var places: [Int] = []
  /// The text between the values has a quoted backslash before a quote, and where values may stand
  /// was decided as if backslashes escape. A server with `NO_BACKSLASH_ESCAPES` reads it differently.
  public var assumesBackslashes = false

  public init() {}
  public init(_ sql: String) { append(sql) }

  /// Room for a text of that length and so many values.
  public init(capacity: Int, values count: Int) {
    sql.reserveCapacity(capacity)
    values.reserveCapacity(count)
    places.reserveCapacity(count)
  }

  /// Makes it empty, with the room that it has.
  public mutating func removeAll() {
    sql.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
    places.removeAll(keepingCapacity: true)
    assumesBackslashes = false
  }

  /// Adds text of the statement.
  public mutating func append(_ sql: String) { self.sql.append(contentsOf: sql.utf8) }

  /// The same as UTF-8.
  public mutating func append(sql bytes: some Collection<UInt8>) {
    sql.append(contentsOf: bytes)
  }

  /// Adds a value; lists, fields and literals become what they stand for.
  public mutating func append(_ value: SQLValue) {
    switch value {
    case .literal(let text): append(text)
    case .list(let list): append(list)
    case .fields(let fields): append(fields, separator: ", ")
    case .unsigned(let value): append(String(value))
    default:
      values.append(value)
      places.append(sql.count)
    }
  }

  /// Adds `` `name` `` or `` `table`.`name` ``.
  public mutating func append(identifier name: String) { append(SQLIdentifier.escape(name)) }

  /// Adds `` `k` = v `` pairs.
  public mutating func append(_ fields: SQLFields, separator: String) {
    var isFirst = true
    for (name, value) in fields {
      if !isFirst { append(separator) }
      isFirst = false
      append(identifier: name)
      append(" = ")
      append(value)
    }
  }

  private mutating func append(_ list: [SQLValue]) {
    for (place, item) in list.enumerated() {
      if place > 0 { append(", ") }
      if case .list = item {
        append("(")
        append(item)
        append(")")
      } else {
        append(item)
      }
    }
  }

  /// Whether a connection with that escaping reads the text as it was meant.
  public func fits(_ escaping: SQLEscaping) -> Bool {
    !assumesBackslashes || escaping.backslashes || escaping.dialect == .sqlite
  }

  /// Gives text and values to `take` as they follow each other; the last text has no value.
  public func pieces(_ take: (_ sql: Range<Int>, _ value: SQLValue?) -> Void) {
    var start = 0
    for (place, value) in zip(places, values) {
      take(start..<place, value)
      start = place
    }
    take(start..<sql.count, nil)
  }

  /// The whole statement as text.
  public func text(_ escaping: SQLEscaping = SQLEscaping()) -> String {
    String(decoding: bytes(escaping), as: UTF8.self)
  }

  /// The same as UTF-8, ready to be sent.
  public func bytes(_ escaping: SQLEscaping) -> [UInt8] {
    var bytes: [UInt8] = []
    write(escaping, into: &bytes)
    return bytes
  }

  /// The same in the place of what `bytes` holds, whose room is used again.
  public func write(_ escaping: SQLEscaping, into bytes: inout [UInt8]) {
    bytes.removeAll(keepingCapacity: true)
    var writer = SQLWriter(escaping, bytes)
    bytes = []
    pieces { range, value in
      writer.write(sql[range])
      if let value { writer.write(value) }
    }
    bytes = writer.bytes
  }

  /// The statement with a `?` for every value, and the values.
  public var prepared: (sql: String, parameters: [SQLValue]) {
    guard !values.isEmpty else { return (String(decoding: sql, as: UTF8.self), []) }
    var text: [UInt8] = []
    text.reserveCapacity(sql.count + values.count)
    pieces { range, value in
      text.append(contentsOf: sql[range])
      if value != nil { text.append(UInt8(ascii: "?")) }
    }
    return (String(decoding: text, as: UTF8.self), values)
  }
}
