import Egg
import PluginABI

/// The engines that were registered, and which of them renders what.
nonisolated final class Engines {
  private var engines: [(name: String, table: UnsafePointer<egg_view_engine>)] = []
  var mapping: [String: String] = [:]
  var defaultEngine = ""

  var names: [String] { engines.map(\.name) }

  /// - Returns: `EGG_E_EXISTS` for a name that is taken.
  func add(_ engine: UnsafePointer<egg_view_engine>) -> egg_status {
    let needed = MemoryLayout<egg_view_engine>.size
    guard Int(engine.pointee.size) >= needed, let name = engine.pointee.name, name[0] != 0,
      engine.pointee.render != nil, engine.pointee.render_string != nil
    else { return egg_status(EGG_E_ARGUMENT) }
    guard engine.pointee.flags == 0 else { return egg_status(EGG_E_UNSUPPORTED) }
    let text = String(cString: name)
    guard !names.contains(text) else { return egg_status(EGG_E_EXISTS) }
    let copy = UnsafeMutablePointer<egg_view_engine>.allocate(capacity: 1)
    copy.initialize(to: engine.pointee)
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
