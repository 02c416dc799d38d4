import Egg
import EggSQL

/// A database's client as applications see it: `app.mysql`, `app.sqlite`.
///
/// Statements are put together here and sent to the plugin's object; rows stay where the plugin has
/// them and are read in place.
open class SQLRemoteClient: SQLClient {
  private let known: ForeignObject?
  public let dialect: SQLDialect
  /// The plugin's, for error messages: "mysql".
  public let name: String

  /// - Parameter object: the plugin's; nil while the plugin is not enabled, which every call says.
  public init(_ object: ForeignObject?, dialect: SQLDialect, name: String) {
    known = object
    self.dialect = dialect
    self.name = name
  }

  nonisolated deinit {}

  /// - Throws: `EggError` that says how to enable the plugin.
  open var object: ForeignObject {
    get throws {
      if let known { return known }
      throw EggError(
        code: "EGG_SQL_NOT_READY",
        "app.\(name) needs the plugin \(name); enable it in config/plugin.json:"
          + " \"\(name)\": { \"package\": \"egg-\(name)\" }")
    }
  }

  /// The table that takes statements, once the plugin has it.
  private var knownRunner: RemoteRunner?
  private var runner: RemoteRunner? {
    get throws {
      if let knownRunner { return knownRunner }
      knownRunner = RemoteRunner(try object)
      return knownRunner
    }
  }

  public func run(_ statement: SQLStatement) async throws -> SQLResult {
    if let runner = try self.runner { return try await runner.run(statement) }
    return try await self.object.run(statement)
  }

  public func execute(_ sql: String, _ parameters: [SQLValue]) async throws -> SQLResult {
    if let runner = try self.runner, parameters.allSatisfy(\.isScalar) {
      return try await runner.execute(sql, parameters)
    }
    return try await self.object.execute(sql, parameters)
  }

  /// A transaction; `commit` or `rollback` ends it. `beginTransactionScope` does that by itself.
  public func beginTransaction() async throws -> SQLRemoteTransaction {
    let value = try await self.object.asking("beginTransaction")
    guard let object = value.foreign else { throw EggError("\(name): no transaction came back") }
    return SQLRemoteTransaction(object, dialect: dialect)
  }

  /// A scope that belongs to a request: nested scopes with the same context join it, and when the
  /// client is gone at its end it is rolled back.
  @discardableResult
  public func beginTransactionScope<R: Sendable>(
    _ ctx: Context, _ scope: @MainActor (SQLRemoteTransaction) async throws -> R
  ) async throws -> R {
    let key = ObjectIdentifier(self)
    if let open = ctx[ContextTransactions.self]?.open[key] {
      return try await beginTransactionScope(joining: open, scope)
    }
    return try await beginTransactionScope { transaction in
      let transactions = ctx[ContextTransactions.self] ?? ContextTransactions()
      ctx[ContextTransactions.self] = transactions
      transactions.open[key] = transaction
      defer { transactions.open[key] = nil }
      return try await scope(transaction)
    }
  }

  /// Rows one by one, read from the server no faster than they are used.
  ///
  ///     for try await row in app.mysql.stream("select * from posts") { … }
  public func stream(_ sql: String, _ values: SQLArguments = .none) -> SQLRowStream {
    SQLRowStream(known, SQLStatement(sql, values, dialect: dialect))
  }

  /// Sees every statement before it is sent; text that it returns is sent in its place.
  public func beforeQuery(_ hook: @escaping @MainActor (String) throws -> String?) async throws {
    let function = SQLHook { try .returning(try hook($0[0].string ?? "")) }
    _ = try await self.object.asking("beforeQuery", [.returning(function)])
  }

  /// Hears of every statement when it has ended: its text, how long it took, and what it failed with.
  public func afterQuery(
    _ hook: @escaping @MainActor (_ sql: String, _ milliseconds: Int, _ failure: Value) -> Void
  ) async throws {
    let function = SQLHook {
      hook($0[0].string ?? "", $0[1].int ?? 0, $0[2])
      return .undefined
    }
    _ = try await self.object.asking("afterQuery", [.returning(function)])
  }

