import Egg

extension Agent {
  /// `agent.mysql`, with `mysql.agent` set.
  var mysql: MySQLFace { MySQLFace(self) }
}
