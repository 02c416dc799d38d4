internal import CSQLite
import EggSQL

/// A prepared statement of one connection.
nonisolated final class SQLiteStatement {
  let handle: OpaquePointer
  /// Writes nothing.
  let isReadOnly: Bool
  private(set) var columns = SQLColumns([])
  /// Which columns hold dates, by their declared types.
  private var isMoment: [Bool] = []
  private var prepared: Int32 = -1
  private let options: SQLiteOptions
  private var isEnded = false
  /// When it was used last, by the connection's count of statements.
  var lastUse = 0

  init(_ handle: OpaquePointer, _ options: SQLiteOptions) {
    self.handle = handle
    self.options = options
    isReadOnly = sqlite3_stmt_readonly(handle) != 0
  }

  deinit { if !isEnded { sqlite3_finalize(handle) } }

  /// Ends it now, while its connection is still the caller's; it cannot be used any more.
  func end() {
    guard !isEnded else { return }
    isEnded = true
    sqlite3_finalize(handle)
  }

  var columnCount: Int { Int(sqlite3_column_count(handle)) }
  var parameterCount: Int { Int(sqlite3_bind_parameter_count(handle)) }

  /// Makes it ready for its next use; forgets the values of the last.
  func reset() {
    sqlite3_reset(handle)
    sqlite3_clear_bindings(handle)
  }

  /// Reads the names, again after the library has prepared it anew for a changed table.
  func readColumns() {
    let count = sqlite3_stmt_status(handle, SQLITE_STMTSTATUS_REPREPARE, 0)
    guard count != prepared else { return }
    prepared = count
    let all = 0..<sqlite3_column_count(handle)
    columns = SQLColumns(
      all.map { sqlite3_column_name(handle, $0).map { String(cString: $0) } ?? "" })
    isMoment = all.map { place in
      guard !options.dateStrings, let type = sqlite3_column_decltype(handle, place) else {
        return false
      }
      let name = String(cString: type).uppercased()
      return name.hasPrefix("DATE") || name.hasPrefix("TIMESTAMP")
    }
  }

  // MARK: values in

  /// - Throws: `SQLError` for values that a database has no form for.
  func bind(_ values: some Collection<SQLValue>, sql: String) throws(SQLError) {
    for (place, value) in values.enumerated() {
      let status = try bind(value, Int32(place + 1), sql)
      guard status == SQLITE_OK else {
        throw .sqlite(status, String(cString: sqlite3_errstr(status)), sql: sql)
      }
    }
  }

  private func bind(_ value: SQLValue, _ place: Int32, _ sql: String) throws(SQLError) -> Int32 {
    switch value {
    case .null: return sqlite3_bind_null(handle, place)
    case .boolean(let flag): return sqlite3_bind_int64(handle, place, flag ? 1 : 0)
    case .integer(let number): return sqlite3_bind_int64(handle, place, number)
    case .unsigned(let number):
      throw .refused("\(number) does not fit into an integer of SQLite; give it as text", sql: sql)
    case .number(let number):
      guard !number.isNaN else { throw .refused("NaN is no value of a statement", sql: sql) }
      return sqlite3_bind_double(handle, place, number)
    case .text(var text): return text.withUTF8 { bindText($0, place) }
    case .bytes(let bytes):
      return bytes.withUnsafeBytes {
        $0.isEmpty
          ? sqlite3_bind_zeroblob(handle, place, 0)
          : sqlite3_bind_blob64(handle, place, $0.baseAddress, UInt64($0.count), Self.copied)
      }
    case .moment(let time):
      guard var text = CivilTime(milliseconds: time, in: options.timeZone).text else {
        return sqlite3_bind_null(handle, place)
      }
      return text.withUTF8 { bindText($0, place) }
    case .list, .fields, .literal:
      throw .refused("expected a value for parameter \(place), found \(value.kindName)", sql: sql)
    }
  }

  private func bindText(_ text: UnsafeBufferPointer<UInt8>, _ place: Int32) -> Int32 {
    // An empty text without an address would be NULL.
    guard let start = text.baseAddress else {
      return sqlite3_bind_text(handle, place, "", 0, Self.copied)
    }
    return start.withMemoryRebound(to: CChar.self, capacity: text.count) {
      sqlite3_bind_text64(handle, place, $0, UInt64(text.count), Self.copied, UInt8(SQLITE_UTF8))
    }
  }

  /// `SQLITE_TRANSIENT`, a macro that Swift does not see: the library makes a copy.
  private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

  // MARK: rows out

  /// Adds the row that the last step has found.
  func read(into rows: SQLPackedRows) {
    for column in 0..<Int32(rows.columns.names.count) {
      switch sqlite3_column_type(handle, column) {
      case SQLITE_INTEGER: rows.append(sqlite3_column_int64(handle, column))
      case SQLITE_FLOAT: rows.append(sqlite3_column_double(handle, column))
      case SQLITE_TEXT:
        let start = sqlite3_column_text(handle, column)
        let view = UnsafeRawBufferPointer(
          start: start, count: Int(sqlite3_column_bytes(handle, column)))
        if isMoment[Int(column)], let civil = CivilTime(view) {
          rows.append(moment: civil.milliseconds(in: options.timeZone))
        } else {
          rows.append(text: view)
        }
      case SQLITE_BLOB:
        let start = sqlite3_column_blob(handle, column)
        rows.append(
          bytes: UnsafeRawBufferPointer(
            start: start, count: Int(sqlite3_column_bytes(handle, column))))
      default: rows.appendNull()
      }
    }
    rows.endRow()
  }
}
