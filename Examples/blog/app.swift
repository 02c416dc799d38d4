import Egg
import EggDatabase

/// Makes the table when it is missing; requests wait until it is there.
final class AppBoot: Boot {
  override func willReady() async throws {
    let database = app.database
    try await database.query(Schema.posts(database.dialect))
    // Several workers start at once: one of them finds the table empty and fills it.
    do {
      try await database.beginTransactionScope { tran in
        guard try await tran.count("posts") == 0 else { return }
        let now = tran.literals.now
        try await tran.insert(
          "posts",
          Schema.firstPosts.map {
            ["title": $0.title, "body": $0.body, "created": now, "updated": now]
          })
      }
    } catch let error as SQLError where error.isDuplicate {
      app.logger.debug("another worker has written the first posts")
    }
  }
}

/// The one table, and what it begins with.
enum Schema {
  /// The statements of the two databases differ where they count rows.
  static func posts(_ dialect: SQLDialect) -> String {
    let id =
      switch dialect {
      case .mysql: "int primary key auto_increment"
      case .sqlite: "integer primary key autoincrement"
      }
    return """
      create table if not exists posts (id \(id), title varchar(120) not null unique,
        body text not null, created datetime not null, updated datetime not null)
      """
  }

  static let firstPosts: [(title: String, body: String)] = [
    (
      "Where your posts live",
      """
      In a file, run/blog.sqlite, on a library that is part of the process. No server was installed for this page.

      When the blog outgrows its file, one line of config/plugin.json moves it to MySQL or MariaDB. The code stays.
      """
    ),
    (
      "Hello, World",
      """
      This is the first page of a small blog: a list, forms that say what is wrong, and pages that are made on the server.

      Write something. The button is at the top.
      """
    ),
  ]
}
