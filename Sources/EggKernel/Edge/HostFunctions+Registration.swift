import EggHTTPSemantics
import Glibc
import PluginABI

/// What units add, until the application is ready.
extension HostFunctions {
  /// Nil when registration is allowed; otherwise why not.
  private static func refusal(_ unit: Unit, _ operation: String) -> egg_status? {
    guard unit.worker.isOnLoop else { return missing(unit, egg_call(), operation) }
    guard !unit.worker.isBooted else {
      unit.worker.log.misuse(
        unit, operation,
        "is for boot; the application serves already. Register in EGG_PHASE_REGISTER or EGG_PHASE_LOAD"
      )
      return Status.phase
    }
    return nil
  }

  private static func name(_ text: UnsafePointer<CChar>?) -> String? {
    guard let text, text[0] != 0, strnlen(text, 257) <= 256 else { return nil }
    return String(cString: text)
  }

  /// A plugin's manifest announces what it provides; what it keeps quiet about is refused.
  private static func isAnnounced(_ unit: Unit, _ list: String, _ name: String) -> Bool {
    guard unit.kind == .plugin, let manifest = unit.manifest else { return true }
    return manifest.provides[list]?.contains(name) ?? false
  }

  private static func undeclared(_ unit: Unit, _ list: String, _ name: String) -> egg_status {
    unit.worker.log.misuse(
      unit, "add",
      "\"\(name)\" is not announced; add it to \"provides\": {\"\(list)\": [\"\(name)\"]} of the manifest"
    )
    return Status.undeclared
  }

  static let addMiddleware:
    @convention(c) (HostTable, UnsafePointer<egg_middleware>) -> egg_status = { host, item in
      let unit = unit(host)
      if let refusal = refusal(unit, "add_middleware") { return refusal }
      guard let table = adopt(item, as: egg_middleware.self) else {
        return unsupported(unit, "egg_middleware", item, MemoryLayout<egg_middleware>.size)
      }
      guard let name = name(table.name), table.handle != nil else {
        return incomplete(unit, "egg_middleware", "name and handle")
      }
      guard isAnnounced(unit, "middleware", name) else {
        return undeclared(unit, "middleware", name)
      }
      if let other = unit.worker.middlewares[name] {
        // Middlewares are the one kind that a later unit replaces freely, as in Egg's loader.
        guard other.unit !== unit else {
          return duplicate(unit, "middleware", name, of: other.unit)
        }
      }
      unit.worker.middlewares[name] = RegisteredMiddleware(
        table: table, unit: unit, name: StaticText(name))
      return Status.ok
    }

  static let addMethod: @convention(c) (HostTable, UnsafePointer<egg_method>) -> egg_status = {
    host, item in
    let unit = unit(host)
    if let refusal = refusal(unit, "add_method") { return refusal }
    guard let table = adopt(item, as: egg_method.self) else {
      return unsupported(unit, "egg_method", item, MemoryLayout<egg_method>.size)
    }
    guard let name = name(table.name), table.invoke != nil,
      Members.targets.contains(table.target)
    else { return incomplete(unit, "egg_method", "name, invoke and a target") }
    guard table.flags & ~UInt32(EGG_METHOD_IMMEDIATE) == 0 else { return Status.unsupported }
    return addMember(unit, table.target, name, .method(table))
  }

  static let addProperty: @convention(c) (HostTable, UnsafePointer<egg_property>) -> egg_status = {
    host, item in
    let unit = unit(host)
    if let refusal = refusal(unit, "add_property") { return refusal }
    guard let table = adopt(item, as: egg_property.self) else {
      return unsupported(unit, "egg_property", item, MemoryLayout<egg_property>.size)
    }
    guard let name = name(table.name), table.get != nil, Members.targets.contains(table.target)
    else { return incomplete(unit, "egg_property", "name, get and a target") }
    guard table.flags & ~UInt32(EGG_PROPERTY_ONCE) == 0 else { return Status.unsupported }
    return addMember(unit, table.target, name, .property(table))
  }

  private static func addMember(
    _ unit: Unit, _ target: UInt32, _ name: String, _ body: Member.Body
  ) -> egg_status {
    let list = Members.targetName(target)
    // "view.use" is announced as "view".
    let announced = String(name.prefix { $0 != "." })
    guard isAnnounced(unit, list, name) || isAnnounced(unit, list, announced) else {
      return undeclared(unit, list, announced)
    }
    let mayReplace = unit.kind != .plugin || unit.worker.overriding.contains(unit.name)
    if let other = unit.worker.members.add(target, name, body, of: unit, mayReplace: mayReplace) {
      return duplicate(unit, "\(list).\(name)", name, of: other)
    }
    return Status.ok
  }

