import Egg
import EggTemplateValues
import Nunjucks
import PluginABI

/// A function of a unit's `app/extend/filter.swift`.
nonisolated struct ExportedFilter {
  let name: String
  let object: UnsafeMutablePointer<egg_object>
  /// Whether it promises never to suspend.
  let isImmediate: Bool

  func add(to environment: Environment, _ engine: NunjucksEngine) {
    let (name, object) = (name, object)
    if isImmediate {
      environment.addFilter(name) { [unowned engine] call in
        try egg_str.lend(name) { text in
          Result { try engine.call(.object(object, text), name, call) }
        }.get()
      }
    } else {
      environment.addAsyncFilter(name) { [unowned engine] call, done in
        engine.start(object, name, call, done)
      }
    }
  }
}

nonisolated extension NunjucksEngine {
  /// Asks for every unit's `app/extend/filter.swift`: compiled files only.
  func addFilterDirectory() throws(EggError) {
    var directory = egg_directory()
    directory.size = UInt32(MemoryLayout<egg_directory>.size)
    directory.path = egg_str(permanent: "app/extend").ptr
    directory.match = egg_str(permanent: "").ptr
    directory.`self` = Unmanaged.passUnretained(self).toOpaque()
    directory.loaded = { state, call, entries, count in
      let engine = NunjucksEngine.from(state)
      for place in 0..<Int(count) {
        if let entry = entries?[place]?.pointee, entry.property.string == "filter" {
          engine.takeFilters(entry.value)
        }
      }
      return egg_step(EGG_STEP_DONE)
    }
    let status = host.pointee.add_directory(host, &directory)
    guard status == egg_status(EGG_OK) else {
      throw EggError("nunjucks: the kernel refused app/extend (status \(status))")
    }
  }

  private func takeFilters(_ value: egg_value) {
    guard value.kind == egg_kind(EGG_OBJECT), let object = value.as.object,
      String(cString: object.pointee.ops.pointee.type) == "egg.functions/1"
    else { return }
    object.pointee.ops.pointee.retain(object)
    let immediate = names(object, "immediate")
    for name in names(object, "functions") {
      // The last unit's of a name wins, as it does in the environment.
      exportedFilters.removeAll { $0.name == name }
      exportedFilters.append(
        ExportedFilter(name: name, object: object, isImmediate: immediate.contains(name)))
    }
  }

  private func names(_ object: UnsafeMutablePointer<egg_object>, _ property: String) -> [String] {
    var list = egg_value()
    guard let get = object.pointee.ops.pointee.get,
      egg_str.lend(property, { get(object, egg_call(), $0, &list) }) == egg_status(EGG_OK)
    else { return [] }
    return list.items.map(\.text.string)
  }

  /// Makes a helper method a filter when a template asks for it as one.
  ///
  /// - Returns: whether it is worth to render again.
  func addsHelperFilter(for error: TemplateError) -> Bool {
    let prefix = "filter not found: "
    guard let environment, error.cause.hasPrefix(prefix) else { return false }
    let name = String(error.cause.dropFirst(prefix.count))
    var member = egg_member()
    let status = egg_str.lend(name) {
      host.pointee.resolve(host, UInt32(EGG_ON_HELPER), $0, &member)
    }
    guard status == egg_status(EGG_OK) else { return false }
    environment.addFilter(name) { [unowned self, member] in
      try call(member, "helper.\(name)", $0)
    }
    return true
  }
}
