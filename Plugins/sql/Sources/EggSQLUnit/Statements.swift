import Egg
import EggSQL
import EggSQLClient

/// The methods that a client and a transaction have in common, by name and with Egg's arguments.
struct Statements {
  let answers: Answers
  let running = RunningStatements()

  /// - Returns: nil for names that are not among these.
  func call(_ method: String, _ args: Arguments, on executor: any SQLExecutor) async throws
    -> Value?
  {
    switch method {
    case "run":
      let statement = try SQLWire.statement(args[0])
      return try await running.under(args[1]) {
        answers.reference(try await executor.run(statement))
      }
    case "cancel":
      running.cancel(args[0])
      return .undefined
    case "query": return answers.value(try await query(args, executor))
    case "queryOne": return answers.value(try await query(args, executor).first)
    case "execute", "executeRows":
      let values = args[1].array ?? (args[1].exists ? [args[1]] : [])
      let sql = try args.get(0, as: String.self)
      let result = try await running.under(args[2]) {
        try await executor.execute(sql, values.map { SQLValue($0) })
      }
      return method == "execute" ? answers.value(result) : answers.reference(result)
    default: break
    }
    guard let statement = try statement(method, args) else { return nil }
    let result = try await executor.run(statement)
    switch method {
    case "get": return answers.value(result.first)
    case "count": return .integer(result.first?[0].int ?? 0)
    default: return answers.value(result)
    }
  }

  private func query(_ args: Arguments, _ executor: any SQLExecutor) async throws -> SQLResult {
    try await executor.query(args.get(0, as: String.self), SQLArguments(SQLValue(args[1])))
  }

  private func statement(_ method: String, _ args: Arguments) throws -> SQLStatement? {
    let options = args[2]
    switch method {
    case "insert":
      return try .insert(args.get(0), rows(args[1], method), columns: columns(options.columns))
    case "select":
      let options = args[1]
      return .select(
        try args.get(0), where: try conditions(options["where"], method),
        columns: columns(options.columns), orders: orders(options.orders),
        limit: options.limit.int, offset: options.offset.int ?? 0)
    case "get":
      return .get(
        try args.get(0), try conditions(args[1], method), columns: columns(options.columns),
        orders: orders(options.orders))
    case "update":
      return try .update(
        args.get(0), fields(args[1], method), where: conditions(options["where"], method),
        columns: columns(options.columns), all: options.all.bool ?? false)
    case "updateRows":
      guard let list = args[1].array else {
        throw SQLError(code: "EGG_SQL_STATEMENT", "updateRows should be array")
      }
      return try .updateRows(args.get(0), list.map { try rowUpdate($0) })
    case "delete":
      return try .delete(
        args.get(0), conditions(args[1], method), all: options.all.bool ?? false)
    case "count": return .count(try args.get(0), try conditions(args[1], method))
    default: return nil
    }
  }

  // MARK: arguments

  private func rowUpdate(_ value: Value) throws -> SQLRowUpdate {
    if value.row.object != nil, value["where"].object != nil {
      return SQLRowUpdate(
        try fields(value.row, "updateRows"), where: try conditions(value["where"], "updateRows"))
    }
    return SQLRowUpdate(try fields(value, "updateRows"))
  }

  private func rows(_ value: Value, _ method: String) throws -> [SQLFields] {
    if let list = value.array { return try list.map { try fields($0, method) } }
    return [try fields(value, method)]
  }

  private func fields(_ value: Value, _ method: String) throws -> SQLFields {
    guard let map = value.object else {
      throw EggError(
        code: "EGG_ARGUMENT", "\(method): expected an object of columns, found \(value.kindName)")
    }
    return SQLFields(map)
  }

  private func conditions(_ value: Value, _ method: String) throws -> SQLFields? {
    value.exists ? try fields(value, method) : nil
  }

  private func columns(_ value: Value) -> [String]? {
    value.array?.compactMap(\.string) ?? value.string.map { [$0] }
  }

  /// `'id'`, or a list of names and of `[name, direction]`.
  private func orders(_ value: Value) -> [SQLOrder] {
    if let name = value.string { return [SQLOrder(name)] }
    return (value.array ?? []).compactMap { item in
      if let name = item.string { return SQLOrder(name) }
      guard let name = item[0].string else { return nil }
      return SQLOrder(name, item[1].string ?? "")
    }
  }
}
