import Egg
import EggTemplateValues
import Glibc
import PluginABI

/// The engines that were registered, and which of them renders what.
nonisolated final class Engines {
  private var engines: [(name: String, table: UnsafePointer<egg_view_engine>)] = []
  var mapping: [String: String] = [:]
  var defaultEngine = ""

  var names: [String] { engines.map(\.name) }

  /// - Returns: `EGG_E_EXISTS` for a name that is taken.
  func add(_ engine: UnsafePointer<egg_view_engine>) -> egg_status {
    // `lint` came later, so an older table ends before it.
    let needed = MemoryLayout<egg_view_engine>.offset(of: \.lint) ?? 0
    let size = Int(engine.pointee.size)
    guard size >= needed, let name = engine.pointee.name, name[0] != 0,
      engine.pointee.render != nil, engine.pointee.render_string != nil
    else { return egg_status(EGG_E_ARGUMENT) }
    guard engine.pointee.flags == 0 else { return egg_status(EGG_E_UNSUPPORTED) }
    let text = String(cString: name)
    guard !names.contains(text) else { return egg_status(EGG_E_EXISTS) }
    let copy = UnsafeMutablePointer<egg_view_engine>.allocate(capacity: 1)
    copy.initialize(to: egg_view_engine())
    memcpy(copy, engine, min(size, MemoryLayout<egg_view_engine>.size))
    engines.append((text, UnsafePointer(copy)))
    return egg_status(EGG_OK)
  }

  /// The engine of a file: the one asked for, else that of its extension, else the default.
  func engine(for file: TemplateLookup.Found, asked: String?) throws(EggError)
    -> UnsafePointer<egg_view_engine>
  {
    if asked == nil, let known = file.engine { return known }
    guard let name = chosen(asked, mapping[file.fileExtension]) else {
      throw EggError(code: "EGG_VIEW_ENGINE", "Can't find viewEngine for \(file.string)")
    }
    let engine = try engine(named: name)
    if asked == nil { file.engine = engine }
    return engine
  }

  /// The engine that would render a file; nil for files that are no templates.
  func engine(forExtension fileExtension: String) -> UnsafePointer<egg_view_engine>? {
    guard let name = chosen(mapping[fileExtension]) else { return nil }
    return engines.first { $0.name == name }?.table
  }

  /// The engine of a template that is text.
  func engineForText(asked: String?) throws(EggError) -> UnsafePointer<egg_view_engine> {
    guard let name = chosen(asked, nil) else {
      throw EggError(code: "EGG_VIEW_ENGINE", "Can't find viewEngine")
    }
    return try engine(named: name)
  }

  private func chosen(_ names: String?...) -> String? {
    for case let name? in names + [defaultEngine] where !name.isEmpty { return name }
    return nil
  }

  private func engine(named name: String) throws(EggError) -> UnsafePointer<egg_view_engine> {
    for engine in engines where engine.name == name { return engine.table }
    throw EggError(code: "EGG_VIEW_ENGINE", "Can't find ViewEngine \"\(name)\"")
  }
}
