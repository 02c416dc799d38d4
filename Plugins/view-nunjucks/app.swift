import Egg

/// Makes the engine and gives it to the plugin `view`.
final class NunjucksBoot: Boot {
  override func register() throws {
    let engine = NunjucksEngine(app.hostTable)
    app[NunjucksKey.self] = engine
    try engine.register()
    app.publish(NunjucksInterface.id, engine.interface.table)
    app.extend { unit in
      unit.method(Helper.self, "csrfTag") { helper, _ in csrfTag(helper.ctx) }
    }
  }

  /// Every unit's folders and filters are known.
  override func didLoad() async throws {
    guard let engine = app[NunjucksKey.self] else { return }
    let settings = try NunjucksSettings(app.config.nunjucks)
    let keeps = settings.cache ?? app.config["view.cache"].bool ?? true
    try engine.start(settings.options, checksForChanges: !keeps)
  }
}

enum NunjucksKey: StorageKey { typealias Value = NunjucksEngine }

/// The hidden field that a form needs; empty while nobody adds `ctx.csrf`.
private func csrfTag(_ ctx: Context) -> Value {
  guard let token = ctx.extension("csrf").string else { return "" }
  var escaped = ""
  for character in token {
    switch character {
    case "&": escaped += "&amp;"
    case "\"": escaped += "&quot;"
    case "<": escaped += "&lt;"
    default: escaped.append(character)
    }
  }
  return .markup("<input type=\"hidden\" name=\"_csrf\" value=\"\(escaped)\" />")
}
