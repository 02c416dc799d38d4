import EggSQL
import Foundation
import SQLiteEngine

/// A database in a folder of its own, which goes away with this object.
final class DatabaseFile {
  let folder: URL
  var path: String { folder.appendingPathComponent("deep/er/test.sqlite").path }

  init() {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("egg-sqlite-\(UUID().uuidString)")
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func open(_ change: (inout SQLiteOptions) -> Void = { _ in }) -> SQLiteDatabase {
    var options = SQLiteOptions()
    options.path = path
    change(&options)
    return SQLiteDatabase(options, DispatchLoop())
  }
}

/// What `body` threw, when it is an `SQLError`.
func failure(_ body: () async throws -> Void) async -> SQLError? {
  do { try await body() } catch { return error as? SQLError }
  return nil
}

/// A column's numbers up to a count, without a table.
func numbers(_ count: Int) -> String {
  "with recursive c(x) as (select 1 union all select x + 1 from c where x < \(count)) select x from c"
}

/// Runs for hours unless somebody interrupts it.
let endless =
  "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c"
