internal import PluginABI

/// One file that a unit has below a folder which a plugin contributes.
public struct DirectoryEntry {
  public let unitKind: UnitInfo.Kind
  /// Name of the plugin, framework or application.
  public let unit: String
  /// Where the file is; "" when the unit was shipped without sources.
  public let path: String
  /// Below the folder: "admin/user.tpl".
  public let relative: String
  /// "admin.user"
  public let property: String
  /// What the unit's compiled file exports; `.undefined` for a file of data.
  public let value: Value

  init(_ entry: egg_entry, host: Host) {
    unitKind = UnitInfo.Kind(rawValue: Int(entry.unit_kind)) ?? .plugin
    unit = entry.unit.string
    path = entry.absolute.string
    relative = entry.relative.string
    property = entry.property.string
    value = Value(entry.value, host: host)
  }
}

extension ApplicationBase {
  /// Adds a folder that every unit may have, `app/view` for one. For plugins, in `Boot.register`.
  ///
  /// - Parameters:
  ///   - path: below each unit.
  ///   - match: globs on the file name, comma between; "*" is all, "" only compiled files.
  ///   - loaded: gets all files at once before routes are added: those of plugins, of frameworks,
  ///     of the application.
  public func directory(
    _ path: String, match: String = "*",
    loaded: @escaping @MainActor ([DirectoryEntry]) async throws -> Void
  ) {
    DirectoryRegistration.add(unit, path, match, flags: 0, loaded)
  }

  /// The same for the folder itself: one entry for each unit that has it, which is not walked.
  public func folders(
    _ path: String, loaded: @escaping @MainActor ([DirectoryEntry]) async throws -> Void
  ) {
    DirectoryRegistration.add(unit, path, "*", flags: EGG_DIRECTORY_FOLDERS, loaded)
  }

  /// Adds a middleware that the code makes, beside those of `app/middleware`. For plugins.
  public func addMiddleware(_ name: String, _ factory: MiddlewareFactory) {
    UnitDeclaration(unit).middleware(name, factory)
  }

  /// Adds a member that other units see, beside those of `app/extend`. For plugins:
  ///
  ///     app.extend { unit in unit.method(Context.self, "render") { ctx, args in … } }
  public func extend(_ body: (UnitDeclaration) throws -> Void) rethrows {
    try body(UnitDeclaration(unit))
  }
}
