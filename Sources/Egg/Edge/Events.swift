internal import PluginABI

/// The events of a request.
public struct RequestEvent: Sendable {
  let name: String
  /// A context was made; nothing has run yet.
  nonisolated public static let request = RequestEvent(name: "request")
  /// The response has been sent.
  nonisolated public static let response = RequestEvent(name: "response")
}

/// The events of a process.
public struct ProcessEvent: Sendable {
  let name: String
  /// The server listens.
  nonisolated public static let server = ProcessEvent(name: "server")
  /// The process is about to end: nothing new is accepted, and connections that were taken over
  /// are cut at the end of this turn of the loop, or when the running requests have finished.
  nonisolated public static let closing = ProcessEvent(name: "closing")
  nonisolated public static let close = ProcessEvent(name: "close")
}

public struct ErrorEvent: Sendable {
  /// An error that no handler caught.
  nonisolated public static let error = ErrorEvent()
}

extension ApplicationBase {
  /// `app.on(.request) { ctx in … }`
  public func on(_ event: RequestEvent, _ heard: @escaping @MainActor (Context) -> Void) {
    listen(event.name) { _, ctx in if let ctx { heard(ctx) } }
  }

  /// `app.on(.error) { error, ctx in … }`
  public func on(_ event: ErrorEvent, _ heard: @escaping @MainActor (EggError, Context?) -> Void) {
    listen("error") { value, ctx in
      var error = EggError(
        status: value.status.int ?? 500, code: value.code.string ?? "", value.message.string ?? "")
      error.detail = value.detail.string ?? ""
      heard(error, ctx)
    }
  }

  /// `app.on(.server) { server in … }`; what the kernel says about it is the value.
  public func on(_ event: ProcessEvent, _ heard: @escaping @MainActor (Value) -> Void) {
    listen(event.name) { value, _ in heard(value) }
  }

  /// An event of your own: `app.on("paid") { order, ctx in … }`.
  public func on(_ event: String, _ heard: @escaping @MainActor (Value, Context?) -> Void) {
    listen(event, heard)
  }

  /// The same, only the first time.
  public func once(_ event: ProcessEvent, _ heard: @escaping @MainActor (Value) -> Void) {
    once(event.name) { value, _ in heard(value) }
  }

  public func once(_ event: RequestEvent, _ heard: @escaping @MainActor (Context) -> Void) {
    once(event.name) { _, ctx in if let ctx { heard(ctx) } }
  }

  public func once(_ event: String, _ heard: @escaping @MainActor (Value, Context?) -> Void) {
    var isFirst = true
    listen(event) { value, ctx in
      guard isFirst else { return }
      isFirst = false
      heard(value, ctx)
    }
  }

  /// Tells everybody who listens, in every unit.
  public func emit(_ event: String, _ value: Value = .undefined, ctx: Context? = nil) {
    let call = ctx?.token ?? noCall
    event.withEggString { event in
      withEggValue(value) { _ = host.app.pointee.emit(host.table, call, event, $0) }
    }
  }

  /// Emits `error`.
  public func emit(_ error: any Error, ctx: Context? = nil) {
    let error = EggError(error)
    let value: Value = [
      "code": error.code, "message": error.message, "status": error.status, "detail": error.detail,
    ]
    emit("error", value, ctx: ctx)
  }

  private func listen(_ event: String, _ heard: @escaping @MainActor (Value, Context?) -> Void) {
    let listener = Unmanaged.passRetained(Listener(unit, heard))
    let status = event.withEggString {
      host.app.pointee.on(host.table, $0, heardEvent, listener.toOpaque())
    }
    guard status != Status.ok else { return }
    listener.release()
    unit.refused(status, "app.on(\"\(event)\")")
  }
}

/// Somebody who listens, for the life of the process.
private final class Listener {
  let unit: Unit
  let heard: @MainActor (Value, Context?) -> Void

  init(_ unit: Unit, _ heard: @escaping @MainActor (Value, Context?) -> Void) {
    self.unit = unit
    self.heard = heard
  }
}

private let heardEvent = unsafeBitCast(
  { state, call, value in
    guard let state else { return }
    let listener = Unmanaged<Listener>.fromOpaque(state).takeUnretainedValue()
    let unit = listener.unit
    unit.visit(call) {
      listener.heard(Value(value.pointee, host: unit.host), unit.context(for: call))
    }
  }
    as @MainActor @convention(c) (UnsafeMutableRawPointer?, egg_call, UnsafePointer<egg_value>) ->
    Void,
  to: (@convention(c) (UnsafeMutableRawPointer?, egg_call, UnsafePointer<egg_value>) -> Void).self)
