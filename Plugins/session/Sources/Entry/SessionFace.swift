import Egg

/// `ctx.session` for other units and templates: `{{ ctx.session.userId }}`.
final class SessionFace: ExportedObject {
  let objectType = "egg.session/1"
  private let session: RequestSession

  /// - Parameter session: that was read, since a face may outlive its request.
  init(_ session: RequestSession) { self.session = session }

  func property(_ name: String) throws -> Value {
    switch name {
    case "isNew", "maxAge", "populated", "externalKey": session.member("_" + name, nil)
    default: session.member(name, nil)
    }
  }

  /// - `set(name, value)`, `save()`, `manuallyCommit()`, `regenerate()`.
  func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    guard let ctx else { throw EggError("ctx.session needs a context") }
    switch method {
    case "set": try session.set(try args.get(0), args[1], ctx)
    case "save": try session.set("_save", true, ctx)
    case "manuallyCommit": try await session.commit(ctx)
    case "regenerate": try await session.commit(ctx, regenerates: true)
    default: throw noSuchMethod(method)
    }
    return .undefined
  }
}
