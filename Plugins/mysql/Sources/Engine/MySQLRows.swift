internal import CMariaDB
import EggSQL
import Glibc

/// The rows of a result, where the client library has put them. Cells are read from its memory when
/// somebody looks.
nonisolated final class MySQLRows: SQLRowSource, @unchecked Sendable {
  // What changes is touched on the loop's thread only.
  private let result: UnsafeMutablePointer<MYSQL_RES>
  private let fields: UnsafeMutablePointer<MYSQL_FIELD>?
  private let kinds: UnsafeMutablePointer<MySQLField.Kind>
  private let zone: SQLTimeZone
  let columnCount: Int
  let rowCount: Int
  private var knownColumns: SQLColumns?
  /// The row that the library stands at, its texts and their lengths.
  private var row = -1
  private var cells: MYSQL_ROW?
  private var lengths: UnsafeMutablePointer<UInt>?
  /// Where each row is, once somebody has gone another way than forward.
  private var places: [MYSQL_ROW_OFFSET?] = []

  /// Takes over `result`, which is complete.
  init(_ result: UnsafeMutablePointer<MYSQL_RES>, _ rules: MySQLField.Rules) {
    self.result = result
    fields = mysql_fetch_fields(result)
    columnCount = Int(mysql_num_fields(result))
    rowCount = Int(mysql_num_rows(result))
    zone = rules.timeZone
    guard let memory = malloc(max(1, columnCount)) else { preconditionFailure("no memory") }
    kinds = memory.bindMemory(to: MySQLField.Kind.self, capacity: columnCount)
    guard let fields else { return }
    for column in 0..<columnCount {
      (kinds + column).initialize(to: MySQLField.kind(fields[column], rules))
    }
  }

  deinit {
    mysql_free_result(result)
    free(kinds)
  }

  var columns: SQLColumns {
    if let knownColumns { return knownColumns }
    let names = UnsafeBufferPointer(start: fields, count: fields == nil ? 0 : columnCount)
    let columns = SQLColumns(names.map { MySQLField.name(of: $0) })
    knownColumns = columns
    return columns
  }

  func cell(_ row: Int, _ column: Int) -> SQLValue {
    go(to: row)
    guard let view = view(column) else { return .null }
    return MySQLField.value(view, kinds[column], zone)
  }

  func lend(_ row: Int, _ take: (Int, SQLCell) -> Void) {
    go(to: row)
    for column in 0..<columnCount {
      guard let view = view(column) else {
        take(column, .null)
        continue
      }
      take(column, MySQLField.cell(view, kinds[column], zone))
    }
  }

  func name(ofColumn column: Int) -> UnsafeRawBufferPointer? {
    guard let fields else { return nil }
    return UnsafeRawBufferPointer(
      start: fields[column].name, count: Int(fields[column].name_length))
  }

  @inline(__always)
  private func view(_ column: Int) -> UnsafeRawBufferPointer? {
    guard let start = cells?[column], let lengths else { return nil }
    return UnsafeRawBufferPointer(start: start, count: Int(lengths[column]))
  }

  private func go(to wanted: Int) {
    guard wanted != row else { return }
    if wanted != row + 1 {
      if places.isEmpty { findPlaces() }
      mysql_row_seek(result, places[wanted])
    }
    cells = mysql_fetch_row(result)
    lengths = mysql_fetch_lengths(result)
    row = wanted
  }

  /// The library's rows are a list, in which going back means going from its start.
  private func findPlaces() {
    mysql_data_seek(result, 0)
    places.reserveCapacity(rowCount)
    for _ in 0..<rowCount {
      places.append(mysql_row_tell(result))
      mysql_fetch_row(result)
    }
  }
}

