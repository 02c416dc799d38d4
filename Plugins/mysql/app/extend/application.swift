import Egg

extension Application {
  /// `app.mysql`: the client of `mysql.client`, and those of `mysql.clients` by `get(id)`.
  var mysql: MySQLFace { MySQLFace(self) }
}
