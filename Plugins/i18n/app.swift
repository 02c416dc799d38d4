import Egg
import EggI18nTexts

/// Declares `ctx.__` and reads the texts of every unit.
final class I18nBoot: Boot {
  override func register() throws {
    let texts = Texts()
    app[TextsKey.self] = texts
    app.extend { unit in
      for name in ["__", "gettext"] {
        unit.method(Context.self, name) { ctx, args in
          .text(texts.text(Locale.of(ctx), args.values))
        }
        unit.method(Helper.self, name) { helper, args in
          .text(texts.text(Locale.of(helper.ctx), args.values))
        }
        unit.method(Application.self, name) { _, args in
          .text(texts.text(normalized(args[0].description), Array(args.values.dropFirst())))
        }
      }
      unit.property(
        Context.self, "locale", get: { ctx in .text(Locale.of(ctx)) },
        set: { ctx, value in try Locale.set(value.string ?? "", ctx) })
      unit.method(Context.self, "__getLocale") { ctx, _ in .text(Locale.of(ctx)) }
      unit.method(Context.self, "__setLocale") { ctx, args in
        try Locale.set(try args.get(0), ctx)
        return .undefined
      }
    }
    // What is nearest to the user comes last and wins. A unit has one folder or the other.
    for format in Texts.formats {
      app.directory("config/locale", match: "*." + format) { [weak self] in self?.files += $0 }
      app.directory("config/locales", match: "*." + format) { [weak self] in self?.others += $0 }
    }
  }

  private var files: [DirectoryEntry] = []
  private var others: [DirectoryEntry] = []

  override func configDidLoad() async throws {
    app[I18nKey.self] = try I18nSettings(app.config.i18n)
  }

  override func didLoad() async throws {
    guard let texts = app[TextsKey.self], let settings = app[I18nKey.self] else { return }
    for folder in settings.dirs {
      try texts.read(folder: folder.hasPrefix("/") ? folder : app.baseDir + "/" + folder)
    }
    let units = Set(files.map(\.unit))
    let all = files + others.filter { !units.contains($0.unit) }
    for kind in [UnitInfo.Kind.plugin, .framework, .application] {
      for file in all where file.unitKind == kind && !file.relative.contains("/") {
        try texts.read(file: file.path)
      }
    }
  }
}

enum TextsKey: StorageKey { typealias Value = Texts }
enum I18nKey: StorageKey { typealias Value = I18nSettings }