/// How a column's text becomes a value.
nonisolated struct MySQLField {
  enum Kind: UInt8 {
    case integer, unsigned, bigInteger, bigUnsigned, number, text, bytes, moment
  }

  /// What the configuration says about values.
  struct Rules {
    let timeZone: SQLTimeZone
    let dateStrings, supportBigNumbers, bigNumberStrings: Bool

    init(_ options: MySQLOptions) {
      timeZone = options.timeZone
      dateStrings = options.dateStrings
      supportBigNumbers = options.supportBigNumbers
      bigNumberStrings = options.bigNumberStrings
    }
  }

  let name: String
  let kind: Kind
  let zone: SQLTimeZone

  static func all(of result: UnsafeMutablePointer<MYSQL_RES>, _ rules: Rules)
    -> [MySQLField]
  {
    guard let fields = mysql_fetch_fields(result) else { return [] }
    return (0..<Int(mysql_num_fields(result))).map { MySQLField(fields[$0], rules) }
  }

  init(_ field: MYSQL_FIELD, _ rules: Rules) {
    name = Self.name(of: field)
    zone = rules.timeZone
    kind = Self.kind(field, rules)
  }

  static func name(of field: MYSQL_FIELD) -> String {
    let bytes = UnsafeRawBufferPointer(start: field.name, count: Int(field.name_length))
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The character set whose text is bytes.
  private static let binary: UInt32 = 63

  static func kind(_ field: MYSQL_FIELD, _ rules: Rules) -> Kind {
    let isUnsigned = field.flags & UInt32(UNSIGNED_FLAG) != 0
    switch field.type {
    case MYSQL_TYPE_TINY, MYSQL_TYPE_SHORT, MYSQL_TYPE_LONG, MYSQL_TYPE_INT24, MYSQL_TYPE_YEAR:
      return isUnsigned ? .unsigned : .integer
    case MYSQL_TYPE_LONGLONG:
      guard rules.supportBigNumbers else { return isUnsigned ? .unsigned : .integer }
      return rules.bigNumberStrings ? .text : isUnsigned ? .bigUnsigned : .bigInteger
    case MYSQL_TYPE_FLOAT, MYSQL_TYPE_DOUBLE: return .number
    case MYSQL_TYPE_DATE, MYSQL_TYPE_NEWDATE, MYSQL_TYPE_DATETIME, MYSQL_TYPE_TIMESTAMP,
      MYSQL_TYPE_DATETIME2, MYSQL_TYPE_TIMESTAMP2:
      return rules.dateStrings ? .text : .moment
    case MYSQL_TYPE_BIT, MYSQL_TYPE_GEOMETRY: return .bytes
    case MYSQL_TYPE_TINY_BLOB, MYSQL_TYPE_MEDIUM_BLOB, MYSQL_TYPE_LONG_BLOB, MYSQL_TYPE_BLOB,
      MYSQL_TYPE_VARCHAR, MYSQL_TYPE_VAR_STRING, MYSQL_TYPE_STRING:
      return field.charsetnr == binary ? .bytes : .text
    default: return .text
    }
  }

  /// What JavaScript's numbers hold exactly.
  static let safe: UInt64 = 1 << 53

  /// - Parameter view: the column as the server's text, a NUL behind it.
  func cell(_ view: UnsafeRawBufferPointer) -> SQLCell { Self.cell(view, kind, zone) }

  static func cell(_ view: UnsafeRawBufferPointer, _ kind: Kind, _ zone: SQLTimeZone) -> SQLCell {
    switch kind {
    case .integer: return Self.integer(view).map { .integer($0) } ?? .text(view)
    // Beyond what `integer` holds, digits keep what no other kind of cell would.
    case .unsigned: return Self.integer(view).map { .integer($0) } ?? .text(view)
    case .bigInteger, .bigUnsigned:
      guard let number = Self.integer(view), number.magnitude <= Self.safe else {
        return .text(view)
      }
      return .integer(number)
    case .number: return .number(strtod(view.baseAddress!.assumingMemoryBound(to: CChar.self), nil))
    case .text: return .text(view)
    case .bytes: return .bytes(view)
    case .moment:
      // Zero dates are no moments; they stay text.
      return CivilTime(view).map { .moment($0.milliseconds(in: zone)) } ?? .text(view)
    }
  }

  /// Adds the column to a row that is kept.
  func append(_ view: UnsafeRawBufferPointer, to rows: SQLPackedRows) {
    rows.append(cell(view), isUnsigned: kind == .unsigned)
  }

  static func value(_ view: UnsafeRawBufferPointer, _ kind: Kind, _ zone: SQLTimeZone) -> SQLValue {
    let value = SQLValue(cell(view, kind, zone))
    guard case .text(let digits) = value, kind == .unsigned else { return value }
    return UInt64(digits).map { .unsigned($0) } ?? value
  }

  private static func integer(_ view: UnsafeRawBufferPointer) -> Int64? {
    var place = 0
    let isNegative = view.first == UInt8(ascii: "-")
    if isNegative { place = 1 }
    guard place < view.count, view.count <= 20 else { return nil }
    var value: Int64 = 0
    while place < view.count {
      let digit = Int64(view[place]) - 0x30
      guard digit >= 0, digit <= 9 else { return nil }
      let (product, over) = value.multipliedReportingOverflow(by: 10)
      let (sum, overSum) = product.subtractingReportingOverflow(digit)
      if over || overSum { return nil }
      value = sum
      place += 1
    }
    // Counted downwards, because the smallest number has no positive counterpart.
    if isNegative { return value }
    return value == .min ? nil : -value
  }
}
