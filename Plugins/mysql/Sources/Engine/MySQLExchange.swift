internal import CMariaDB
import EggSQL
import Glibc

/// One statement on a connection: it goes from one call of the library to the next, and where one has to
/// wait, the connection brings it back.
final class MySQLExchange: SQLRunning, MySQLWaiter {
  private typealias Statement = UnsafeMutablePointer<MYSQL_STMT>

  /// The call of the library that runs, or is next.
  private enum Stage { case send, reply, store, next, prepare, evict, drop, execute, storePrepared }

  private let connection: MySQLConnection
  private var handle: UnsafeMutablePointer<MYSQL> { connection.handle }
  private let done: (Result<SQLResult, any Error>) -> Void
  private var stage: Stage
  /// Whether the call has begun and waits.
  private var isWaiting = false
  /// The connection's number of the statement; 0 before it has begun and after it has ended, when the
  /// number may be that of another one.
  private var serial = 0
  /// What the library reads while it is suspended, so it stays where it is.
  private nonisolated(unsafe) let text: UnsafeMutablePointer<CChar>
  private let count: Int
  // What the calls give.
  private var failed: Int32 = 0
  private var refused: my_bool = 0
  private var rows: UnsafeMutablePointer<MYSQL_RES>?
  private var results: [SQLResult] = []
  // Of a prepared statement.
  private var parameters: [SQLValue] = []
  private var bound: BoundParameters?
  private var statement: Statement?
  private var evicted: Statement?
  /// Why it could not be prepared.
  private var refusal: SQLError?

  /// A text with its values in it.
  convenience init(
    _ connection: MySQLConnection, _ text: some Collection<UInt8>,
    _ done: @escaping (Result<SQLResult, any Error>) -> Void
  ) {
    self.init(connection, text, .send, done)
  }

  /// A prepared statement, which is prepared once for each connection.
  ///
  /// - Parameter parameters: scalars, as many as the statement has `?`.
  convenience init(
    _ connection: MySQLConnection, prepared sql: String, _ parameters: [SQLValue],
    _ done: @escaping (Result<SQLResult, any Error>) -> Void
  ) {
    self.init(connection, sql.utf8, .prepare, done)
    self.parameters = parameters
  }

  private init(
    _ connection: MySQLConnection, _ text: some Collection<UInt8>, _ stage: Stage,
    _ done: @escaping (Result<SQLResult, any Error>) -> Void
  ) {
    self.connection = connection
    self.stage = stage
    self.done = done
    count = text.count
    guard let memory = malloc(count + 1) else {
      preconditionFailure("no memory for a statement of \(count) bytes")
    }
    UnsafeMutableRawBufferPointer(start: memory, count: count).copyBytes(from: text)
    self.text = memory.bindMemory(to: CChar.self, capacity: count + 1)
    self.text[count] = 0
  }

  nonisolated deinit { free(text) }

  /// Takes the connection; who waits hears of the end, or of why it could not begin.
  func begin() {
    let limit = connection.options.queryTimeout
    do {
      try connection.take()
      serial = connection.serial
      if limit > 0 {
        try connection.limit(limit) { .mysqlTimeout(limit, sql: self.sql) }
      }
      if stage == .prepare, let known = connection.statements.find(sql) {
        statement = known
        stage = .execute
        try bind()
      }
    } catch { return end(.failure(error)) }
    go(0)
  }

  /// Gives the statement up, at the server too.
  func cancel() { if serial != 0 { connection.stop(serial) } }

  private var sql: String {
    String(
      decoding: UnsafeRawBufferPointer(start: text, count: count), as: UTF8.self)
  }

  // MARK: from call to call

  func ready(_ happened: Int32) { go(happened) }

  /// Goes on as far as it goes without waiting.
  ///
  /// - Parameter happened: what the call that waits was waiting for.
  private func go(_ happened: Int32) {
    var happened = happened
    do throws(SQLError) {
      while true {
        let status = isWaiting ? proceed(happened) : start()
        if status != 0 {
          // Given up and still waiting: the library keeps its state, and the handle is not used again.
          if isWaiting, let failure = connection.failure { throw failure }
          isWaiting = true
          return connection.wait(for: status, self)
        }
        isWaiting = false
        happened = 0
        if let failure = connection.failure { throw failure }
        guard try step() else { return }
      }
    } catch { end(.failure(error)) }
  }

