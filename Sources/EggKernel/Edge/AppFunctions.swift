import PluginABI

/// `egg.app/1`.
enum AppFunctions {
  static var table: egg_app {
    egg_app(
      size: UInt32(MemoryLayout<egg_app>.size), flags: 0, info: info, unit: unit, self: ownUnit,
      context_create: contextCreate, on: on, emit: emit, config_origin: configOrigin)
  }

  private static let info:
    @convention(c) (HostTable, UnsafeMutablePointer<egg_app_info>) -> egg_status = { host, out in
      let worker = HostFunctions.unit(host).worker
      let texts = worker.infoTexts
      let info = egg_app_info(
        size: 0, process: worker.processKind, name: texts[0].value, base_dir: texts[1].value,
        env: texts[2].value, scope: texts[3].value, home: texts[4].value, root: texts[5].value,
        version: texts[6].value)
      return fill(out, with: info)
    }

  private static let configOrigin:
    @convention(c) (HostTable, egg_str, UnsafeMutablePointer<egg_str>) -> egg_status = {
      host, path, out in
      let unit = HostFunctions.unit(host)
      guard unit.worker.isOnLoop else {
        return HostFunctions.missing(unit, egg_call(), "config_origin")
      }
      guard path.isPlausible else { return Status.argument }
      guard let text = unit.worker.configOrigin(of: path.string) else { return Status.notFound }
      out.pointee = text.value
      return Status.ok
    }

  private static func describe(_ unit: Unit, _ out: UnsafeMutablePointer<egg_unit_info>)
    -> egg_status
  {
    fill(
      out,
      with: egg_unit_info(
        size: 0, kind: unit.kindNumber, name: unit.nameText.value,
        directory: unit.directoryText.value, version: unit.versionText.value))
  }

  private static let unit:
    @convention(c) (HostTable, UInt32, UnsafeMutablePointer<egg_unit_info>) -> egg_status = {
      host, index, out in
      let units = HostFunctions.unit(host).worker.units
      guard units.indices.contains(Int(index)) else { return Status.notFound }
      return describe(units[Int(index)], out)
    }

  private static let ownUnit:
    @convention(c) (HostTable, UnsafeMutablePointer<egg_unit_info>) -> egg_status = { host, out in
      describe(HostFunctions.unit(host), out)
    }

  private static let contextCreate:
    @convention(c) (HostTable, UnsafePointer<egg_value>?, UnsafeMutablePointer<egg_call>)
      -> egg_status = { host, value, out in
        let unit = HostFunctions.unit(host)
        guard unit.worker.isOnLoop else {
          return HostFunctions.missing(unit, egg_call(), "context_create")
        }
        var request = AnonymousRequest()
        if let value, value.pointee.kind != Kind.undefined {
          guard let described = AnonymousRequest(value.pointee) else { return Status.argument }
          request = described
        }
        guard let call = unit.worker.makeAnonymous(for: unit, request) else {
          return Status.argument
        }
        out.pointee = call
        return Status.ok
      }

  private static let on:
    @convention(c) (
      HostTable, egg_str,
      @convention(c) (UnsafeMutableRawPointer?, egg_call, UnsafePointer<egg_value>) -> Void,
      UnsafeMutableRawPointer?
    ) -> egg_status = { host, event, heard, state in
      let unit = HostFunctions.unit(host)
      guard unit.worker.isOnLoop else { return HostFunctions.missing(unit, egg_call(), "on") }
      guard event.isPlausible, event.len > 0 else { return Status.argument }
      unit.worker.events.add(
        event.string, Events.Listener(unit: unit, heard: heard, state: state))
      return Status.ok
    }

  private static let emit:
    @convention(c) (HostTable, egg_call, egg_str, UnsafePointer<egg_value>?) -> egg_status = {
      host, call, event, value in
      let unit = HostFunctions.unit(host)
      guard unit.worker.isOnLoop else { return HostFunctions.missing(unit, egg_call(), "emit") }
      guard event.isPlausible, event.len > 0 else { return Status.argument }
      unit.worker.events.emit(event.string, call: call, value?.pointee ?? egg_value())
      return Status.ok
    }
}
