import EggTestSupport
import Foundation
import MySQLTestSupport
import Testing

@Suite("app.mysql", .serialized) struct PluginTests {
  static func client(_ database: String = "site", _ more: String = "") throws -> String {
    let server = try MariaDBServer.shared.get()
    return """
      { "host": "127.0.0.1", "port": "\(server.port)", "user": "egg", "password": "secret",
        "database": "\(database)", "connectTimeout": 120000, "poolWaitTimeout": 120000\(more) }
      """
  }

  private static let started = Result {
    try MariaDBServer.shared.get().sql(
      """
      create database site character set utf8mb4; create database other;
      create table site.users (id int primary key, name varchar(20));
      insert into site.users values (11, 'Ada');
      create table site.posts (id int primary key auto_increment, title varchar(200) not null,
        hits int not null default 0, made datetime);
      create table site.documents (id int primary key, settings json, tags json, none json);
      """)
    // As in Egg's guide, `agent` apart, which is off there.
    return try probe(
      "{ \"client\": \(client()), \"app\": true, \"agent\": true }",
      ", \"center\": { \"mysql\": \(client("other")) }", options: ["--workers", "1"])
  }

  private func server() throws -> RunningApplication { try Self.started.get() }

  @Test func `a service finds a row, a missing one is null`() throws {
    #expect(try server().get("/user/11").body == #"{"user":{"id":11,"name":"Ada"}}"#)
    #expect(try server().get("/user/12").body == #"{"user":null}"#)
  }

  @Test func `rows go in and come out as a type of the application`() throws {
    let text = try server().get("/posts").body
    #expect(text.contains(#""title":"Hello World","hits":1,"made":"#), "\(text)")
  }

  @Test func `an insert says what Egg's guide shows`() throws {
    let text = try server().get("/inserted").body
    let pattern =
      #"^\{"fieldCount":0,"affectedRows":1,"insertId":[1-9][0-9]*,"serverStatus":2,"#
      + #""warningCount":0,"message":"","protocol41":true,"changedRows":0\}$"#
    #expect(try text.contains(Regex(pattern)), "\(text)")
  }

  @Test func `the agent has clients of its own when it is told to`() throws {
    #expect(try server().get("/count?title=from+the+agent").body.hasPrefix(#"{"posts":1,"#))
  }

  @Test func `a client of a configuration from elsewhere, made at the start`() throws {
    #expect(try server().get("/center").body == "other")
  }

  @Test func `who comes in is asked before each connection`() throws {
    #expect(try server().get("/renewed").body == "2")
  }

  @Test func `JSON columns fit types of the application`() throws {
    #expect(
      try server().get("/json").body
        == #"{"colours":["rot","blå"],"tags":["a","b"],"none":true,"depth":3,"d":"3"}"#)
  }

  @Test func `100 MB pass through little memory`() throws {
    let alone = try probe("{ \"client\": \(Self.client()) }")
    _ = try alone.get("/stream")
    let before = try alone.peakBytes()
    #expect(try alone.get("/large").body == "100000000")
    #expect(try alone.peakBytes() - before < 16 << 20)
  }

  @Test func `statements are logged where developers look`() throws {
    let logger =
      #", "logger": { "level": "DEBUG", "consoleLevel": "DEBUG", "disableConsoleAfterReady": false }"#
    let logging = try probe(
      "{ \"client\": \(Self.client("site", ", \"logging\": true")) }", logger)
    _ = try logging.get("/user/11")
    let line = try logging.wait(for: "SELECT * FROM `users` WHERE `id` = 11")
    #expect(try line.contains(Regex("\\[mysql\\] connection [0-9]+ [0-9]+ms SELECT")), "\(line)")
  }

  @Test func `an instance with a configuration of its own`() throws {
    #expect(try server().get("/instance").body == "mysql")
  }

  @Test func `a nested failure ends the whole transaction`() throws {
    #expect(try server().get("/nested").body == "transaction was commit or rollback")
    for title in ["outer", "inner", "late"] {
      #expect(try server().get("/count?title=\(title)").body.hasPrefix(#"{"posts":0,"#))
    }
  }

  @Test func `the transaction of a request whose client is gone is rolled back`() throws {
    let server = try server()
    try server.leave("/aborted") {
      try server.get("/count?title=aborted").body.contains(#""busyConnections":1"#)
    }
    try wait("the connection is free again") {
      try server.get("/count?title=aborted").body.contains(#""busyConnections":0"#)
    }
    #expect(try server.get("/count?title=aborted").body.hasPrefix(#"{"posts":0,"#))
  }

  @Test func `streams, hooks, prepared statements, errors`() throws {
    #expect(try server().get("/stream").body == "12502500")
    #expect(try server().get("/hooks").body == "2 select 2 a")
    #expect(try server().get("/prepared").body == "18446744073709551615 it's true")
    #expect(try server().get("/duplicate").body == "ER_DUP_ENTRY 1062 23000")
  }

  @Test func `a plugin in C calls it by name, reads rows in place, uses the table of statements`()
    throws
  {
    #expect(
      try server().get("/byname").body
        == "inserted 1, 2 columns, title=from C's hand, past the end nothing, sum 42,"
        + " Rows matched: 1 , kept title=from C's hand, refused ER_PARSE_ERROR")
  }

  @Test func `several clients by their ids`() throws {
    let several = try probe(
      #"{ "clients": { "db1": \#(Self.client("test")), "db2": \#(Self.client("mysql")) } }"#)
    #expect(try several.get("/other").body == #"{"db1":"test","db2":"mysql","db3":"none"}"#)
  }

  @Test func `a server that cannot be used stops the start and shows the line`() throws {
    let server = try MariaDBServer.shared.get()
    let cases: [(String, String)] = [
      ("{ \"client\": \(try Self.client("nowhere")) }", "Unknown database 'nowhere'"),
      (
        "{ \"client\": \(try Self.client().replacingOccurrences(of: "secret", with: "wrong-pass")) }",
        "Access denied for user 'egg'"
      ),
      (
        "{ \"client\": \(try Self.client().replacingOccurrences(of: "\(server.port)", with: "1")) }",
        "ECONNREFUSED"
      ),
      (
        "{ \"client\": \(try Self.client("site", ", \"conectionLimit\": 1")) }",
        "config.mysql.client.conectionLimit: expected one of"
      ),
      (
        "{ \"client\": \(try Self.client("site", ", \"timezone\": \"CET\"")) }",
        "config.mysql.client.timezone: expected \"local\", \"Z\" or \"+08:00\", found \"CET\""
      ),
      (
        "{ \"client\": { \"host\": \"127.0.0.1\" } }",
        "config.mysql.client.user: expected text, found nothing"
      ),
      (
        "{ \"client\": \(try Self.client()), \"clients\": { \"a\": \(try Self.client()) } }",
        "cannot both be set"
      ),
    ]
    for (config, text) in cases {
      #expect {
        _ = try probe(config)
      } throws: { error in
        let output = "\(error)"
        return output.contains(text) && output.contains("config/config.prod.json:")
          && !output.contains("wrong-pass")
      }
    }
  }
}
