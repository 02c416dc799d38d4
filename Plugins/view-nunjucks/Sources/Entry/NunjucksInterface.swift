import Egg
import PluginABI

/// The table that is published as "egg.nunjucks/1"; the engine stands behind it, which the caller's
/// host leads back to.
nonisolated struct NunjucksInterface {
  static let id = EGG_NUNJUCKS_ID

  private struct Layout {
    var table: egg_nunjucks
    var engine: UnsafeMutableRawPointer
  }

  /// Stays for the life of the process.
  let table: UnsafeRawPointer

  /// - Parameter engine: kept by whoever makes this.
  init(_ engine: NunjucksEngine) {
    let table = egg_nunjucks(
      size: UInt32(MemoryLayout<egg_nunjucks>.size), flags: 0,
      add_filter: { host, filter in
        NunjucksInterface.adding(host, filter) { engine, name, method in
          engine.addFilter(name, method)
        }
      },
      add_test: { host, test in
        NunjucksInterface.adding(host, test, immediate: true) { engine, name, method in
          engine.addTest(name, MethodObject.make(method))
        }
      },
      add_function: { host, function in
        NunjucksInterface.adding(host, function, immediate: true) { engine, name, method in
          engine.addFunction(name, MethodObject.make(method))
        }
      },
      add_global: { host, name, value in
        guard let engine = NunjucksInterface.engine(host) else {
          return egg_status(EGG_E_NOT_FOUND)
        }
        guard name.len > 0, name.ptr != nil else { return egg_status(EGG_E_ARGUMENT) }
        engine.addGlobal(name.string, value)
        return egg_status(EGG_OK)
      },
      add_tag: { host, tag in NunjucksInterface.adding(host, tag) },
      body: { host, use, index, word, out in
        guard let engine = NunjucksInterface.engine(host) else {
          return egg_status(EGG_E_NOT_FOUND)
        }
        return engine.body(of: use, index, word, out)
      })
    let memory = UnsafeMutablePointer<Layout>.allocate(capacity: 1)
    memory.initialize(
      to: Layout(table: table, engine: Unmanaged.passUnretained(engine).toOpaque()))
    self.table = UnsafeRawPointer(memory)
  }

  private static func engine(_ host: UnsafePointer<egg_host>) -> NunjucksEngine? {
    guard let table = host.pointee.query(host, id) else { return nil }
    return NunjucksEngine.from(table.assumingMemoryBound(to: Layout.self).pointee.engine)
  }

  private static func adding(
    _ host: UnsafePointer<egg_host>, _ method: UnsafePointer<egg_method>, immediate: Bool = false,
    _ add: (NunjucksEngine, String, egg_method) -> Void
  ) -> egg_status {
    guard let engine = engine(host) else { return egg_status(EGG_E_NOT_FOUND) }
    guard Int(method.pointee.size) >= MemoryLayout<egg_method>.size,
      let name = method.pointee.name, name[0] != 0, method.pointee.invoke != nil
    else { return egg_status(EGG_E_ARGUMENT) }
    let known = UInt32(EGG_METHOD_IMMEDIATE)
    guard method.pointee.flags & ~known == 0, !immediate || method.pointee.flags == known else {
      return egg_status(EGG_E_UNSUPPORTED)
    }
    add(engine, String(cString: name), method.pointee)
    return egg_status(EGG_OK)
  }

  private static func adding(
    _ host: UnsafePointer<egg_host>, _ tag: UnsafePointer<egg_nunjucks_tag>
  ) -> egg_status {
    guard let engine = engine(host) else { return egg_status(EGG_E_NOT_FOUND) }
    guard Int(tag.pointee.size) >= MemoryLayout<egg_nunjucks_tag>.size,
      let name = tag.pointee.name, name[0] != 0, tag.pointee.run != nil
    else { return egg_status(EGG_E_ARGUMENT) }
    guard tag.pointee.flags == 0 else { return egg_status(EGG_E_UNSUPPORTED) }
    return engine.addTag(tag.pointee)
  }
}
