import Egg
import EggTemplateValues
import PluginABI

/// The plugin in one application. Lives until the process ends.
///
/// The three methods are registered as C functions and not through `app/extend/context.swift`,
/// because the locals then reach the engine as they lie in the request's memory: nothing of them is
/// converted, and the page is not either.
nonisolated final class View {
  let host: UnsafePointer<egg_host>
  let http: UnsafePointer<egg_http>?
  let engines = Engines()
  private(set) var lookup = TemplateLookup(roots: [], defaultExtension: "", cache: false)
  /// What was rendered before, by name, until the lookup forgets it.
  private(set) var pages = NameTable()
  /// The roots for other units; they stay for the life of the process.
  private(set) var rootTexts: [egg_str] = []
  private(set) lazy var interface = ViewInterface(self)
  let objects: RequestObjects
  /// `renderView`, through which `render` goes.
  private(set) var renderView = egg_member()

  init(_ hostTable: UnsafeRawPointer) {
    host = hostTable.assumingMemoryBound(to: egg_host.self)
    http = host.pointee.query(host, EGG_HTTP_ID)?.assumingMemoryBound(to: egg_http.self)
    objects = RequestObjects(host)
  }

  func configure(_ settings: ViewSettings, _ roots: ViewRoots) {
    let (folders, fallback) = (roots.folders, settings.defaultExtension)
    lookup = TemplateLookup(roots: folders, defaultExtension: fallback, cache: settings.cache)
    pages = NameTable()
    rootTexts = folders.map { egg_str(permanent: $0) }
    engines.mapping = settings.mapping
    engines.defaultEngine = settings.defaultViewEngine
  }

  /// Forgets where templates were found.
  func forget() {
    lookup.forget()
    pages = NameTable()
  }

  /// - Throws: `EggError` when the kernel refuses a method.
  func register() throws {
    try add("renderView") { state, call, args, count, result in
      View.from(state).answer(call) { view throws(EggError) in
        try view.renderView(call, RenderArguments(args, count), result)
      }
    }
    try add("renderString") { state, call, args, count, result in
      View.from(state).answer(call) { view throws(EggError) in
        try view.renderString(call, RenderArguments(args, count), result)
      }
    }
    try add("render") { state, call, args, count, _ in
      View.from(state).render(call, args, count)
    }
    let status = egg_str.lend("renderView") {
      host.pointee.resolve(host, UInt32(EGG_ON_CONTEXT), $0, &renderView)
    }
    guard status == egg_status(EGG_OK) else { throw EggError("view: renderView cannot be found") }
  }

  private typealias Method =
    @convention(c) (
      UnsafeMutableRawPointer?, egg_call, UnsafePointer<egg_value>?, UInt32,
      UnsafeMutablePointer<egg_value>
    ) -> egg_step

  private func add(_ name: String, _ invoke: Method) throws {
    var method = egg_method()
    method.size = UInt32(MemoryLayout<egg_method>.size)
    method.target = UInt32(EGG_ON_CONTEXT)
    method.name = egg_str(permanent: name).ptr
    method.`self` = Unmanaged.passUnretained(self).toOpaque()
    method.invoke = invoke
    let status = host.pointee.add_method(host, &method)
    guard status == egg_status(EGG_OK) else {
      throw EggError("view: the kernel refused ctx.\(name) (status \(status))")
    }
  }

  fileprivate static func from(_ state: UnsafeMutableRawPointer?) -> View {
    Unmanaged<View>.fromOpaque(state!).takeUnretainedValue()
  }

  /// Runs `body`; what it throws settles the call.
  private func answer(_ call: egg_call, _ body: (View) throws(EggError) -> egg_step) -> egg_step {
    do throws(EggError) {
      return try body(self)
    } catch {
      return error.fail(call, host)
    }
  }
}
