import Egg
import EggSQL

extension SQLError: EggErrorConvertible {
  /// The answer is 500 and keeps the message; the statement is for the log.
  public var eggError: EggError {
    var properties = ValueMap()
    properties["errno"] = .integer(errno)
    properties["sqlState"] = .text(sqlState)
    properties["fatal"] = .boolean(isFatal)
    var error = EggError(code: code, message, properties: properties, cause: cause)
    error.detail = sql
    return error
  }

  /// An error that came from a database's plugin; nil for all others.
  public init?(_ error: any Error) {
    if let error = error as? SQLError {
      self = error
      return
    }
    guard let error = error as? EggError, let errno = error.properties["errno"]?.int else {
      return nil
    }
    self.init(
      code: error.code, errno: errno, sqlState: error.properties["sqlState"]?.string ?? "",
      error.message, sql: error.detail, isFatal: error.properties["fatal"]?.bool ?? false,
      cause: error.cause)
  }
}
