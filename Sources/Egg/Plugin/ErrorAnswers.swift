internal import PluginABI

/// What the client of a failed request would rather have, by path and `Accept`.
public enum ErrorFormat: Sendable {
  case text, html, json
}

extension ApplicationBase {
  /// Gives the answers to errors: those that were thrown, and 404 for what nobody answered.
  ///
  ///     app.answerErrors { error, ctx, format in
  ///       guard format == .html else { return false }
  ///       ctx.body = "<h1>\(ctx.status)</h1>"
  ///       return true
  ///     }
  ///
  /// The error has been logged and told to `app.on(.error)`; status and the error's own headers are
  /// set, everything that layers had set is gone. For what nobody answered the code is empty and the
  /// status 404. The one that was added last is asked first; where all decline, the kernel answers.
  ///
  /// - Parameter answer: sets the body and returns true, or false to decline.
  public func answerErrors(
    _ answer: @escaping @MainActor (EggError, Context, ErrorFormat) -> Bool
  ) {
    add(ErrorAnswerer(unit, answer), "app.answerErrors")
  }

  /// Keeps errors quiet: those for which it gives false are neither logged nor told to
  /// `app.on(.error)`. Clients are answered as ever.
  ///
  ///     app.appErrorFilter { error, ctx in error.code != "QUOTA" }
  ///
  /// Where several are added, one false is enough.
  ///
  /// - Source: egg-onerror, `config.onerror.appErrorFilter`.
  public func appErrorFilter(_ isReported: @escaping @MainActor (EggError, Context) -> Bool) {
    add(ErrorAnswerer(unit, { _, _, _ in false }, isReported), "app.appErrorFilter")
  }

  private func add(_ answerer: ErrorAnswerer, _ name: String) {
    guard let errors = host.errors else { return unit.refused(Status.unsupported, name) }
    let state = Unmanaged.passRetained(answerer)
    var table = egg_error_answerer()
    table.size = UInt32(MemoryLayout<egg_error_answerer>.size)
    table.`self` = state.toOpaque()
    table.answer = answerError
    if answerer.isReported != nil { table.reports = reportsError }
    let status = errors.pointee.answer_with(host.table, &table)
    guard status != Status.ok else { return }
    state.release()
    unit.refused(status, name)
  }
}

/// Kept for the life of the process.
private final class ErrorAnswerer {
  private let unit: Unit
  private let answer: @MainActor (EggError, Context, ErrorFormat) -> Bool
  let isReported: (@MainActor (EggError, Context) -> Bool)?

  init(
    _ unit: Unit, _ answer: @escaping @MainActor (EggError, Context, ErrorFormat) -> Bool,
    _ isReported: (@MainActor (EggError, Context) -> Bool)? = nil
  ) {
    self.unit = unit
    self.answer = answer
    self.isReported = isReported
  }

  fileprivate func reports(_ call: egg_call, _ error: UnsafePointer<egg_error>) -> Bool {
    unit.visit(call) {
      guard let isReported, let ctx = unit.context(for: call) else { return true }
      return isReported(EggError(error.pointee, host: unit.host), ctx)
    }
  }

  fileprivate func answer(
    _ call: egg_call, _ error: UnsafePointer<egg_error>, _ format: egg_error_format
  ) -> Bool {
    unit.visit(call) {
      guard let ctx = unit.context(for: call) else { return false }
      let format: ErrorFormat =
        switch Int(format) {
        case EGG_FORMAT_HTML: .html
        case EGG_FORMAT_JSON: .json
        default: .text
        }
      return answer(EggError(error.pointee, host: unit.host), ctx, format)
    }
  }
}

private let answerError = unsafeBitCast(
  { state, call, error, format in
    guard let state else { return false }
    return Unmanaged<ErrorAnswerer>.fromOpaque(state).takeUnretainedValue()
      .answer(call, error, format)
  }
    as @MainActor @convention(c) (
      UnsafeMutableRawPointer?, egg_call, UnsafePointer<egg_error>, egg_error_format
    ) -> Bool,
  to: (@convention(c) (
    UnsafeMutableRawPointer?, egg_call, UnsafePointer<egg_error>, egg_error_format
  ) -> Bool).self)

private let reportsError = unsafeBitCast(
  { state, call, error in
    guard let state else { return true }
    return Unmanaged<ErrorAnswerer>.fromOpaque(state).takeUnretainedValue().reports(call, error)
  }
    as @MainActor @convention(c) (
      UnsafeMutableRawPointer?, egg_call, UnsafePointer<egg_error>
    ) -> Bool,
  to: (@convention(c) (
    UnsafeMutableRawPointer?, egg_call, UnsafePointer<egg_error>
  ) -> Bool).self)
