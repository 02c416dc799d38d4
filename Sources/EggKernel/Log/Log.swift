import Glibc
import PluginABI

/// The process's loggers. Lines are collected during a turn of the loop and written at its end, one
/// `write` for each file; an ERROR is written at once.
///
/// What the kernel itself has to say goes to `core`.
final class Log {
  /// Lines of the application: `app.logger`.
  let logger: KernelLogger
  /// Lines of the framework and of plugins: `app.coreLogger`.
  let core: KernelLogger
  /// Lines of the agent.
  let agent: KernelLogger
  /// Every ERROR of the others, and what is said to it directly.
  let errors: KernelLogger
  /// A line for every answered request; nil while `logger.access` is off.
  var access: KernelLogger?
  private(set) var all: [KernelLogger]

  let clock = LogClock()
  let processText: [UInt8]
  let hostText: [UInt8]
  /// Headers in which the proxy in front notes the client's address; none are believed without one.
  var proxyHeaders: [String] = []
  var proxyCount = 0

  /// Lines of the console are coloured, or JSON.
  private let usesColor = isatty(1) == 1
  private let usesErrorColor = isatty(2) == 1
  var consoleIsJSON = false
  /// `buffer: false`: each line is written at once.
  var isBuffered = true
  private let output = LogSink(descriptor: 1)
  private let problems = LogSink(descriptor: 2)
  private var sinks: [String: LogSink] = [:]
  /// Written to since the last flush.
  private var isDirty = false
  /// Early lines, for the files that the configuration will name.
  private var early: [EarlyLine] = []
  private var collectsEarly = true
  private let text = ByteBuffer()
  private let object = ByteBuffer()
  let accessLine = ByteBuffer()

  private struct EarlyLine {
    let level: egg_level
    let text: [UInt8]
    let object: [UInt8]
    let logger: KernelLogger
  }

