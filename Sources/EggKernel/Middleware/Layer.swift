import PluginABI

/// One layer of the application's onion, ready to run.
struct Layer {
  var handler: egg_handler
  unowned(unsafe) var unit: Unit
  let name: String
  /// Set when `match` or `ignore` restricts where it runs.
  var filter: PathFilter?
  /// Further layers that `handler` runs as well, for listings.
  var fusedNames: [String] = []
}

/// The composed onion: made once when the application has loaded, then only walked.
final class LayerList {
  /// What walking needs, in plain memory: a request passes here several times and counts nothing.
  struct Entry {
    let handler: egg_handler
    let unit: Unmanaged<Unit>
    let filter: Unmanaged<PathFilter>?
  }

  let layers: [Layer]
  let entries: UnsafeBufferPointer<Entry>

  init(_ layers: [Layer]) {
    self.layers = layers
    let memory = UnsafeMutableBufferPointer<Entry>.allocate(capacity: layers.count)
    _ = memory.initialize(
      from: layers.map {
        Entry(
          handler: $0.handler, unit: .passUnretained($0.unit),
          filter: $0.filter.map { .passUnretained($0) })
      })
    entries = UnsafeBufferPointer(memory)
  }

  deinit { entries.deallocate() }
}

/// Time one layer took, for `Server-Timing`.
struct LayerTiming {
  unowned(unsafe) var unit: Unit
  var started: UInt64
  /// Nanoseconds from entering to leaving it, inner layers included; 0 while it runs.
  var whole: UInt64 = 0
  /// Nanoseconds of `whole` that inner layers took.
  var inner: UInt64 = 0
}

/// A layer that waits for the inner ones.
struct Frame {
  var resume: egg_resume
  var state: UnsafeMutableRawPointer?
  unowned(unsafe) var unit: Unit
  /// Index into `Context.timings`, or -1.
  var timing: Int
}

enum ChainPhase: UInt8 {
  case idle, entering, leaving, finished
}

/// What a unit asked for with the token it held.
enum Pending: UInt8 {
  case none, goOn, finish, fail
}

/// A route with what runs it.
final class RouteRecord {
  let name: String
  let pattern: String
  let controller: String
  unowned(unsafe) let unit: Unit
  let nameText: StaticText
  let patternText: StaticText

  init(name: String, pattern: String, controller: String, unit: Unit) {
    self.name = name
    self.pattern = pattern
    self.controller = controller
    self.unit = unit
    nameText = StaticText(name)
    patternText = StaticText(pattern)
  }
}

/// Text with an address that stays as long as the object.
final class StaticText {
  private let memory: UnsafeMutableBufferPointer<UInt8>
  let string: String

  init(_ string: String) {
    self.string = string
    let bytes = Array(string.utf8)
    memory = .allocate(capacity: bytes.count + 1)
    _ = memory.initialize(from: bytes)
    memory[bytes.count] = 0
  }

  deinit { memory.deallocate() }

  var value: egg_str {
    egg_str(UnsafePointer(memory.baseAddress!), count: memory.count - 1)
  }

  var cString: UnsafePointer<CChar> {
    UnsafeRawPointer(memory.baseAddress!).assumingMemoryBound(to: CChar.self)
  }
}
