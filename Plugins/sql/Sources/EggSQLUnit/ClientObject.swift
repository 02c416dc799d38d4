import Egg
import EggSQL
import EggSQLClient

/// A database's client for other units, templates and languages: Egg's methods by name.
///
/// `query`, `queryOne`, `execute`, `insert`, `select`, `get`, `update`, `updateRows`, `delete`,
/// `count`, `beginTransaction`, `escape`, `escapeId`, `format`, `raw`, `beforeQuery`, `afterQuery`,
/// `stream`, `end`; properties `stats` and `literals`.
public final class ClientObject<Database: SQLDatabase>: ExportedObject {
  public let objectType = "egg.sql.client/1"
  public let database: Database
  private let app: ApplicationBase
  private let statements: Statements
  private let runTable: RunTable

  public init(_ database: Database, _ app: ApplicationBase) {
    self.database = database
    self.app = app
    statements = Statements(answers: Answers(app: app))
    runTable = RunTable(database)
  }

  nonisolated deinit {}

  public func property(_ name: String) throws -> Value {
    switch name {
    case "stats": Value(.fields(database.stats))
    case "literals":
      .map(ValueMap([("now", app.value(of: SQLLiteralObject(database.dialect.now)))]))
    default: .undefined
    }
  }

  public func interface(_ id: String) -> UnsafeRawPointer? {
    id == SQLWire.runID ? runTable.table : nil
  }

  public func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    switch method {
    case "beginTransaction":
      return app.value(of: TransactionObject(try await database.beginTransaction(), statements))
    case "stream":
      let statement = try SQLWire.statement(args[0])
      let cursor = try await statements.running.under(args[1]) {
        try await database.cursor(statement)
      }
      return app.value(of: CursorObject(cursor, statements))
    case "escape": return .text(database.escape(SQLValue(args[0])))
    case "escapeId": return .text(database.escapeId(try args.get(0)))
    case "format":
      return .text(database.format(try args.get(0), SQLArguments(SQLValue(args[1]))))
    case "raw": return app.value(of: SQLLiteralObject(try args.get(0)))
    case "beforeQuery":
      let hook = try function(args[0], method)
      database.beforeQuery { try await hook.invoke("call", [$0]).string }
    case "afterQuery":
      let hook = try function(args[0], method)
      database.afterQuery { [app] report in
        var failure = Value.null
        if case .failure(let error) = report.result { failure = .text(EggError(error).description) }
        let arguments: [Value] = [.text(report.sql), .integer(report.milliseconds), failure]
        Task {
          do { try await hook.invoke("call", arguments) } catch { app.logger.error(error) }
        }
      }
    case "end": await database.end()
    default:
      guard let value = try await statements.call(method, args, on: database) else {
        throw noSuchMethod(method)
      }
      return value
    }
    return .undefined
  }

  private func function(_ value: Value, _ method: String) throws -> ForeignObject {
    guard let function = value.foreign else {
      throw EggError(
        code: "EGG_ARGUMENT", "\(method): expected a function, found \(value.kindName)")
    }
    return function
  }
}
