internal import CMariaDB
import EggSQL
import Glibc

/// Prepared statements of one connection; the one that was not used for longest goes first.
struct StatementCache {
  struct Entry {
    let handle: UnsafeMutablePointer<MYSQL_STMT>
    var used: UInt64
  }

  private var entries: [String: Entry] = [:]
  private var clock: UInt64 = 0

  mutating func find(_ sql: String) -> UnsafeMutablePointer<MYSQL_STMT>? {
    clock += 1
    entries[sql]?.used = clock
    return entries[sql]?.handle
  }

  /// - Returns: the statement that has to be closed for it.
  mutating func add(_ sql: String, _ handle: UnsafeMutablePointer<MYSQL_STMT>, limit: Int)
    -> UnsafeMutablePointer<MYSQL_STMT>?
  {
    clock += 1
    var evicted: UnsafeMutablePointer<MYSQL_STMT>?
    if entries.count >= max(1, limit),
      let oldest = entries.min(by: { $0.value.used < $1.value.used })
    {
      evicted = entries.removeValue(forKey: oldest.key)?.handle
    }
    entries[sql] = Entry(handle: handle, used: clock)
    return evicted
  }

  mutating func remove(_ sql: String) { entries[sql] = nil }

  mutating func removeAll() -> [Entry] {
    defer { entries = [:] }
    return Array(entries.values)
  }
}

extension MySQLConnection {
  typealias Statement = UnsafeMutablePointer<MYSQL_STMT>

  func summary(_ statement: Statement) -> SQLResult.Summary {
    var summary = summary
    summary.fieldCount = Int(mysql_stmt_field_count(statement))
    summary.affectedRows = Int(exactly: mysql_stmt_affected_rows(statement)) ?? 0
    summary.insertId = mysql_stmt_insert_id(statement)
    return summary
  }

  /// The rows that the library has stored.
  func rows(of statement: Statement) throws(SQLError) -> SQLPackedRows {
    let count = Int(mysql_stmt_field_count(statement))
    // The statement's own have the names of when it was prepared; a table may have others by now. How
    // long the columns' values are is only in them.
    guard let fields = handle.pointee.fields, Int(handle.pointee.field_count) == count,
      let stored = statement.pointee.fields
    else { throw fail(statement) }
    let columns = (0..<count).map { MySQLField(fields[$0], rules) }
    let buffers = ResultBuffers(columns, stored)
    guard mysql_stmt_bind_result(statement, buffers.binds.baseAddress) == 0 else {
      throw fail(statement)
    }
    let rows = SQLPackedRows(SQLColumns(columns.map(\.name)))
    while true {
      let status = mysql_stmt_fetch(statement)
      if status == MYSQL_NO_DATA { return rows }
      guard status == 0 || status == MYSQL_DATA_TRUNCATED else { throw fail(statement) }
      buffers.appendRow(to: rows)
    }
  }

  func fail(_ statement: Statement) -> SQLError {
    if let failure { return failure }
    let error = SQLError.mysql(
      mysql_stmt_errno(statement), String(cString: mysql_stmt_sqlstate(statement)),
      String(cString: mysql_stmt_error(statement)), sql: "")
    if error.isFatal { giveUp(error) }
    return error
  }
}

/// Parameters in the form that the library sends, and the memory they are in.
nonisolated final class BoundParameters {
  let binds: UnsafeMutableBufferPointer<MYSQL_BIND>
  private var memory: [UnsafeMutableRawPointer] = []

  init(
    _ values: [SQLValue], for statement: UnsafeMutablePointer<MYSQL_STMT>, _ zone: SQLTimeZone
  ) throws(SQLError) {
    let expected = Int(mysql_stmt_param_count(statement))
    guard expected == values.count else {
      throw SQLError(
        code: "EGG_SQL_STATEMENT",
        "execute: expected \(expected) parameters, found \(values.count)")
    }
    binds = .allocate(capacity: max(1, values.count))
    binds.initialize(repeating: MYSQL_BIND())
    for (place, value) in values.enumerated() {
      switch value {
      case .null: binds[place].buffer_type = MYSQL_TYPE_NULL
      case .boolean(let flag): put(place, MYSQL_TYPE_LONGLONG, Int64(flag ? 1 : 0))
      case .integer(let number): put(place, MYSQL_TYPE_LONGLONG, number)
      case .unsigned(let number):
        put(place, MYSQL_TYPE_LONGLONG, number)
        binds[place].is_unsigned = 1
      case .number(let number): put(place, MYSQL_TYPE_DOUBLE, number)
      case .text(let text): put(place, MYSQL_TYPE_STRING, Array(text.utf8))
      case .bytes(let bytes): put(place, MYSQL_TYPE_LONG_BLOB, bytes)
      case .moment(let time):
        guard let text = CivilTime(milliseconds: time, in: zone).text else {
          binds[place].buffer_type = MYSQL_TYPE_NULL
          continue
        }
        put(place, MYSQL_TYPE_STRING, Array(text.utf8))
      case .list, .fields, .literal:
        throw SQLError(
          code: "EGG_SQL_STATEMENT",
          "execute: parameter \(place + 1): expected a scalar, found \(value.kindName); a prepared"
            + " statement takes one value for each ?")
      }
    }
  }

  deinit {
    memory.forEach { $0.deallocate() }
    binds.deallocate()
  }

  private func put<T: BitwiseCopyable>(_ place: Int, _ type: enum_field_types, _ value: T) {
    let pointer = UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 8)
    pointer.storeBytes(of: value, as: T.self)
    memory.append(pointer)
    binds[place].buffer_type = type
    binds[place].buffer = pointer
  }

  private func put(_ place: Int, _ type: enum_field_types, _ bytes: [UInt8]) {
    let pointer = UnsafeMutableRawPointer.allocate(byteCount: max(1, bytes.count), alignment: 8)
    bytes.withUnsafeBytes {
      pointer.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(pointer), byteCount: $0.count)
    }
    memory.append(pointer)
    binds[place].buffer_type = type
    binds[place].buffer = pointer
    binds[place].buffer_length = UInt(bytes.count)
    binds[place].length_value = UInt(bytes.count)
  }
}

