import EggTestSupport
import Foundation
import Testing

@Suite("app.sqlite", .serialized) struct PluginTests {
  private static let started = Result {
    try probe(#"{ "client": { "database": "run/data/probe.sqlite" } }"#)
  }

  private func server() throws -> RunningApplication { try Self.started.get() }

  @Test func `rows go in and come out as a type of the application`() throws {
    let text = try server().get("/posts").body
    #expect(text.contains(#""title":"Hello World","hits":1,"made":"#), "\(text)")
    let file = try server().folder.appendingPathComponent("run/data/probe.sqlite").path
    #expect(FileManager.default.fileExists(atPath: file))
  }

  @Test func `an instance with a configuration of its own`() throws {
    #expect(try server().get("/instance").body == "memory")
  }

  @Test func `a nested failure ends the whole transaction`() throws {
    #expect(try server().get("/nested").body == "transaction was commit or rollback")
    for title in ["outer", "inner", "late"] {
      #expect(try server().get("/count?title=\(title)").body.hasPrefix(#"{"posts":0,"#))
    }
  }

  @Test func `a statement whose client is gone is interrupted and its transaction rolled back`()
    throws
  {
    let server = try server()
    try server.leave("/aborted") {
      try server.get("/count?title=aborted").body.contains(#""busyConnections":1"#)
    }
    try wait("the connection is free again") {
      try server.get("/count?title=aborted").body.contains(#""busyConnections":0"#)
    }
    #expect(try server.get("/count?title=aborted").body.hasPrefix(#"{"posts":0,"#))
  }

  @Test func `streams and errors`() throws {
    #expect(try server().get("/stream").body == "12502500")
    #expect(
      try server().get("/duplicate").body
        == "SQLITE_CONSTRAINT_PRIMARYKEY 1555 INSERT INTO `posts`(`id`, `title`) VALUES(?, ?), (?, ?)"
    )
  }

  @Test func `other units call it by name`() throws {
    #expect(try server().get("/byname").body == #"[{"title":"by name","hits":0}]"#)
  }

  @Test func `several clients by their ids`() throws {
    let several = try probe(
      #"{ "clients": { "db1": { "database": "one" }, "db2": { "database": "deep/two" } } }"#)
    let folder = several.folder.path
    #expect(
      try several.get("/other").body
        == #"{"db1":"\#(folder)/one","db2":"\#(folder)/deep/two","db3":"none"}"#)
  }

  @Test func `what cannot be opened stops the start and shows the line`() throws {
    let cases: [(String, String)] = [
      (#"{ "client": { "database": "/proc/none/x" } }"#, "unable to open database file"),
      (#"{ "client": { "file": "x" } }"#, "config.sqlite.client.database: expected a file's path"),
      (
        #"{ "client": { "database": "x", "journalMode": "off; drop table x" } }"#,
        "config.sqlite.client.journalMode: expected one of wal, delete"
      ),
      (
        #"{ "client": { "database": "x", "busyTimout": 1 } }"#,
        "config.sqlite.client.busyTimout: expected one of"
      ),
      (
        #"{ "client": { "database": "x" }, "clients": { "a": { "database": "y" } } }"#,
        "cannot both be set"
      ),
    ]
    for (config, text) in cases {
      #expect {
        _ = try probe(config)
      } throws: { error in
        let output = "\(error)"
        return output.contains(text) && output.contains("config/config.prod.json:")
      }
    }
  }
}
