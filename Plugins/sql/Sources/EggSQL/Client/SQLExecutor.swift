/// What can run statements: a client with its pool, one connection, a transaction.
///
/// Conform by `run`; everything that applications call is below, once for every database.
@MainActor public protocol SQLExecutor: AnyObject {
  var dialect: SQLDialect { get }
  /// Runs a statement, its values written into the text.
  ///
  /// - Throws: `SQLError`.
  func run(_ statement: SQLStatement) async throws -> SQLResult
  /// Runs a statement whose values travel apart from its text.
  ///
  /// - Parameter parameters: scalars, one for each `?`.
  /// - Throws: `SQLError`.
  func execute(_ sql: String, _ parameters: [SQLValue]) async throws -> SQLResult
}

extension SQLExecutor {
  // MARK: statements written by hand

  /// Runs a statement; `?`, `??` and `:name` are replaced by escaped values.
  @discardableResult
  public func query(_ sql: String, _ values: SQLArguments = .none) async throws -> SQLResult {
    try await run(SQLStatement(sql, values, dialect: dialect))
  }

  /// The rows as one of your types.
  public func query<T: Decodable>(_ sql: String, _ values: SQLArguments = .none, as type: T.Type)
    async throws -> [T]
  {
    try await query(sql, values).decode(type)
  }

  /// The first row; nil when there is none.
  public func queryOne(_ sql: String, _ values: SQLArguments = .none) async throws -> SQLRow? {
    try await run(SQLStatement(sql, values, dialect: dialect)).first
  }

  public func queryOne<T: Decodable>(
    _ sql: String, _ values: SQLArguments = .none, as type: T.Type
  ) async throws -> T? {
    try await queryOne(sql, values)?.decode(type)
  }

  /// Runs a prepared statement: the recommended way for statements of your own.
  @discardableResult
  public func execute(_ sql: String, _ parameters: (any SQLConvertible)?...) async throws
    -> SQLResult
  {
    try await execute(sql, parameters.map { $0?.sqlValue ?? .null })
  }

  // MARK: reading

  /// Rows of a table. See `SQLStatement.select` for the text.
  public func select(
    _ table: String, where conditions: SQLFields? = nil, columns: [String]? = nil,
    orders: [SQLOrder] = [], limit: Int? = nil, offset: Int = 0
  ) async throws -> SQLResult {
    try await run(
      .select(
        table, where: conditions, columns: columns, orders: orders, limit: limit, offset: offset))
  }

  /// The same as one of your types.
  public func select<T: Decodable>(
    _ table: String, where conditions: SQLFields? = nil, columns: [String]? = nil,
    orders: [SQLOrder] = [], limit: Int? = nil, offset: Int = 0, as type: T.Type
  ) async throws -> [T] {
    try await select(
      table, where: conditions, columns: columns, orders: orders, limit: limit, offset: offset
    ).decode(type)
  }

  /// One row; nil when there is none.
  public func get(
    _ table: String, _ conditions: SQLFields?, columns: [String]? = nil,
    orders: [SQLOrder] = []
  ) async throws -> SQLRow? {
    try await run(.get(table, conditions, columns: columns, orders: orders)).first
  }

  public func get<T: Decodable>(
    _ table: String, _ conditions: SQLFields?, columns: [String]? = nil,
    orders: [SQLOrder] = [], as type: T.Type
  ) async throws -> T? {
    try await get(table, conditions, columns: columns, orders: orders)?.decode(type)
  }

  /// How many rows there are.
  public func count(_ table: String, _ conditions: SQLFields? = nil) async throws -> Int {
    try await run(.count(table, conditions)).first?[0].int ?? 0
  }

  // MARK: changing

  @discardableResult
  public func insert(_ table: String, _ row: SQLFields, columns: [String]? = nil) async throws
    -> SQLResult
  {
    try await run(.insert(table, [row], columns: columns))
  }

  /// Several rows with one statement. The columns are those of the first.
  @discardableResult
  public func insert(_ table: String, _ rows: [SQLFields], columns: [String]? = nil) async throws
    -> SQLResult
  {
    try await run(.insert(table, rows, columns: columns))
  }

  /// - Parameter all: says that every row is meant when `conditions` is empty.
  @discardableResult
  public func update(
    _ table: String, _ row: SQLFields, where conditions: SQLFields? = nil,
    columns: [String]? = nil, all: Bool = false
  ) async throws -> SQLResult {
    try await run(.update(table, row, where: conditions, columns: columns, all: all))
  }

  /// Rows with an `id` each.
  @discardableResult
  public func updateRows(_ table: String, _ rows: [SQLFields]) async throws -> SQLResult {
    try await run(.updateRows(table, rows.map { SQLRowUpdate($0) }))
  }

  /// Rows with conditions of their own.
  @discardableResult
  public func updateRows(_ table: String, _ rows: [SQLRowUpdate]) async throws -> SQLResult {
    try await run(.updateRows(table, rows))
  }

  /// Differs from Egg: without conditions it is refused unless `all` is true.
  @discardableResult
  public func delete(_ table: String, _ conditions: SQLFields? = nil, all: Bool = false)
    async throws -> SQLResult
  {
    try await run(.delete(table, conditions, all: all))
  }

  // MARK: text by hand

  public var literals: SQLLiterals { SQLLiterals(dialect: dialect) }
  public func escape(_ value: (any SQLConvertible)?) -> String {
    sqlEscape(value, SQLEscaping(dialect: dialect))
  }
  public func escapeId(_ name: String) -> String { SQLIdentifier.escape(name) }
  public func format(_ sql: String, _ values: SQLArguments) -> String {
    SQLStatement(sql, values, dialect: dialect).text(SQLEscaping(dialect: dialect))
  }
  public func raw(_ text: String) -> SQLLiteral { SQLLiteral(text) }
}

/// `app.mysql.literals.now`
public struct SQLLiterals: Sendable {
  let dialect: SQLDialect
  /// The moment at which the server runs the statement.
  public var now: SQLLiteral { SQLLiteral(dialect.now) }
}