  private func start() -> Int32 {
    switch stage {
    case .send: mysql_send_query_start(&failed, handle, text, UInt(count))
    case .reply: mysql_read_query_result_start(&refused, handle)
    case .store: mysql_store_result_start(&rows, handle)
    case .next: mysql_next_result_start(&failed, handle)
    case .prepare: startPreparing()
    case .evict: mysql_stmt_close_start(&refused, evicted)
    case .drop: mysql_stmt_close_start(&refused, statement)
    case .execute: mysql_stmt_execute_start(&failed, statement)
    case .storePrepared: mysql_stmt_store_result_start(&failed, statement)
    }
  }

  private func proceed(_ happened: Int32) -> Int32 {
    switch stage {
    case .send: mysql_send_query_cont(&failed, handle, happened)
    case .reply: mysql_read_query_result_cont(&refused, handle, happened)
    case .store: mysql_store_result_cont(&rows, handle, happened)
    case .next: mysql_next_result_cont(&failed, handle, happened)
    case .prepare: mysql_stmt_prepare_cont(&failed, statement, happened)
    case .evict: mysql_stmt_close_cont(&refused, evicted, happened)
    case .drop: mysql_stmt_close_cont(&refused, statement, happened)
    case .execute: mysql_stmt_execute_cont(&failed, statement, happened)
    case .storePrepared: mysql_stmt_store_result_cont(&failed, statement, happened)
    }
  }

  /// Looks at what a call gave, and which is next.
  ///
  /// - Returns: false when the next one is not yet to be made, or none is.
  private func step() throws(SQLError) -> Bool {
    switch stage {
    case .send:
      if failed != 0 { throw connection.fail("") }
      // Asked for at once, the library would look in vain and come back to wait for the same.
      stage = .reply
      connection.wait(for: MYSQL_WAIT_READ, self)
      return false
    case .reply:
      if refused != 0 { throw connection.fail("") }
      stage = .store
    case .store: return try keepResult()
    case .next:
      if failed != 0 { throw connection.fail("") }
      stage = .store
    default: return try stepPrepared()
    }
    return true
  }

  private func keepResult() throws(SQLError) -> Bool {
    guard rows != nil || mysql_field_count(handle) == 0 else { throw connection.fail("") }
    let result = SQLResult(rows.map { MySQLRows($0, connection.rules) }, connection.summary)
    rows = nil
    guard mysql_more_results(handle) != 0 else {
      end(.success(results.isEmpty ? result : SQLResult(results + [result])))
      return false
    }
    results.append(result)
    stage = .next
    return true
  }

  private func end(_ result: Result<SQLResult, any Error>) {
    let serial = serial
    self.serial = 0
    var result = result
    if case .failure(let error as SQLError) = result { result = .failure(error.with(sql: sql)) }
    // The connection belongs to somebody else, or to nobody.
    guard serial != 0 else { return done(result) }
    connection.finish()
    guard connection.killer?.statement == serial else { return done(result) }
    Task {
      _ = await connection.awaitKiller(of: serial)
      done(.failure(CancellationError()))
    }
  }

  // MARK: prepared statements

  private func startPreparing() -> Int32 {
    statement = mysql_stmt_init(handle)
    guard let statement else {
      failed = 1
      return 0
    }
    var yes: my_bool = 1
    mysql_stmt_attr_set(statement, STMT_ATTR_UPDATE_MAX_LENGTH, &yes)
    return mysql_stmt_prepare_start(&failed, statement, text, UInt(count))
  }

  private func stepPrepared() throws(SQLError) -> Bool {
    guard let statement else { throw connection.fail("") }
    switch stage {
    case .prepare:
      if failed != 0 {
        refusal = connection.fail(statement)
        if let failure = connection.failure { throw failure }
        stage = .drop
        return true
      }
      evicted = connection.statements.add(
        sql, statement, limit: connection.options.statementCache)
      if evicted != nil {
        stage = .evict
        return true
      }
      try bind()
      stage = .execute
    case .evict:
      try bind()
      stage = .execute
    case .drop:
      if let refusal { throw refusal }
      return false
    case .execute:
      bound = nil
      if failed != 0 { throw connection.fail(statement) }
      if mysql_stmt_field_count(statement) == 0 {
        end(.success(SQLResult(nil, connection.summary(statement))))
        return false
      }
      stage = .storePrepared
    default:
      if failed != 0 { throw connection.fail(statement) }
      defer { mysql_stmt_free_result(statement) }
      let summary = connection.summary(statement)
      end(.success(SQLResult(try connection.rows(of: statement), summary)))
      return false
    }
    return true
  }

  private func bind() throws(SQLError) {
    guard let statement else { return }
    let bound = try BoundParameters(parameters, for: statement, connection.options.timeZone)
    self.bound = bound
    if !parameters.isEmpty, mysql_stmt_bind_param(statement, bound.binds.baseAddress) != 0 {
      throw connection.fail(statement)
    }
  }
}
