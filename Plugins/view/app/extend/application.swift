import Egg

extension Application {
  /// What the plugin knows: `app.view.roots`, `app.view.engines`, `app.view.cleanCache()`.
  var view: ViewFace { ViewFace(self[ViewKey.self]) }
}

/// `app.view`, for other units and templates.
final class ViewFace: ExportedObject {
  let objectType = "egg.view.application/1"
  private let view: View?

  init(_ view: View?) { self.view = view }

  func property(_ name: String) throws -> Value {
    switch name {
    case "roots": .list((view?.lookup.roots ?? []).map { .text($0) })
    case "engines": .list((view?.engines.names ?? []).map { .text($0) })
    default: .undefined
    }
  }

  /// - `has(engine)`: whether an engine of that name is registered.
  /// - `resolve(name)`: the file that `ctx.render(name)` would render.
  /// - `cleanCache()`: forget where templates were found.
  func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    guard let view else { throw EggError("app.view: the application is still starting") }
    switch method {
    case "has": return .boolean(view.engines.names.contains(try args.get(0)))
    case "resolve":
      let name: String = try args.get(0)
      return .text(try view.lookup.find(name).string)
    case "cleanCache":
      view.forget()
      return .undefined
    default: throw noSuchMethod(method)
    }
  }
}
