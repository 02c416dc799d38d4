import PluginABI

/// A unit that takes part in this process: a plugin, a framework, the application, or the kernel itself.
///
/// Made once and never freed, because its library is never unloaded and may keep the host table.
final class Unit {
  let name: String
  let kind: LoadUnit.Kind
  let directory: String?
  let version: String
  let library: String?
  let manifest: PluginManifest?
  unowned(unsafe) let worker: Worker
  /// What `Server-Timing` calls it: a token.
  let timingName: String
  let nameText: StaticText
  let directoryText: StaticText
  let versionText: StaticText
  /// The table this unit was given; its `private_data` is this object.
  let host: UnsafeMutablePointer<egg_host>
  var entry: UnsafePointer<egg_plugin>?
  /// Time spent in each phase, for `run/` and `egg inspect timing`; `started` is monotonic.
  var phaseTimes: [(phase: String, started: UInt64, nanoseconds: UInt64)] = []
  /// Text for the next `*message` of a refusal.
  var lastMessage: StaticText?
  /// Kinds of misuse already logged in full; more of the same are counted.
  var misuses: [String: Int] = [:]

  init(_ unit: LoadUnit, worker: Worker) {
    name = unit.name
    kind = unit.kind
    directory = unit.directory
    version = unit.version ?? ""
    library = unit.library
    manifest = unit.manifest
    self.worker = worker
    timingName = String(
      decoding: unit.name.utf8.map { isTimingByte($0) ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
    nameText = StaticText(unit.name)
    directoryText = StaticText(unit.directory ?? "")
    versionText = StaticText(unit.version ?? "")
    host = .allocate(capacity: 1)
    host.initialize(to: HostFunctions.table)
    host.pointee.private_data = Unmanaged.passUnretained(self).toOpaque()
  }

  var kindNumber: UInt32 {
    switch kind {
    case .plugin: 0
    case .framework: 1
    case .application: 2
    }
  }

  /// Keeps `message` for the unit to read and answers with the status.
  func refuse(
    _ status: egg_status, _ message: String, _ out: UnsafeMutablePointer<egg_str>?
  ) -> egg_status {
    let text = StaticText(message)
    lastMessage = text
    out?.pointee = text.value
    return status
  }
}

private func isTimingByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
    true
  default: false
  }
}
