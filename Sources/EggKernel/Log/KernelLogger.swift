import PluginABI

/// One logger: where its lines go and from which level on.
final class KernelLogger {
  /// What becomes of an ERROR: beside the logger's own file also in the file of all errors, only
  /// there, or only in the own file.
  ///
  /// - Source: Egg, `concentrateError` of a custom logger.
  enum ErrorPolicy: String { case duplicate, redirect, ignore }

  let nameText: StaticText
  /// What units hold: `level` is the lower one of file and console.
  let face: UnsafeMutablePointer<egg_logger>
  var file: LogSink? { didSet { describe() } }
  var json: LogSink? { didSet { describe() } }
  var fileLevel = egg_level(EGG_LOG_INFO) { didSet { describe() } }
  var consoleLevel = egg_level(EGG_LOG_INFO) { didSet { describe() } }
  var errors = ErrorPolicy.duplicate
  /// The configuration lets lines onto the console; a level set later does not change that.
  var usesConsole = true
  private var texts: [StaticText] = []

  init(_ name: String, id: Int) {
    nameText = StaticText(name)
    face = .allocate(capacity: 1)
    face.initialize(to: egg_logger())
    face.pointee.size = UInt32(MemoryLayout<egg_logger>.size)
    face.pointee.id = UInt64(id)
    face.pointee.name = nameText.value
    describe()
  }

  var name: String { nameText.string }

  @inline(__always)
  func isEnabled(_ level: egg_level) -> Bool { level >= face.pointee.level }

  private func describe() {
    let hasFile = file != nil || json != nil
    let fileLevel = hasFile ? fileLevel : egg_level(EGG_LOG_NONE)
    face.pointee.level = min(fileLevel, consoleLevel)
    face.pointee.file = keep(file?.path)
    face.pointee.json_file = keep(json?.path)
  }

  /// Units may hold an earlier text, so all of them stay.
  private func keep(_ path: String?) -> egg_str {
    guard let path, !path.isEmpty else { return egg_str() }
    if let known = texts.first(where: { $0.string == path }) { return known.value }
    let text = StaticText(path)
    texts.append(text)
    return text.value
  }
}
