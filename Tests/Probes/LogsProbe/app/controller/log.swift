import Egg
import Glibc

final class LogController: Controller {
  /// Every level on both loggers; `?text=` is the message.
  func line() {
    let text = ctx.query["text"] ?? "hello"
    for level in [LogLevel.debug, .info, .warn, .error] {
      ctx.logger.log(level, "\(text)", ["n": 1, "list": [1, 2], "level": "mine"])
      app.coreLogger.log(level, "core \(text)")
    }
    ctx.body = "done"
  }

  func custom() throws {
    guard let logger = ctx.getLogger(ctx.params["name"]) else { try ctx.throw(404, "no logger") }
    logger.info("custom line")
    logger.error("custom error")
    ctx.body = "done"
  }

  func many() {
    let count = Int(ctx.params["count"]) ?? 0
    for number in 0..<count { app.logger.info("number \(number) of \(count)") }
    ctx.body = "done"
  }

  func user() {
    ctx.userId = "u42"
    ctx.logger.info("who")
    ctx.body = "done"
  }

  func loggers() {
    ctx.body = Value.list(
      app.loggers.all.map { .list([.text($0.name), .text($0.file), .text($0.jsonFile)]) })
  }

  func level() {
    let level: LogLevel = ctx.params["level"] == "debug" ? .debug : .error
    var evaluated = false
    func text() -> String {
      evaluated = true
      return "at debug"
    }
    let isKnown = app.loggers.setLevel(ctx.params["name"], level)
    app.logger.debug(text())
    ctx.body = "\(isKnown) \(evaluated)"
  }

  /// Lines of this very turn, then the end.
  func crash() {
    app.logger.info("the last words")
    switch ctx.params["how"] {
    case "abort": abort()
    case "exit": exit(3)
    case "kill": kill(getpid(), SIGKILL)
    case "memory": UnsafeMutablePointer<Int>(bitPattern: 8)!.pointee = 1
    default: preconditionFailure("as asked for")
    }
  }

  func reload() {
    app.loggers.reload()
    ctx.body = "done"
  }
}