  static let addDirectory: @convention(c) (HostTable, UnsafePointer<egg_directory>) -> egg_status =
    {
      host, item in
      let unit = unit(host)
      if let refusal = refusal(unit, "add_directory") { return refusal }
      guard let table = adopt(item, as: egg_directory.self) else {
        return unsupported(unit, "egg_directory", item, MemoryLayout<egg_directory>.size)
      }
      guard let path = name(table.path), table.loaded != nil, let match = table.match else {
        return incomplete(unit, "egg_directory", "path, match and loaded")
      }
      guard !path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
        return incomplete(unit, "egg_directory", "a path below the unit, such as \"app/view\"")
      }
      let globs = String(cString: match).split(separator: ",").map {
        String($0).trimmingBlanks
      }
      unit.worker.directories.append(
        ContributedDirectory(
          path: path, globs: globs,
          wantsFolders: table.flags & UInt32(EGG_DIRECTORY_FOLDERS) != 0, table: table, unit: unit))
      return Status.ok
    }

  static let addExport:
    @convention(c) (HostTable, egg_str, UnsafePointer<egg_value>) -> egg_status = {
      host, path, value in
      let unit = unit(host)
      if let refusal = refusal(unit, "add_export") { return refusal }
      guard path.isPlausible, path.len > 0 else { return Status.argument }
      do throws(TreeRefusal) {
        let copy = try unit.worker.keepForever(value.pointee)
        unit.worker.exports.append(UnitExport(path: path.string, value: copy, unit: unit))
        return Status.ok
      } catch {
        return error.status
      }
    }

  static let publish:
    @convention(c) (HostTable, UnsafePointer<CChar>, UnsafeRawPointer) -> egg_status = {
      host, id, table in
      let unit = unit(host)
      if let refusal = refusal(unit, "publish") { return refusal }
      guard let id = name(id) else { return Status.argument }
      // What is Egg's own, of the kernel or a plugin of it, cannot be somebody else's.
      let isEggs =
        id.hasPrefix("egg.") && !["egg.view/", "egg.nunjucks/"].contains(where: id.hasPrefix)
      guard !isEggs, id.contains("/") else {
        return incomplete(
          unit, "an interface id", "a name of your own with a revision, \"com.example.thing/1\"")
      }
      guard isAnnounced(unit, "interfaces", id) else { return undeclared(unit, "interfaces", id) }
      if let other = unit.worker.published[id] {
        return duplicate(unit, "interface", id, of: other.unit)
      }
      unit.worker.published[id] = (table, unit)
      return Status.ok
    }

  static let makeMiddleware:
    @convention(c) (
      HostTable, egg_str, UnsafePointer<egg_value>?, UnsafeMutablePointer<egg_handler>
    ) -> egg_status = { host, name, options, out in
      let unit = unit(host)
      if let refusal = refusal(unit, "make_middleware") { return refusal }
      guard name.isPlausible else { return Status.argument }
      guard let registered = unit.worker.middlewares[name.string] else { return Status.notFound }
      do throws(BootError) {
        out.pointee = try unit.worker.instance(of: registered, options: options?.pointee)
        return Status.ok
      } catch {
        unit.worker.log.error(error.description)
        return Status.failed
      }
    }

  // MARK: configuration

  static let config:
    @convention(c) (HostTable, egg_str, UnsafeMutablePointer<egg_value>) -> egg_status = {
      host, path, out in
      let unit = unit(host)
      guard unit.worker.isOnLoop else { return missing(unit, egg_call(), "config") }
      guard path.isPlausible else { return Status.argument }
      guard let value = unit.worker.configValue(at: path) else { return Status.notFound }
      out.pointee = value
      return Status.ok
    }

  static let setConfig:
    @convention(c) (HostTable, egg_str, UnsafePointer<egg_value>, egg_str) -> egg_status = {
      host, path, value, origin in
      let unit = unit(host)
      guard unit.worker.isOnLoop else { return missing(unit, egg_call(), "set_config") }
      let worker = unit.worker
      guard !worker.isConfigFrozen else {
        worker.log.misuse(
          unit, "set_config",
          "the configuration is frozen; change it in EGG_PHASE_CONFIG_WILL_LOAD (configWillLoad)")
        return Status.phase
      }
      guard path.isPlausible, origin.isPlausible, let value = ConfigValue(value.pointee) else {
        return Status.argument
      }
      let label = origin.len > 0 ? origin.string : "configWillLoad of \(unit.name)"
      let source = ConfigOrigin.code(label, unit: unit.name, kind: unit.kind)
      do throws(BootError) {
        if path.len == 0 {
          try worker.config.merge(value, origin: source)
        } else {
          try worker.config.set(path.string, value, origin: source)
        }
      } catch {
        return Status.argument
      }
      worker.publishConfig()
      return Status.ok
    }

  // MARK: refusals

  private static func unsupported(
    _ unit: Unit, _ type: String, _ item: UnsafeRawPointer, _ known: Int
  ) -> egg_status {
    let size = item.load(as: UInt32.self)
    unit.worker.log.misuse(
      unit, "add",
      "\(type) of \(size) bytes: this egg knows \(known), and bytes beyond must be zero; build against this version's egg_plugin.h or leave the new fields unset"
    )
    return size < 4 || size > 4096 ? Status.argument : Status.unsupported
  }

  private static func incomplete(_ unit: Unit, _ type: String, _ needed: String) -> egg_status {
    unit.worker.log.misuse(unit, "add", "\(type) needs \(needed)")
    return Status.argument
  }

  private static func duplicate(_ unit: Unit, _ what: String, _ name: String, of other: Unit)
    -> egg_status
  {
    unit.worker.log.misuse(
      unit, "add",
      other === unit
        ? "\(what) \"\(name)\" is registered twice by the same plugin"
        : "\(what) \"\(name)\" is \"\(other.name)\"'s already; say \"override\": true in config/plugin.json to replace it"
    )
    return Status.exists
  }
}

extension String {
  var trimmingBlanks: String {
    var bytes = Substring(self)
    while bytes.first == " " { bytes.removeFirst() }
    while bytes.last == " " { bytes.removeLast() }
    return String(bytes)
  }
}
