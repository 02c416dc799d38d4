import PluginABI

/// A middleware that a unit offers, until `config.middleware` or a route makes an instance of it.
struct RegisteredMiddleware {
  let table: egg_middleware
  unowned(unsafe) let unit: Unit
  let name: StaticText
}

/// A folder below every unit that some unit wants to know the files of.
struct ContributedDirectory {
  let path: String
  /// File name globs; empty: exports only.
  let globs: [String]
  let wantsFolders: Bool
  let table: egg_directory
  unowned(unsafe) let unit: Unit
}

/// What a unit's compiled file exports.
struct UnitExport {
  let path: String
  let value: egg_value
  unowned(unsafe) let unit: Unit
}

/// A descriptor that a unit watches.
final class Watch: ReadySource {
  @available(*, unavailable)
  override init() { preconditionFailure("a watch has a descriptor") }

  let descriptor: Int32
  let heard: @convention(c) (UnsafeMutableRawPointer?, UInt32) -> Void
  let state: UnsafeMutableRawPointer?
  unowned(unsafe) let unit: Unit
  var token: UInt64 = 0

  init(
    _ descriptor: Int32,
    _ heard: @escaping @convention(c) (UnsafeMutableRawPointer?, UInt32) -> Void,
    _ state: UnsafeMutableRawPointer?, unit: Unit
  ) {
    self.descriptor = descriptor
    self.heard = heard
    self.state = state
    self.unit = unit
  }

  override func ready(_ events: ReadyEvents) {
    var bits: UInt32 = 0
    if events.contains(.readable) { bits |= UInt32(EGG_WATCH_READ) }
    if events.contains(.writable) { bits |= UInt32(EGG_WATCH_WRITE) }
    if !events.isDisjoint(with: [.readClosed, .hangup, .error]) {
      // An error is read out of the descriptor, so reading must be tried.
      bits |= UInt32(EGG_WATCH_CLOSED) | UInt32(EGG_WATCH_READ)
    }
    heard(state, bits)
  }
}