  init() {
    logger = KernelLogger("logger", id: 0)
    core = KernelLogger("coreLogger", id: 1)
    errors = KernelLogger("errorLogger", id: 2)
    agent = KernelLogger("agentLogger", id: 3)
    all = [logger, core, errors, agent]
    processText = Array("\(getpid())".utf8)
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, 255)
    let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    hostText = JSONWriter.bytes(.string(String(decoding: bytes, as: UTF8.self)))
  }

  // MARK: what the kernel says

  func debug(_ message: String) { write(egg_level(EGG_LOG_DEBUG), message) }
  func info(_ message: String) { write(egg_level(EGG_LOG_INFO), message) }
  func warning(_ message: String) { write(egg_level(EGG_LOG_WARN), message) }
  func error(_ message: String) { write(egg_level(EGG_LOG_ERROR), message) }

  func notice(_ notice: BootNotice) {
    switch notice.level {
    case .info: info(notice.text)
    case .warning: warning(notice.text)
    }
  }

  /// A plugin's mistake at the edge: told once in full, then counted.
  func misuse(_ unit: Unit, _ operation: String, _ message: String) {
    let key = operation + message.prefix(40)
    let count = (unit.misuses[key] ?? 0) + 1
    unit.misuses[key] = count
    guard count == 1 || count & (count - 1) == 0 else { return }
    let times = count > 1 ? " (\(count) times)" : ""
    error("plugin \"\(unit.name)\" \(operation): \(message)\(times)")
  }

  func refused(_ refusal: RequestRefusal, _ address: String) {
    guard core.isEnabled(egg_level(EGG_LOG_DEBUG)) else { return }
    debug("refused a request with \(refusal.status): \(refusal.reason) address=\(address)")
  }

  /// A line of the framework's.
  func write(
    _ level: egg_level, _ message: String, context: Context? = nil, fields: egg_value? = nil
  ) {
    guard core.isEnabled(level) else { return }
    var message = message
    message.withUTF8 { write(core, level, $0, context: context, fields: fields) }
  }

  // MARK: one line

  /// - Parameters:
  ///   - level: has been compared with the logger's.
  ///   - fields: a MAP; others are left out.
  func write(
    _ logger: KernelLogger, _ level: egg_level, _ message: UnsafeBufferPointer<UInt8>,
    context: Context? = nil, fields: egg_value? = nil
  ) {
    let level = min(max(level, egg_level(EGG_LOG_DEBUG)), egg_level(EGG_LOG_ERROR))
    let isError = level == egg_level(EGG_LOG_ERROR)
    let goesToErrors = isError && logger !== errors && logger.errors != .ignore
    let showsOnConsole = level >= logger.consoleLevel
    text.reset()
    object.reset()
    appendText(to: text, level, message, context, fields)
    if logger.json != nil || goesToErrors && errors.json != nil
      || showsOnConsole && consoleIsJSON || collectsEarly
    {
      appendJSON(to: object, logger, level, message, context, fields)
    }
    if level >= logger.fileLevel, !(goesToErrors && logger.errors == .redirect) {
      logger.file?.append(text.bytes)
      logger.json?.append(object.bytes)
    }
    if goesToErrors {
      if errors.file !== logger.file { errors.file?.append(text.bytes) }
      if errors.json !== logger.json { errors.json?.append(object.bytes) }
    }
    if collectsEarly, early.count < 1000 {
      early.append(
        EarlyLine(
          level: level, text: Array(text.bytes), object: Array(object.bytes), logger: logger))
    }
    if showsOnConsole { writeConsole(level, isError) }
    isDirty = true
    if isError || !isBuffered { flush() }
  }

  /// ERROR goes to standard error. What waits for the other one goes first, so that a terminal shows
  /// both in order.
  private func writeConsole(_ level: egg_level, _ isError: Bool) {
    let sink = isError ? problems : output
    (isError ? output : problems).flush()
    if consoleIsJSON { return sink.append(object.bytes) }
    guard isError ? usesErrorColor : usesColor else { return sink.append(text.bytes) }
    let line = ByteBuffer(capacity: text.count + 16)
    line.append(LogLevelName.color(level))
    line.append(UnsafeBufferPointer(rebasing: text.bytes.dropLast()))
    line.append("\u{1B}[0m\n")
    sink.append(line.bytes)
  }

  /// Writes what waits.
  func flush() {
    guard isDirty else { return }
    // Stays dirty while a place cannot be written, so that the next turn tries again.
    isDirty = false
    for sink in sinks.values {
      sink.flush()
      if !sink.isEmpty { isDirty = true }
    }
    output.flush()
    problems.flush()
  }

  /// Writes what waits and opens every file anew: after files were renamed.
  func reload() {
    flush()
    for sink in sinks.values { sink.reopen() }
  }

  // MARK: places

  func find(_ name: egg_str) -> KernelLogger? {
    for logger in all where logger.nameText.value.len == name.len {
      if memcmp(logger.nameText.value.ptr!, name.ptr!, name.len) == 0 { return logger }
    }
    return nil
  }

  func add(_ name: String) -> KernelLogger {
    let logger = KernelLogger(name, id: all.count)
    all.append(logger)
    return logger
  }

  /// The file of that name; loggers that name the same one share it.
  func sink(_ path: String) -> LogSink {
    if let known = sinks[path] { return known }
    let sink = LogSink(path: path) { [unowned self] in tell($0) }
    sinks[path] = sink
    return sink
  }

  /// A place fails or works again; said on the console, where somebody may look.
  private func tell(_ news: LogSink.News) {
    let line: String
    switch news {
    case .failed(let path, let code):
      let reason = String(cString: strerror(code))
      line =
        "\(path) cannot be written: \(reason); \(LogSink.limit >> 20) MB of lines are kept, more are lost"
    case .works(let path, let lost):
      line = "\(path) is written again\(lost == 0 ? "" : "; \(lost) lines were lost")"
    }
    let out = ByteBuffer()
    var message = line
    message.withUTF8 { bytes in
      if consoleIsJSON {
        appendJSON(to: out, core, egg_level(EGG_LOG_WARN), bytes, nil, nil)
      } else {
        appendText(to: out, egg_level(EGG_LOG_WARN), bytes, nil, nil)
      }
    }
    output.flush()
    problems.append(out.bytes)
    problems.flush()
  }

  /// The configuration has named the files: early lines go there.
  func endEarly() {
    collectsEarly = false
    let lines = early
    early = []
    for line in lines where line.level >= line.logger.fileLevel {
      line.text.withUnsafeBufferPointer { line.logger.file?.append($0) }
      line.object.withUnsafeBufferPointer { line.logger.json?.append($0) }
      guard line.level == egg_level(EGG_LOG_ERROR), line.logger !== errors else { continue }
      line.text.withUnsafeBufferPointer { errors.file?.append($0) }
      line.object.withUnsafeBufferPointer { errors.json?.append($0) }
    }
    isDirty = true
  }
}
