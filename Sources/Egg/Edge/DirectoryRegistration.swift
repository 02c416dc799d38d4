internal import PluginABI

/// A folder that this unit contributes. Kept for ever.
final class DirectoryRegistration {
  private let unit: Unit
  private let loaded: @MainActor ([DirectoryEntry]) async throws -> Void

  private init(_ unit: Unit, _ loaded: @escaping @MainActor ([DirectoryEntry]) async throws -> Void)
  {
    self.unit = unit
    self.loaded = loaded
  }

  static func add(
    _ unit: Unit, _ path: String, _ match: String, flags: Int,
    _ loaded: @escaping @MainActor ([DirectoryEntry]) async throws -> Void
  ) {
    var item = egg_directory()
    item.size = UInt32(MemoryLayout<egg_directory>.size)
    item.flags = UInt32(flags)
    item.path = permanent(path)
    item.match = permanent(match)
    item.`self` = Unmanaged.passRetained(DirectoryRegistration(unit, loaded)).toOpaque()
    item.loaded = directoryLoaded
    unit.refused(
      unit.host.table.pointee.add_directory(unit.host.table, &item), "directory \"\(path)\"")
  }

  fileprivate func loaded(
    _ call: egg_call, _ entries: UnsafePointer<UnsafePointer<egg_entry>?>?, _ count: UInt32
  ) -> egg_step {
    let files = UnsafeBufferPointer(start: entries, count: entries == nil ? 0 : Int(count))
      .compactMap { $0.map { DirectoryEntry($0.pointee, host: unit.host) } }
    return Job.start(unit, call) {
      try await self.loaded(files)
      return .undefined
    }
  }
}

private let directoryLoaded = unsafeBitCast(
  { item, call, entries, count in
    guard let item else { return Step.done }
    return Unmanaged<DirectoryRegistration>.fromOpaque(item).takeUnretainedValue()
      .loaded(call, entries, count)
  }
    as @MainActor @convention(c) (
      UnsafeMutableRawPointer?, egg_call, UnsafePointer<UnsafePointer<egg_entry>?>?, UInt32
    ) -> egg_step,
  to: (@convention(c) (
    UnsafeMutableRawPointer?, egg_call, UnsafePointer<UnsafePointer<egg_entry>?>?, UInt32
  ) -> egg_step).self)
