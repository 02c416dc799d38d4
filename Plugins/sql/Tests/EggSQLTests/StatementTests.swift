import EggSQL
import Testing

@Suite("Statements") struct StatementTests {
  @Test func `insert takes its columns from the first row, what is absent is NULL`() throws {
    #expect(
      try SQLStatement.insert("t", [["a": 1, "b": "x"]]).text()
        == "INSERT INTO `t`(`a`, `b`) VALUES(1, 'x')")
    #expect(
      try SQLStatement.insert("t", [["a": 1, "b": 2], ["a": 3]]).text()
        == "INSERT INTO `t`(`a`, `b`) VALUES(1, 2), (3, NULL)")
    #expect(
      try SQLStatement.insert("t", [["a": 1], ["a": 2, "extra": 3]]).text()
        == "INSERT INTO `t`(`a`) VALUES(1), (2)")
    #expect(
      try SQLStatement.insert("t", [["a": 1, "b": 2]], columns: ["a"]).text()
        == "INSERT INTO `t`(`a`) VALUES(1)")
    #expect(throws: SQLError.self) { try SQLStatement.insert("t", []) }
  }

  @Test func `the example of the guide`() throws {
    #expect(
      try SQLStatement.insert("posts", [["title": "Hello World"]]).text()
        == "INSERT INTO `posts`(`title`) VALUES('Hello World')")
    #expect(
      SQLStatement("update posts set hits = (hits + ?) where id = ?", [1, 1]).text()
        == "update posts set hits = (hits + 1) where id = 1")
  }

  @Test func `select with all it may have`() {
    #expect(SQLStatement.select("t").text() == "SELECT * FROM `t`")
    #expect(
      SQLStatement.select(
        "t", where: ["a": 1], columns: ["a", "b"], orders: [["id", "desc"], ["name"]], limit: 10,
        offset: 20
      ).text()
        == "SELECT `a`, `b` FROM `t` WHERE `a` = 1 ORDER BY `id` DESC, `name` LIMIT 20, 10")
    #expect(SQLStatement.select("t", columns: ["*"]).text() == "SELECT * FROM `t`")
    #expect(SQLStatement.select("t", columns: []).text() == "SELECT * FROM `t`")
    #expect(SQLStatement.select("t", columns: ["a, b"]).text() == "SELECT `a, b` FROM `t`")
    #expect(SQLStatement.select("t", offset: 5).text() == "SELECT * FROM `t`")
    #expect(SQLStatement.select("t", limit: 0, offset: 5).text() == "SELECT * FROM `t`")
    #expect(SQLStatement.select("t", limit: 5).text() == "SELECT * FROM `t` LIMIT 0, 5")
    #expect(
      SQLStatement.select("t", orders: ["id desc", ["b", "sideways"], .ascending("c")]).text()
        == "SELECT * FROM `t` ORDER BY `id desc`, `b`, `c` ASC")
    #expect(
      SQLStatement.get("t", ["id": 11]).text() == "SELECT * FROM `t` WHERE `id` = 11 LIMIT 0, 1")
    #expect(
      SQLStatement.count("t", ["a": nil]).text()
        == "SELECT COUNT(*) as count FROM `t` WHERE `a` IS NULL")
  }

  @Test func `every kind of condition`() {
    #expect(
      SQLStatement.select(
        "t",
        where: [
          "a": 1, "b": [1, 2], "c": nil, "t.d": "x", "e": SQLLiteral("> 10"), "f": true,
          "g": ["x", "y"],
        ]
      ).text()
        == "SELECT * FROM `t` WHERE `a` = 1 AND `b` IN (1, 2) AND `c` IS NULL AND `t`.`d` = 'x'"
        + " AND `e` > 10 AND `f` = true AND `g` IN ('x', 'y')")
    #expect(SQLStatement.select("t", where: [:]).text() == "SELECT * FROM `t`")
    #expect(
      SQLStatement.select("t", where: ["id": [Int]()]).text()
        == "SELECT * FROM `t` WHERE `id` IN ()")
  }

  @Test func `update finds its row by id, which stands in SET too`() throws {
    #expect(
      try SQLStatement.update("t", ["id": 1, "a": 2]).text()
        == "UPDATE `t` SET `id` = 1, `a` = 2 WHERE `id` = 1")
    #expect(
      try SQLStatement.update("t", ["id": 1, "a": nil]).text()
        == "UPDATE `t` SET `id` = 1, `a` = NULL WHERE `id` = 1")
    #expect(
      try SQLStatement.update("t", ["a": 1, "b": 2], where: ["c": 3], columns: ["b"]).text()
        == "UPDATE `t` SET `b` = 2 WHERE `c` = 3")
    #expect {
      try SQLStatement.update("t", ["a": 1])
    } throws: {
      ($0 as? SQLError)?.message
        == "Can not auto detect update condition, please set option.where, or make sure obj.id exists"
    }
  }

  @Test func `updateRows is one CASE for each column`() throws {
    #expect(
      try SQLStatement.updateRows(
        "t",
        [
          SQLRowUpdate(["id": 1, "a": "x", "b": 1]), SQLRowUpdate(["id": 2, "a": "y"]),
        ]
      ).text()
        == "UPDATE `t` SET `a` = CASE WHEN `id` = 1 THEN 'x' WHEN `id` = 2 THEN 'y' ELSE `a` END,"
        + " `b` = CASE WHEN `id` = 1 THEN 1 ELSE `b` END WHERE `id` IN (1, 2)")
    #expect(
      try SQLStatement.updateRows(
        "t",
        [
          SQLRowUpdate(["a": 1], where: ["k": 1, "l": "p"]),
          SQLRowUpdate(["a": 2], where: ["k": 2, "l": "q"]),
        ]
      ).text()
        == "UPDATE `t` SET `a` = CASE WHEN `k` = 1 AND `l` = 'p' THEN 1 WHEN `k` = 2 AND `l` = 'q'"
        + " THEN 2 ELSE `a` END WHERE `k` IN (1, 2) AND `l` IN ('p', 'q')")
    #expect {
      try SQLStatement.updateRows("t", [SQLRowUpdate(["a": 1])])
    } throws: {
      ($0 as? SQLError)?.message
        == "Can not auto detect updateRows condition, please set updateRow.where, or make sure"
        + " updateRow.id exists"
    }
    #expect(throws: SQLError.self) { try SQLStatement.updateRows("t", []) }
  }

  @Test func `what would touch every row has to say so`() throws {
    #expect(try SQLStatement.delete("t", ["id": 1]).text() == "DELETE FROM `t` WHERE `id` = 1")
    #expect(try SQLStatement.delete("t", all: true).text() == "DELETE FROM `t`")
    for refused in [nil, [:]] as [SQLFields?] {
      #expect { try SQLStatement.delete("t", refused) } throws: {
        ($0 as? SQLError)?.code == "EGG_SQL_WHERE"
      }
    }
    #expect { try SQLStatement.update("t", ["id": 1], where: [:]) } throws: {
      ($0 as? SQLError)?.code == "EGG_SQL_WHERE"
    }
    #expect(
      try SQLStatement.update("t", ["a": 1], where: [:], all: true).text()
        == "UPDATE `t` SET `a` = 1")
  }

  @Test func `tables are locked with their aliases`() throws {
    #expect(
      try SQLStatement.lock([SQLLock("t", .write, alias: "a"), SQLLock("u", .read)]).text()
        == "LOCK TABLES `t` AS `a` WRITE, `u` READ;")
    #expect(SQLStatement.unlock.text() == "UNLOCK TABLES;")
    #expect(try SQLLock.Kind(named: "read local") == .readLocal)
    #expect(throws: SQLError.self) { try SQLLock.Kind(named: "shared") }
    #expect { try SQLStatement.lock([]) } throws: {
      ($0 as? SQLError)?.message == "Cannot lock empty tables."
    }
    #expect(throws: SQLError.self) { try SQLStatement.lock([SQLLock("", .read)]) }
  }

  @Test func `the prepared form has a mark for every value`() throws {
    let (sql, parameters) = SQLStatement.select("t", where: ["a": 1, "b": ["x", "y"], "c": nil])
      .prepared
    #expect(sql == "SELECT * FROM `t` WHERE `a` = ? AND `b` IN (?, ?) AND `c` IS NULL")
    #expect(parameters == [1, "x", "y"])
  }
}
