internal import CMariaDB
import EggSQL
import Glibc

/// The rows of a result, where the client library has put them. Cells are read from its buffers when
/// somebody looks.
nonisolated final class MySQLRows: SQLRowSource, @unchecked Sendable {
  // Not changed after `init`; the library does not touch a stored result. Plain memory, because every
  // cell of every row passes here.
  private let result: UnsafeMutablePointer<MYSQL_RES>
  private let rows: UnsafeMutablePointer<MYSQL_ROW>
  /// Of every cell, row after row.
  private let lengths: UnsafeMutablePointer<UInt32>
  private let kinds: UnsafeMutablePointer<MySQLField.Kind>
  private let zone: SQLTimeZone
  let columns: SQLColumns
  let columnCount: Int
  let rowCount: Int

  /// Takes over `result`, which is complete.
  init(_ result: UnsafeMutablePointer<MYSQL_RES>, _ options: MySQLOptions) {
    self.result = result
    let fields = MySQLField.all(of: result, options)
    let width = fields.count
    let room = Int(mysql_num_rows(result))
    columns = SQLColumns(fields.map(\.name))
    columnCount = width
    zone = options.timeZone
    kinds = .allocate(capacity: max(1, width))
    for (place, field) in fields.enumerated() { (kinds + place).initialize(to: field.kind) }
    rows = .allocate(capacity: max(1, room))
    lengths = .allocate(capacity: max(1, room * width))
    var count = 0
    while count < room, let row = mysql_fetch_row(result), let sizes = mysql_fetch_lengths(result) {
      (rows + count).initialize(to: row)
      let start = lengths + count * width
      for column in 0..<width {
        (start + column).initialize(to: UInt32(truncatingIfNeeded: sizes[column]))
      }
      count += 1
    }
    rowCount = count
  }

  deinit {
    mysql_free_result(result)
    rows.deallocate()
    lengths.deallocate()
    kinds.deallocate()
  }

  func cell(_ row: Int, _ column: Int) -> SQLValue {
    guard let view = view(row, column) else { return .null }
    return MySQLField.value(view, kinds[column], zone)
  }

  func borrow(_ row: Int, _ column: Int) -> SQLCell? {
    guard let view = view(row, column) else { return .null }
    return MySQLField.cell(view, kinds[column], zone)
  }

  func lend(_ row: Int, _ take: (Int, SQLCell) -> Void) -> Bool {
    let cells = rows[row]
    let sizes = lengths + row * columnCount
    for column in 0..<columnCount {
      guard let start = cells[column] else {
        take(column, .null)
        continue
      }
      let view = UnsafeRawBufferPointer(start: start, count: Int(sizes[column]))
      take(column, MySQLField.cell(view, kinds[column], zone))
    }
    return true
  }

  private func view(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer? {
    guard let start = rows[row][column] else { return nil }
    return UnsafeRawBufferPointer(start: start, count: Int(lengths[row * columnCount + column]))
  }
}

/// How a column's text becomes a value.
nonisolated struct MySQLField {
  enum Kind {
    case integer, unsigned, bigInteger, bigUnsigned, number, text, bytes, moment
  }

  let name: String
  let kind: Kind
  let zone: SQLTimeZone

  static func all(of result: UnsafeMutablePointer<MYSQL_RES>, _ options: MySQLOptions)
    -> [MySQLField]
  {
    guard let fields = mysql_fetch_fields(result) else { return [] }
    return (0..<Int(mysql_num_fields(result))).map { MySQLField(fields[$0], options) }
  }

  init(_ field: MYSQL_FIELD, _ options: MySQLOptions) {
    let bytes = UnsafeRawBufferPointer(start: field.name, count: Int(field.name_length))
    name = String(decoding: bytes, as: UTF8.self)
    zone = options.timeZone
    kind = Self.kind(field, options)
  }

  /// The character set whose text is bytes.
  private static let binary: UInt32 = 63

  private static func kind(_ field: MYSQL_FIELD, _ options: MySQLOptions) -> Kind {
    let isUnsigned = field.flags & UInt32(UNSIGNED_FLAG) != 0
    switch field.type {
    case MYSQL_TYPE_TINY, MYSQL_TYPE_SHORT, MYSQL_TYPE_LONG, MYSQL_TYPE_INT24, MYSQL_TYPE_YEAR:
      return isUnsigned ? .unsigned : .integer
    case MYSQL_TYPE_LONGLONG:
      guard options.supportBigNumbers else { return isUnsigned ? .unsigned : .integer }
      return options.bigNumberStrings ? .text : isUnsigned ? .bigUnsigned : .bigInteger
    case MYSQL_TYPE_FLOAT, MYSQL_TYPE_DOUBLE: return .number
    case MYSQL_TYPE_DATE, MYSQL_TYPE_NEWDATE, MYSQL_TYPE_DATETIME, MYSQL_TYPE_TIMESTAMP,
      MYSQL_TYPE_DATETIME2, MYSQL_TYPE_TIMESTAMP2:
      return options.dateStrings ? .text : .moment
    case MYSQL_TYPE_BIT, MYSQL_TYPE_GEOMETRY: return .bytes
    case MYSQL_TYPE_TINY_BLOB, MYSQL_TYPE_MEDIUM_BLOB, MYSQL_TYPE_LONG_BLOB, MYSQL_TYPE_BLOB,
      MYSQL_TYPE_VARCHAR, MYSQL_TYPE_VAR_STRING, MYSQL_TYPE_STRING:
      return field.charsetnr == binary ? .bytes : .text
    default: return .text
    }
  }

  /// What JavaScript's numbers hold exactly.
  private static let safe: UInt64 = 1 << 53

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

  func value(_ view: UnsafeRawBufferPointer) -> SQLValue { Self.value(view, kind, zone) }

  static func value(_ view: UnsafeRawBufferPointer, _ kind: Kind, _ zone: SQLTimeZone) -> SQLValue {
    switch cell(view, kind, zone) {
    case .null: .null
    case .integer(let value): .integer(value)
    case .number(let value): .number(value)
    case .moment(let value): .moment(value)
    case .bytes(let view): .bytes(Array(view))
    case .text(let view):
      switch kind {
      case .unsigned: Self.unsigned(view).map { .unsigned($0) } ?? .text(Self.text(view))
      default: .text(Self.text(view))
      }
    }
  }

  private static func text(_ view: UnsafeRawBufferPointer) -> String {
    String(decoding: view, as: UTF8.self)
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

  private static func unsigned(_ view: UnsafeRawBufferPointer) -> UInt64? {
    UInt64(text(view))
  }
}
