internal import PluginABI

/// `match` and `ignore` of options, for parts of a plugin that are no middleware of their own.
///
///     let filter = try PathFilter(app.config.quota, "quota", app)   // in configDidLoad
///     if filter.admits(ctx) { … }
///
/// The forms are those of every middleware: a path prefix of whole segments, `{"regexp": "^/v[0-9]"}`,
/// `{"context": "isInner"}` for a member of the context, or a list of them.
public struct PathFilter: Sendable {
  /// For `egg_http.admits`, where a plugin calls the C interface; 0 lets everything through.
  public let id: UInt64

  /// Lets everything through.
  public static let everywhere = PathFilter(id: 0)

  private init(id: UInt64) { self.id = id }

  /// - Parameters:
  ///   - options: an object that may have `match` or `ignore`.
  ///   - name: where it stands in the configuration, for messages: "security.csrf".
  /// - Throws: `EGG_CONFIG` for both at once and for what is none of the forms.
  @MainActor public init(_ options: Value, _ name: String, _ app: ApplicationBase) throws {
    guard options.match.exists || options.ignore.exists else {
      self = .everywhere
      return
    }
    let http = app.host.http
    let offset = MemoryLayout<egg_http>.offset(of: \.path_filter) ?? Int.max
    guard Int(http.pointee.size) > offset else {
      throw EggError(code: "EGG_ABI", "match and ignore need a newer egg")
    }
    var id: UInt64 = 0
    var message = egg_str()
    let status = name.withEggString { name in
      withEggValue(options) { options in
        http.pointee.path_filter(app.host.table, name, options, &id, &message)
      }
    }
    guard status == Status.ok else {
      throw EggError(
        code: "EGG_CONFIG",
        message.len > 0 ? message.string : "config.\(name): \(Status.text(status))")
    }
    self.id = id
  }

  /// Whether it lets the request through.
  @MainActor public func admits(_ ctx: Context) -> Bool {
    guard id > 0 else { return true }
    return ctx.kernel.http.pointee.admits(ctx.kernel.table, ctx.token, id)
  }
}
