import Egg
import EggMySQL
import Glibc

/// The statements of `Benchmarks/load/mysql_connector.c`, through `app.mysql`.
final class BenchController: Controller {
  /// `kind` of statement, `count` times, one after the other; answers with statements per second, per
  /// CPU-second of this process, and what was read, which is the same for everybody who measures.
  func run() async throws {
    let count = Int(ctx.query["count"] ?? "") ?? 1000
    let kind = ctx.query["kind"] ?? ""
    _ = try await statements(kind, max(1, count / 10))
    let clock = Clock()
    let sum = try await statements(kind, count)
    ctx.body = clock.report(count) + " \(sum)\n"
  }

  private func statements(_ kind: String, _ count: Int) async throws -> Int {
    let mysql = app.mysql
    var sum = 0
    switch kind {
    case "point":
      for number in 0..<count {
        let row = try await mysql.queryOne(
          "select id, title, hits from posts where id = ?", [number % 1000 + 1])
        if let row { sum += Self.size(row) }
      }
    case "prepared":
      for number in 0..<count {
        let rows = try await mysql.execute(
          "select id, title, hits from posts where id = ?", number % 1000 + 1)
        if let row = rows.first { sum += Self.size(row) }
      }
    case "rows":
      for _ in 0..<count {
        for row in try await mysql.query("select id, title, hits from posts limit 1000") {
          sum += Self.size(row)
        }
      }
    case "insert":
      for number in 0..<count {
        let result = try await mysql.query(
          "insert into notes (title, hits) values (?, ?)", ["A note like any other", number])
        sum += result.affectedRows
      }
    default: throw EggError("kind: expected point, prepared, rows or insert, found \"\(kind)\"")
    }
    return sum
  }

  private static func size(_ row: SQLRow) -> Int {
    (row[0].int ?? 0) + (row[1].string?.utf8.count ?? 0) + (row[2].int ?? 0)
  }

  /// What an application does: one row as JSON.
  func post() async throws {
    ctx.body = try await app.mysql.get("posts", ["id": Int(ctx.params["id"]) ?? 0])
  }
}

/// Wall clock and CPU time since it was made.
private struct Clock {
  private let wall = Self.now(CLOCK_MONOTONIC)
  private let cpu = Self.now(CLOCK_PROCESS_CPUTIME_ID)

  private static func now(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  func report(_ count: Int) -> String {
    let wall = Self.now(CLOCK_MONOTONIC) - wall
    let cpu = Self.now(CLOCK_PROCESS_CPUTIME_ID) - cpu
    return "\(Int(Double(count) / wall)) \(Int(Double(count) / cpu))"
  }
}