/// Where the library writes one row, each column long enough for its longest value.
private nonisolated final class ResultBuffers {
  let binds: UnsafeMutableBufferPointer<MYSQL_BIND>
  private let columns: [MySQLField]
  private let facts: UnsafeMutableBufferPointer<Facts>

  private struct Facts {
    var length: UInt = 0
    var isNull: my_bool = 0
  }

  init(_ columns: [MySQLField], _ stored: UnsafeMutablePointer<MYSQL_FIELD>) {
    self.columns = columns
    binds = .allocate(capacity: max(1, columns.count))
    binds.initialize(repeating: MYSQL_BIND())
    facts = .allocate(capacity: max(1, columns.count))
    facts.initialize(repeating: Facts())
    for (place, column) in columns.enumerated() {
      // Numbers are read as they are; everything else as the text that a query would give.
      var size = max(64, Int(stored[place].max_length))
      switch column.kind {
      case .integer, .unsigned, .bigInteger, .bigUnsigned:
        binds[place].buffer_type = MYSQL_TYPE_LONGLONG
        binds[place].is_unsigned = stored[place].flags & UInt32(UNSIGNED_FLAG) != 0 ? 1 : 0
      case .number where stored[place].type == MYSQL_TYPE_DOUBLE:
        binds[place].buffer_type = MYSQL_TYPE_DOUBLE
      case .bytes:
        binds[place].buffer_type = MYSQL_TYPE_BLOB
      default:
        binds[place].buffer_type = MYSQL_TYPE_STRING
      }
      size += 1
      binds[place].buffer = .allocate(byteCount: size, alignment: 8)
      binds[place].buffer_length = UInt(size)
      binds[place].length = UnsafeMutableRawPointer(facts.baseAddress! + place)
        .advanced(by: MemoryLayout<Facts>.offset(of: \.length)!).assumingMemoryBound(to: UInt.self)
      binds[place].is_null = UnsafeMutableRawPointer(facts.baseAddress! + place)
        .advanced(by: MemoryLayout<Facts>.offset(of: \.isNull)!)
        .assumingMemoryBound(to: my_bool.self)
    }
  }

  deinit {
    for place in columns.indices { binds[place].buffer.deallocate() }
    binds.deallocate()
    facts.deallocate()
  }

  /// Adds the row that the library has written here.
  func appendRow(to rows: SQLPackedRows) {
    for place in columns.indices { append(place, to: rows) }
    rows.endRow()
  }

  private func append(_ place: Int, to rows: SQLPackedRows) {
    guard facts[place].isNull == 0, let buffer = binds[place].buffer else {
      return rows.appendNull()
    }
    switch binds[place].buffer_type {
    case MYSQL_TYPE_LONGLONG where binds[place].is_unsigned == 0:
      let number = buffer.load(as: Int64.self)
      if isTooBig(place, number.magnitude) {
        rows.append(digits: number)
      } else {
        rows.append(number)
      }
    case MYSQL_TYPE_LONGLONG:
      let number = buffer.load(as: UInt64.self)
      if isTooBig(place, number) {
        rows.append(digits: number)
      } else {
        rows.append(unsigned: number)
      }
    case MYSQL_TYPE_DOUBLE: rows.append(buffer.load(as: Double.self))
    default:
      let count = min(Int(facts[place].length), Int(binds[place].buffer_length) - 1)
      buffer.storeBytes(of: 0, toByteOffset: count, as: UInt8.self)
      columns[place].append(UnsafeRawBufferPointer(start: buffer, count: count), to: rows)
    }
  }

  /// Whether a JavaScript number would lose digits of it, where that is asked for.
  private func isTooBig(_ place: Int, _ size: UInt64) -> Bool {
    switch columns[place].kind {
    case .bigInteger, .bigUnsigned: size > MySQLField.safe
    default: false
    }
  }
}