  /// How the pool's connections are used: `allConnections`, `freeConnections`, `busyConnections`,
  /// `acquiringConnections`, `connectionQueue`.
  public var stats: Value { (try? object.get("stats")) ?? .undefined }

  /// Closes the client's connections; for those of `createInstance`.
  public func end() async throws { _ = try await self.object.asking("end") }
}

/// The transactions that a request is inside of, by client.
final class ContextTransactions: StorageKey {
  typealias Value = ContextTransactions
  var open: [ObjectIdentifier: SQLRemoteTransaction] = [:]
  nonisolated deinit {}
}

/// A transaction on a connection of its own.
public final class SQLRemoteTransaction: SQLTransaction {
  public let object: ForeignObject
  public let dialect: SQLDialect
  private let runner: RemoteRunner?

  init(_ object: ForeignObject, dialect: SQLDialect) {
    self.object = object
    self.dialect = dialect
    runner = RemoteRunner(object)
  }

  nonisolated deinit {}

  public func run(_ statement: SQLStatement) async throws -> SQLResult {
    if let runner { return try await runner.run(statement) }
    // The request is gone: nothing more is written, and the scope rolls back.
    try Task.checkCancellation()
    return try await object.run(statement)
  }
  public func execute(_ sql: String, _ parameters: [SQLValue]) async throws -> SQLResult {
    if let runner, parameters.allSatisfy(\.isScalar) {
      return try await runner.execute(sql, parameters)
    }
    try Task.checkCancellation()
    return try await object.execute(sql, parameters)
  }
  public func commit() async throws { _ = try await object.asking("commit") }
  public func rollback() async throws { _ = try await object.asking("rollback") }

  public func locks(_ tables: [SQLLock]) async throws {
    let list = tables.map { lock in
      ["tableName": lock.table, "lockType": lock.kind.rawValue, "tableAlias": lock.alias ?? ""]
        as Value
    }
    _ = try await object.asking("locks", [.list(list)])
  }
}

/// A function of the application that the plugin calls.
public final class SQLHook: ExportedObject {
  public let objectType = "egg.function/1"
  private let body: @MainActor (Arguments) async throws -> Value

  public init(_ body: @escaping @MainActor (Arguments) async throws -> Value) { self.body = body }

  public func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    try await body(args)
  }
}

extension ForeignObject {
  /// Calls a method; what a database refused is thrown as `SQLError`.
  func asking(_ method: String, _ args: [Value] = []) async throws -> Value {
    do { return try await invoke(method, args) } catch { throw SQLError(error) ?? error }
  }

  /// Runs a statement by name; when this task is cancelled, the plugin gives it up.
  func run(_ statement: SQLStatement) async throws -> SQLResult {
    try SQLWire.result(await askingUnderTicket("run", [SQLWire.value(of: statement)]))
  }

  /// The same for a prepared statement.
  func execute(_ sql: String, _ parameters: [SQLValue]) async throws -> SQLResult {
    try SQLWire.result(
      await askingUnderTicket(
        "executeRows", [.text(sql), .list(parameters.map { Value($0) })]))
  }

  /// Calls a method that `cancel` stops, when this task is cancelled.
  func askingUnderTicket(_ method: String, _ args: [Value] = []) async throws -> Value {
    let ticket = SQLTicket.next()
    return try await withTaskCancellationHandler {
      try await asking(method, args + [.integer(ticket)])
    } onCancel: {
      Task { @MainActor in try? await self.invoke("cancel", [ticket]) }
    }
  }
}

/// Numbers for statements that run. Several units use one plugin, so each begins somewhere else.
enum SQLTicket {
  private static var last = Int.random(in: 0...(Int.max >> 1))

  static func next() -> Int {
    last &+= 1
    return last
  }
}
