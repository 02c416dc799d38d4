import Egg
import EggTemplateValues
import Nunjucks
import PluginABI

/// What Swift units add through the client module: each addition is assigned to the application's
/// property `nunjucksAddition`, as a MAP of `kind`, `name`, and what the kind needs.
///
/// | kind | beside it |
/// | --- | --- |
/// | `filter` | `object` with one method; `immediate`: it never suspends |
/// | `test`, `function` | `object` with one method, which never suspends |
/// | `global` | `value` |
/// | `tag` | `object`, whose method gets the number of the use first; `end`; `middle`, words with spaces |
nonisolated extension NunjucksEngine {
  /// - Throws: `EggError` when the kernel refuses.
  func addAdditionProperty() throws(EggError) {
    var property = egg_property()
    property.size = UInt32(MemoryLayout<egg_property>.size)
    property.target = UInt32(EGG_ON_APPLICATION)
    property.name = egg_str(permanent: "nunjucksAddition").ptr
    property.`self` = Unmanaged.passUnretained(self).toOpaque()
    property.get = { _, _, out in
      out.pointee = egg_value()
      return egg_status(EGG_OK)
    }
    property.set = { state, _, addition in
      NunjucksEngine.from(state).take(addition.pointee)
    }
    let status = host.pointee.add_property(host, &property)
    guard status == egg_status(EGG_OK) else {
      throw EggError("nunjucks: the kernel refused a property (status \(status))")
    }
  }

  private func take(_ addition: egg_value) -> egg_status {
    guard let kind = addition.member("kind")?.text.string,
      let name = addition.member("name")?.text.string, !name.isEmpty
    else { return egg_status(EGG_E_ARGUMENT) }
    if kind == "global" {
      guard var value = addition.member("value") else { return egg_status(EGG_E_ARGUMENT) }
      addGlobal(name, &value)
      return egg_status(EGG_OK)
    }
    guard let value = addition.member("object"), value.kind == egg_kind(EGG_OBJECT),
      let object = value.as.object
    else { return egg_status(EGG_E_ARGUMENT) }
    // It stays for the life of the process, as what is added does.
    object.pointee.ops.pointee.retain(object)
    switch kind {
    case "filter":
      let isImmediate = addition.member("immediate")?.as.boolean ?? false
      let filter = ExportedFilter(name: name, object: object, isImmediate: isImmediate)
      add { [unowned self] in filter.add(to: $0, self) }
    case "test": addTest(name, object)
    case "function": addFunction(name, object)
    case "tag":
      let end = addition.member("end")?.text.string ?? ""
      let middle = addition.member("middle")?.text.string ?? ""
      return addTag(
        name, end: end.isEmpty ? nil : end, middle: middle.split(separator: " ").map(String.init)
      ) { [unowned self] use, number in
        try call(
          .object(object, egg_str("run")), name, use.call, before: egg_value(integer: number))
      }
    default: return egg_status(EGG_E_ARGUMENT)
    }
    return egg_status(EGG_OK)
  }
}
