import Foundation
import Testing

@Suite("Lines of the log") struct LineTests {
  @Test func `each logger has its file, and errors have one more`() throws {
    let server = try LogServer()
    try server.get("/line?text=hi", ["X-Forwarded-For: 9.9.9.9"])
    let console = server.end()
    let pid = server.identifier
    let web = server.file("logs-probe-web.log")
    // Stamp, level, process, [userId/ip/traceId/use method url], message, fields.
    let form =
      #"(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO \#(pid) \[-/127\.0\.0\.1/-/\d+ms GET /line\?text=hi\] hi n=1 list=\[1,2\] level=mine$"#
    #expect(try web.contains(Regex(form)), "\(web)")
    #expect(web.lines(with: " hi ").count == 3)
    #expect(!web.contains("DEBUG"))
    let core = server.file("egg-web.log")
    #expect(core.lines(with: "core hi").count == 3)
    #expect(core.contains("started on http://"))
    #expect(core.contains("closed"))
    let errors = server.file("common-error.log")
    #expect(errors.split(separator: "\n").count == 2)
    #expect(errors.lines(with: " ERROR ").count == 2)
    #expect(console.lines(with: " core hi").count == 3)
    #expect(server.file("egg-agent.log") == "")
  }

  @Test func `the bracket has user and trace id, and the address that a trusted proxy notes`()
    throws
  {
    let server = try LogServer(#"{"proxy": true, "maxIpsCount": 1}"#)
    let trace = "0af7651916cd43dd8448eb211c80319c"
    try server.get(
      "/user",
      ["traceparent: 00-\(trace)-b7ad6b7169203331-01", "X-Forwarded-For: 1.1.1.1, 203.0.113.9"])
    server.end()
    #expect(server.file("logs-probe-web.log").contains("[u42/203.0.113.9/\(trace)/"))
  }

  @Test func `a client forges no line`() throws {
    let server = try LogServer()
    try server.get("/line?text=a%0A2026-01-01%2000:00:00,000%20ERROR%201%20forged%1B%5B31m")
    server.end()
    let web = server.file("logs-probe-web.log")
    #expect(web.lines(with: "forged").allSatisfy { $0.hasPrefix("  2026") || $0.contains("%0A") })
    #expect(!web.contains("\u{1B}"))
  }

  @Test func `JSON lines in files and on the console`() throws {
    let server = try LogServer(#"{"logger": {"outputJSON": true, "consoleJSON": true}}"#)
    let trace = "0af7651916cd43dd8448eb211c80319c"
    try server.get(
      "/line?text=%22hi%22%C3%A9", ["traceparent: 00-\(trace)-b7ad6b7169203331-01"])
    let console = server.end()
    let lines = server.file("logs-probe-web.json.log").split(separator: "\n")
    #expect(lines.count == 3)
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any])
    #expect(object["message"] as? String == "\"hi\"é")
    #expect(object["level"] as? String == "INFO")
    #expect(object["logger"] as? String == "logger")
    #expect(object["ip"] as? String == "127.0.0.1")
    #expect(object["method"] as? String == "GET")
    #expect(object["traceId"] as? String == trace)
    #expect(object["n"] as? Int == 1)
    #expect(object["list"] as? [Int] == [1, 2])
    // A field does not pass for the line's own level.
    #expect(object["fields.level"] as? String == "mine")
    #expect((object["date"] as? String)?.hasSuffix("Z") == true)
    #expect(server.file("common-error.json.log").split(separator: "\n").count == 2)
    for line in console.split(separator: "\n") where !line.hasPrefix("egg") {
      #expect(throws: Never.self, "\(line)") {
        try JSONSerialization.jsonObject(with: Data(line.utf8))
      }
    }
    #expect(server.file("logs-probe-web.log").lines(with: "hi").count == 3)
  }

  @Test func `custom loggers: file, console, and where their errors go`() throws {
    let server = try LogServer()
    for name in ["orders", "quiet", "moved"] { try server.get("/custom/\(name)") }
    #expect(try server.get("/custom/nobody").contains("no logger"))
    let console = server.end()
    #expect(server.file("orders.log").split(separator: "\n").count == 2)
    #expect(server.file("quiet.log").split(separator: "\n").count == 2)
    #expect(server.file("moved.log").lines(with: "ERROR") == [])
    let errors = server.file("common-error.log")
    #expect(errors.lines(with: "/custom/orders").count == 1)
    #expect(errors.lines(with: "/custom/quiet").isEmpty)
    #expect(errors.lines(with: "/custom/moved").count == 1)
    #expect(console.lines(with: "custom line").count == 1)
  }

  @Test func `levels of file and console, of the core logger, and at run time`() throws {
    let server = try LogServer(
      #"{"logger": {"level": "WARN", "consoleLevel": "NONE", "coreLogger": {"consoleLevel": "INFO", "level": "ERROR"}}}"#
    )
    try server.get("/line?text=first")
    #expect(try server.get("/level/logger/debug") == "true true")
    #expect(try server.get("/level/logger/none") == "true false")
    #expect(try server.get("/level/nobody/debug") == "false false")
    let console = server.end()
    let web = server.file("logs-probe-web.log")
    #expect(web.lines(with: " first ").count == 2)
    #expect(web.lines(with: "DEBUG").count == 1)
    #expect(console.lines(with: " first ").isEmpty)
    #expect(console.lines(with: "core first").count == 3)
    #expect(server.file("egg-web.log").lines(with: "core first").count == 1)
  }

  @Test func `DEBUG is INFO in production unless it is allowed`() throws {
    let refused = try LogServer(#"{"logger": {"level": "DEBUG"}}"#)
    try refused.get("/line")
    refused.end()
    #expect(!refused.file("logs-probe-web.log").contains("DEBUG"))
    let allowed = try LogServer(#"{"logger": {"level": "DEBUG", "allowDebugAtProd": true}}"#)
    try allowed.get("/line")
    allowed.end()
    #expect(allowed.file("logs-probe-web.log").contains("DEBUG"))
  }

  @Test func `EGG_LOG sets the console's level, a slip in the configuration is told`() throws {
    let server = try LogServer(
      #"{"logger": {"level": "LOUD", "access": "nobody"}}"#, variables: ["EGG_LOG": "debug"])
    try server.get("/line?text=seen")
    let console = server.end()
    #expect(console.lines(with: " DEBUG ").contains { $0.contains("seen") })
    #expect(console.contains("config.logger.level: expected DEBUG, INFO, WARN, ERROR or NONE"))
    #expect(console.contains("config.logger.access: no logger \"nobody\""))
  }

  @Test func `the console falls silent after the start when it is asked to`() throws {
    let server = try LogServer(#"{"logger": {"disableConsoleAfterReady": true}}"#)
    try server.get("/line?text=hidden")
    #expect(!server.end().contains("hidden"))
    #expect(server.file("logs-probe-web.log").contains("hidden"))
  }

  @Test func `the access log has a line for each answer`() throws {
    let server = try LogServer(#"{"logger": {"access": true}}"#)
    try server.get("/loggers", ["User-Agent: cur\"l", "Referer: http://a/"])
    try server.get("/nothing-here")
    let console = server.end()
    let lines = server.file("egg-access.log").split(separator: "\n").map(String.init)
    try #require(lines.count == 2)
    #expect(lines[0].contains("GET /loggers] 200 "))
    #expect(lines[0].hasSuffix(" \"cur'l\" \"http://a/\""))
    #expect(lines[1].contains("GET /nothing-here] 404 "))
    #expect(lines[1].hasSuffix(" \"-\" \"-\""))
    #expect(!console.contains("] 200 "))
  }
}
