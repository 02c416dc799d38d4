internal import CMariaDB
import EggSQL
import Glibc

/// One connection to a server, driven by the client library's non-blocking calls.
///
/// One thing at a time: the pool hands a connection to one caller. Nothing here blocks; each call of
/// the library says what it waits for, and goes on when the loop sees it.
final class MySQLConnection {
  let handle: UnsafeMutablePointer<MYSQL>
  let options: MySQLOptions
  let rules: MySQLField.Rules
  let loop: any MySQLLoop
  private var watch: (any MySQLWatch)?
  private var watched: MySQLEvents = []
  /// Who goes on when the descriptor is ready, and what was waited for.
  private var waiter: (any MySQLWaiter)?
  private var awaited: Int32 = 0
  private(set) var isBusy = false
  private var deadline: (any MySQLTimer)?
  /// Of statements, so that a late wish to stop one does not stop the next.
  private(set) var serial = 0
  /// What tells the server to stop a statement, by its number.
  var killer: (statement: Int, task: Task<Void, Never>)?
  /// Why the connection is given up, once it is.
  private(set) var failure: SQLError?
  private var isClosed = false
  /// The server hung up, or sent something although nobody asked; told once, between statements.
  var onLost: (@MainActor () -> Void)?
  /// When it was handed back, in nanoseconds.
  var idleSince: UInt64 = 0
  var statements = StatementCache()
  /// Room for the text of a statement.
  var written: [UInt8] = []
  /// `LOCK TABLES` was sent and `UNLOCK TABLES` was not.
  var hasLocks = false

  private init(_ options: MySQLOptions, _ loop: any MySQLLoop) {
    self.options = options
    rules = MySQLField.Rules(options)
    self.loop = loop
    guard let handle = mysql_init(nil) else { preconditionFailure("mysql_init: out of memory") }
    self.handle = handle
  }

  nonisolated deinit {}

  var threadId: UInt { UInt(mysql_thread_id(handle)) }
  var isUsable: Bool { failure == nil && !isClosed }

  // MARK: opening

  /// - Throws: `SQLError`; never mentions the password.
  static func open(_ options: MySQLOptions, _ loop: any MySQLLoop) async throws -> MySQLConnection {
    let connection = MySQLConnection(options, loop)
    do {
      try await connection.connect()
    } catch {
      connection.discard()
      throw error
    }
    return connection
  }

  private func connect() async throws {
    // The library looks names up with a call that blocks, so it gets an address.
    let address = options.socketPath.isEmpty ? try await loop.resolve(options.host) : ""
    setOptions()
    let flags =
      UInt(CLIENT_FOUND_ROWS) | (options.multipleStatements ? UInt(CLIENT_MULTI_STATEMENTS) : 0)
    let limit = options.connectTimeout
    let unanswered = "connect to \(place): no answer within \(limit)ms"
    try take()
    try self.limit(limit) { .timeout("ETIMEDOUT", unanswered) }
    var result: UnsafeMutablePointer<MYSQL>?
    let socketPath = options.socketPath
    let port = UInt32(clamping: options.port)
    let (user, password, database) = (options.user, options.password, options.database)
    // The library reads the texts while the call is suspended, so they must stay where they are.
    let texts = [user, password, database, socketPath].map {
      (text: String) -> UnsafeMutablePointer<CChar> in strdup(text)
    }
    let host = UnsafeMutablePointer<CChar>.allocate(
      capacity: max(address.utf8.count, options.host.utf8.count) + 1)
    defer {
      for text in texts { free(text) }
      host.deallocate()
    }
    strcpy(host, address)
    var status = mysql_real_connect_start(
      &result, handle, socketPath.isEmpty ? host : nil, texts[0], texts[1],
      database.isEmpty ? nil : texts[2], port, socketPath.isEmpty ? nil : texts[3], flags)
    while status != 0 {
      let ready = await self.ready(for: status)
      // The address has been used. From here on the library asks for the name: TLS sends it, and
      // compares it with the certificate.
      strcpy(host, options.host)
      if let number = connectError() { giveUp(.connect(number, place)) }
      status = mysql_real_connect_cont(&result, handle, failure == nil ? ready : Self.everything)
      if failure != nil, status != 0 { break }
    }
    finish()
    if let failure { throw failure }
    guard result != nil else { throw fail("") }
    // Where the certificate does not matter, the library would go on without TLS.
    if options.tls != nil, mysql_get_ssl_cipher(handle) == nil {
      throw SQLError(
        code: "HANDSHAKE_NO_SSL_SUPPORT", "connect to \(place): the server offers no TLS",
        isFatal: true)
    }
    beginWatching()
    if !options.collation.isEmpty {
      _ = try await run(SQLStatement("SET NAMES utf8mb4 COLLATE \(options.collation)"))
    }
  }

