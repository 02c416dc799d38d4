extension Context {
  /// Ends the request with an error.
  ///
  ///     try ctx.throw(404, "no such user")
  ///
  /// - Parameters:
  ///   - message: shown to the client when the status is below 500; nil is the reason phrase.
  ///   - properties: an object with further facts, `code` and `headers` among them.
  public func `throw`(
    _ status: Int = 500, _ message: String? = nil, _ properties: Value = .undefined
  )
    throws -> Never
  {
    throw failure(status, message, properties)
  }

  /// The same unless `condition` holds.
  public func assert(
    _ condition: @autoclosure () throws -> Bool, _ status: Int = 500, _ message: String? = nil,
    _ properties: Value = .undefined
  ) throws {
    guard try condition() else { throw failure(status, message, properties) }
  }

  /// The value, or the error when there is none: `let user = try ctx.assert(found, 404)`.
  public func assert<T>(
    _ value: T?, _ status: Int = 500, _ message: String? = nil, _ properties: Value = .undefined
  ) throws -> T {
    guard let value else { throw failure(status, message, properties) }
    return value
  }

  private func failure(_ status: Int, _ message: String?, _ properties: Value) -> EggError {
    let status = (400..<600).contains(status) ? status : 500
    var error = EggError(
      status: status, message ?? response.phrase(status),
      properties: properties.object ?? ValueMap())
    if let code = properties["code"].string { error.code = code }
    if let expose = properties["expose"].bool { error.expose = expose }
    return error
  }
}
