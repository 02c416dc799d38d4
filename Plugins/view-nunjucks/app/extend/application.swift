import Egg

extension Application {
  /// The engine: `app.nunjucks.cleanCache()`, `app.nunjucks.addGlobal(name, value)`.
  var nunjucks: NunjucksFace { NunjucksFace(self[NunjucksKey.self]) }
}

/// `app.nunjucks`, for other units.
final class NunjucksFace: ExportedObject {
  let objectType = "egg.nunjucks/1"
  private let engine: NunjucksEngine?

  init(_ engine: NunjucksEngine?) { self.engine = engine }

  /// - `cleanCache(name?)`: forget one compiled template, or all of them.
  /// - `addGlobal(name, value)`: a variable that all templates see.
  /// - `renderString(text, locals)`: without a request, so without `ctx`, `request` and `helper`.
  func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    guard let environment = engine?.environment else {
      throw EggError("app.nunjucks: the application is still starting")
    }
    switch method {
    case "cleanCache":
      environment.invalidate(args[0].string)
      return .undefined
    case "addGlobal":
      environment.addGlobal(try args.get(0), templateValue(args[1]))
      return .undefined
    case "renderString":
      do {
        let page = try environment.renderString(try args.get(0), templateValue(args[1]))
        return .text(String(decoding: page, as: UTF8.self))
      } catch {
        throw EggError(code: "EGG_TEMPLATE", String(describing: error))
      }
    default: throw noSuchMethod(method)
    }
  }
}