  /// Why the system could not connect. The library reads the same number, and then loses it when the
  /// refusal comes later than its first call: it reports the `errno` of something else.
  private func connectError() -> Int32? {
    var number: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    let status = getsockopt(
      Int32(mysql_get_socket(handle)), SOL_SOCKET, SO_ERROR, &number, &size)
    return status == 0 && number != 0 ? number : nil
  }

  /// For messages: host and port, or the socket.
  private var place: String {
    options.socketPath.isEmpty ? "\(options.host):\(options.port)" : options.socketPath
  }

  private func setOptions() {
    mysql_options(handle, MYSQL_OPT_NONBLOCK, nil)
    mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4")
    // A server must not ask for files of ours.
    var off: UInt32 = 0
    mysql_options(handle, MYSQL_OPT_LOCAL_INFILE, &off)
    var transport =
      options.socketPath.isEmpty ? MYSQL_PROTOCOL_TCP.rawValue : MYSQL_PROTOCOL_SOCKET.rawValue
    mysql_options(handle, MYSQL_OPT_PROTOCOL, &transport)
    guard let tls = options.tls else { return }
    var yes: my_bool = 1
    var verifies: my_bool = tls.verifies ? 1 : 0
    mysql_options(handle, MYSQL_OPT_SSL_ENFORCE, &yes)
    mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verifies)
    for (option, text) in [
      // With an authority the library looks at the certificate in any case.
      (MYSQL_OPT_SSL_CA, tls.verifies ? tls.ca : ""), (MYSQL_OPT_SSL_CERT, tls.certificate),
      (MYSQL_OPT_SSL_KEY, tls.key),
      (MYSQL_OPT_SSL_CIPHER, tls.ciphers), (MARIADB_OPT_TLS_VERSION, tls.versions),
    ] where !text.isEmpty { mysql_options(handle, option, text) }
  }

  // MARK: one call of the library

  /// Runs a call to its end: `begin`, then `proceed` with what became possible, until it says 0.
  ///
  /// - Throws: why the connection was given up meanwhile. The library's own errors are the caller's.
  func perform(_ begin: () -> Int32, _ proceed: (Int32) -> Int32) async throws {
    var status = begin()
    while status != 0 {
      status = proceed(await ready(for: status))
      // Given up and still waiting: the library keeps its state, and the handle is not used again.
      if let failure, status != 0 { throw failure }
    }
    if let failure { throw failure }
  }

  /// Takes the connection for one statement.
  func take() throws(SQLError) {
    if let failure { throw failure }
    guard !isBusy, !isClosed else {
      throw SQLError(
        code: "EGG_SQL_BUSY", "this connection runs another statement; await it before the next")
    }
    isBusy = true
    serial += 1
  }

  /// Gives the connection up when the statement has not ended in time; 0 is any time.
  func limit(_ milliseconds: Int, _ error: @escaping () -> SQLError) throws {
    guard milliseconds > 0 else { return }
    deadline = try loop.timer(after: milliseconds) { [weak self] in
      self?.deadline = nil
      self?.giveUp(error())
    }
  }

  /// The statement has ended.
  func finish() {
    isBusy = false
    deadline?.cancel()
    deadline = nil
  }

  /// Ends whatever runs; the connection cannot be used any more.
  func giveUp(_ error: SQLError) {
    guard failure == nil, !isClosed else { return }
    failure = error
    let descriptor = mysql_get_socket(handle)
    if descriptor >= 0 { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }
    waiter.take()?.ready(Self.everything)
  }

  private static let everything = MYSQL_WAIT_READ | MYSQL_WAIT_WRITE | MYSQL_WAIT_TIMEOUT

  /// Waits for what the library waits for, and says which of it happened.
  private func ready(for status: Int32) async -> Int32 {
    await withUnsafeContinuation { wait(for: status, WaitingTask($0)) }
  }

  /// The same for who is called.
  func wait(for status: Int32, _ waiter: any MySQLWaiter) {
    let events: MySQLEvents =
      status & MYSQL_WAIT_WRITE != 0
      ? (status & MYSQL_WAIT_READ != 0 ? [.read, .write] : .write) : .read
    guard failure == nil, interest(events) else { return waiter.ready(Self.everything) }
    awaited = status | MYSQL_WAIT_TIMEOUT
    self.waiter = waiter
  }

  /// Between statements the descriptor is watched too: a server that hangs up is seen at once, and a
  /// query costs no change of the watch.
  private func beginWatching() { _ = interest(.read) }

  private func interest(_ events: MySQLEvents) -> Bool {
    if let watch {
      if events != watched { watch.change(events) }
    } else {
      let descriptor = mysql_get_socket(handle)
      watch = try? loop.watch(Int32(descriptor), events) { [weak self] in self?.became($0) }
    }
    watched = events
    return watch != nil
  }

  private func became(_ events: MySQLEvents) {
    if let waiter = waiter.take() {
      var status: Int32 = 0
      if !events.isDisjoint(with: [.read, .closed]) { status |= MYSQL_WAIT_READ }
      if !events.isDisjoint(with: [.write, .closed]) { status |= MYSQL_WAIT_WRITE }
      waiter.ready(status & awaited)
    } else if isBusy {
      // Rows that nobody wants yet; the next wait watches again.
      if events.contains(.closed) { endWatching() } else { _ = interest([]) }
    } else if hasNews {
      endWatching()
      giveUp(.connectionLost)
      onLost?()
    }
  }

  /// Whether there is something to read, or the end. An event may be older than the last read.
  var hasNews: Bool {
    var byte: UInt8 = 0
    return recv(Int32(mysql_get_socket(handle)), &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
      >= 0
      || errno != EAGAIN
  }

  private func endWatching() {
    watch?.end()
    watch = nil
    watched = []
  }

  // MARK: closing

  /// Says goodbye to the server.
  func close() async {
    guard !isClosed else { return }
    guard failure == nil, !isBusy else { return discard() }
    isBusy = true
    var status = mysql_close_start(handle)
    while status != 0 { status = mysql_close_cont(handle, await ready(for: status)) }
    isClosed = true
    endWatching()
    freeStatements()
  }

  /// Drops the connection without a word.
  func discard() {
    guard !isClosed else { return }
    isClosed = true
    deadline?.cancel()
    endWatching()
    let descriptor = mysql_get_socket(handle)
    if descriptor >= 0 { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }
    mysql_close(handle)
    freeStatements()
  }

  /// Closing took them from the connection; what is left is memory.
  private func freeStatements() {
    for statement in statements.removeAll() { _ = mysql_stmt_close(statement.handle) }
  }

  // MARK: errors

  /// What the library says went wrong.
  func fail(_ sql: @autoclosure () -> String) -> SQLError {
    if let failure { return failure.with(sql: sql()) }
    let error = SQLError.mysql(
      mysql_errno(handle), String(cString: mysql_sqlstate(handle)),
      String(cString: mysql_error(handle)), sql: sql())
    if error.isFatal { giveUp(error) }
    return error
  }
}

/// Who waits for a connection's descriptor.
protocol MySQLWaiter: AnyObject {
  /// - Parameter happened: of what was waited for, in the library's numbers.
  func ready(_ happened: Int32)
}

private final class WaitingTask: MySQLWaiter {
  private let continuation: UnsafeContinuation<Int32, Never>
  init(_ continuation: UnsafeContinuation<Int32, Never>) { self.continuation = continuation }
  nonisolated deinit {}
  func ready(_ happened: Int32) { continuation.resume(returning: happened) }
}

nonisolated extension SQLError {
  func with(sql: String) -> SQLError {
    guard self.sql.isEmpty else { return self }
    var error = self
    error.sql = SQLError.cut(sql)
    return error
  }
}
