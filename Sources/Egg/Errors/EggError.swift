/// An error with what an HTTP answer needs.
///
///     throw EggError(status: 404, "no such user")
///     try ctx.throw(422, "Validation Failed", ["errors": errors])
///
/// The client sees the message when `expose` is true, which is the default below 500.
nonisolated public struct EggError: Error, Sendable, CustomStringConvertible {
  /// Of the answer, 400 to 599.
  public var status: Int
  /// Stable, for programs: `invalid_param`, `ER_DUP_ENTRY`. May be empty.
  public var code: String
  public var message: String
  public var expose: Bool
  /// For the log only: stack, statement, path.
  public var detail = ""
  /// Further facts; `headers` among them is kept on the answer.
  public var properties: ValueMap
  public var cause: (any Error)?

  public init(
    status: Int = 500, code: String = "", _ message: String, expose: Bool? = nil,
    properties: ValueMap = ValueMap(), cause: (any Error)? = nil
  ) {
    self.status = status
    self.code = code
    self.message = message
    self.expose = expose ?? (status < 500)
    self.properties = properties
    self.cause = cause
  }

  /// Header fields that the answer keeps although an error clears all others.
  public var headers: ValueMap {
    get { properties["headers"]?.object ?? ValueMap() }
    set { properties["headers"] = newValue.isEmpty ? nil : .map(newValue) }
  }

  public var description: String { code.isEmpty ? message : "\(code) \(message)" }

  /// Any error as one with a status: 500 and its description unless it says more.
  public init(_ error: any Error) {
    switch error {
    case let error as EggError: self = error
    case let error as any EggErrorConvertible: self = error.eggError
    case let error as DecodingError:
      self.init(code: "EGG_DECODING", error.summary, cause: nil)
    case let error as JSONError:
      self.init(status: 400, code: "EGG_JSON", error.description)
    case is CancellationError:
      self.init(status: 499, code: "EGG_CANCELLED", "the client is gone", expose: false)
    default:
      self.init(code: String(describing: type(of: error)), String(describing: error))
    }
  }
}

/// An error of yours that knows its HTTP status.
nonisolated public protocol EggErrorConvertible: Error {
  var eggError: EggError { get }
}
