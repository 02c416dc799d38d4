import PluginABI

/// `config.logger` and `config.customLogger`: which logger writes where, from which level on.
///
/// - Source: Egg, "Logger"; `config.default.js` of the framework for names and defaults.
///   Differs from Egg: the console goes on after the start unless `disableConsoleAfterReady` says
///   otherwise, because it is what containers and systemd collect; and `consoleJSON`, `access`.
extension Log {
  /// Reads the settings and opens the files. A slip is told in the log and leaves the default.
  ///
  /// - Parameters:
  ///   - writesFiles: false for `egg inspect` and its like, which leave no traces.
  ///   - isAgent: the process is an agent: all it says goes to the agent's file.
  func configure(_ config: ConfigTree, _ info: AppInfo, writesFiles: Bool, isAgent: Bool) {
    let settings = config.value(at: "logger") ?? .object([:])
    let reader = Reader(log: self, settings: settings, info: info)
    consoleIsJSON = reader.bool(settings, "consoleJSON", "config.logger") ?? false
    isBuffered = reader.bool(settings, "buffer", "config.logger") ?? true
    if config.value(at: "proxy")?.bool == true {
      let names = config.value(at: "ipHeaders")?.string ?? "x-forwarded-for"
      proxyHeaders = names.split(separator: ",").map { String($0).trimmingBlanks }
      proxyCount = Int(clamping: config.value(at: "maxIpsCount")?.int ?? 0)
    }
    let folder = reader.folder
    func file(_ key: String, _ fallback: String) -> String {
      settings[key]?.string ?? fallback
    }
    let agentFile = file("agentLogName", "egg-agent.log")
    let common = reader.defaults()
    apply(
      common, to: logger, in: folder,
      isAgent ? agentFile : file("appLogName", "\(info.name)-web.log"), writesFiles)
    var coreDefaults = common
    if let section = settings["coreLogger"] {
      reader.read(section, "config.logger.coreLogger", into: &coreDefaults)
    }
    apply(
      coreDefaults, to: core, in: folder,
      isAgent ? agentFile : file("coreLogName", "egg-web.log"), writesFiles)
    apply(common, to: agent, in: folder, agentFile, writesFiles)
    var errorDefaults = common
    errorDefaults.level = egg_level(EGG_LOG_ERROR)
    errorDefaults.consoleLevel = egg_level(EGG_LOG_ERROR)
    apply(
      errorDefaults, to: errors, in: folder, file("errorLogName", "common-error.log"), writesFiles)
    for (name, section) in config.value(at: "customLogger")?.object ?? [:] {
      let place = "config.customLogger.\(name)"
      if section.bool == false { continue }
      guard section.object != nil, !name.isEmpty else {
        warning("\(place): expected an object with \"file\", found \(section.kindName)")
        continue
      }
      guard !all.contains(where: { $0.name == name }) else {
        warning("\(place): \"\(name)\" is one of the framework's own loggers")
        continue
      }
      var own = common
      reader.read(section, place, into: &own)
      apply(own, to: add(name), in: folder, own.file ?? "\(name).log", writesFiles)
    }
    configureAccess(settings["access"], reader, common, folder, writesFiles)
    endEarly()
  }

  private func configureAccess(
    _ value: ConfigValue?, _ reader: Reader, _ common: LoggerSettings, _ folder: String,
    _ writesFiles: Bool
  ) {
    switch value {
    case nil, .bool(false)?, .null?: access = nil
    case .bool(true)?:
      var own = common
      own.consoleLevel = egg_level(EGG_LOG_NONE)
      let logger = add("accessLogger")
      apply(own, to: logger, in: folder, "egg-access.log", writesFiles)
      access = logger
    case .string(let name)?:
      access = all.first { $0.name == name }
      if access == nil {
        warning(
          "config.logger.access: no logger \"\(name)\": expected true, false or a key of config.customLogger"
        )
      }
    case .some(let other):
      warning(
        "config.logger.access: expected true, false or a logger's name, found \(other.kindName)")
    }
  }

  private func apply(
    _ settings: LoggerSettings, to logger: KernelLogger, in folder: String, _ file: String,
    _ writesFiles: Bool
  ) {
    logger.consoleLevel = settings.consoleLevel
    logger.usesConsole = settings.consoleLevel < egg_level(EGG_LOG_NONE)
    logger.fileLevel = settings.level
    logger.errors = settings.errors
    guard writesFiles, settings.level < egg_level(EGG_LOG_NONE) else {
      logger.fileLevel = egg_level(EGG_LOG_NONE)
      return
    }
    let path = settings.file ?? file
    let absolute = path.hasPrefix("/") ? path : "\(folder)/\(path)"
    logger.file = sink(absolute)
    logger.file?.prepare()
    guard settings.writesJSON else { return }
    let stem = absolute.hasSuffix(".log") ? String(absolute.dropLast(4)) : absolute
    logger.json = sink("\(stem).json.log")
    logger.json?.prepare()
  }

  /// After the start, when `disableConsoleAfterReady` asks for it.
  func becomeReady(_ config: ConfigTree) {
    guard config.value(at: "logger.disableConsoleAfterReady")?.bool == true else { return }
    for logger in all {
      logger.consoleLevel = egg_level(EGG_LOG_NONE)
      logger.usesConsole = false
    }
  }
}

/// What one logger is told.
struct LoggerSettings {
  var level = egg_level(EGG_LOG_INFO)
  var consoleLevel = egg_level(EGG_LOG_INFO)
  var errors = KernelLogger.ErrorPolicy.duplicate
  var writesJSON = false
  var file: String?
}

/// Reads settings, naming the key of what is not what it must be.
private struct Reader {
  let log: Log
  let settings: ConfigValue
  let info: AppInfo

  var folder: String {
    if let stated = settings["dir"]?.string, !stated.isEmpty {
      return stated.hasPrefix("/") ? stated : "\(info.baseDir)/\(stated)"
    }
    return "\(info.root)/logs/\(info.name)"
  }

  func defaults() -> LoggerSettings {
    var result = LoggerSettings()
    var section = settings
    // Names of files are those of the built-in loggers, one each.
    if case .object(var members) = section {
      members["file"] = nil
      section = .object(members)
    }
    read(section, "config.logger", into: &result)
    return result
  }

  func read(_ section: ConfigValue, _ place: String, into result: inout LoggerSettings) {
    if let level = level(section, "level", place) { result.level = level }
    if let level = level(section, "consoleLevel", place) { result.consoleLevel = level }
    if let text = EnvironmentVariables.process.trimmed("EGG_LOG") {
      if let level = LogLevelName.parse(text) {
        result.consoleLevel = level
      } else {
        log.warning("EGG_LOG: expected DEBUG, INFO, WARN, ERROR or NONE, found \"\(text)\"")
      }
    }
    if result.level == egg_level(EGG_LOG_DEBUG), info.env == "prod",
      settings["allowDebugAtProd"]?.bool != true
    {
      result.level = egg_level(EGG_LOG_INFO)
    }
    if let json = bool(section, "outputJSON", place) { result.writesJSON = json }
    if let file = section["file"]?.string, !file.isEmpty { result.file = file }
    if let text = section["concentrateError"]?.string {
      if let policy = KernelLogger.ErrorPolicy(rawValue: text) {
        result.errors = policy
      } else {
        log.warning(
          "\(place).concentrateError: expected duplicate, redirect or ignore, found \"\(text)\"")
      }
    }
  }

  func bool(_ section: ConfigValue, _ key: String, _ place: String) -> Bool? {
    guard let value = section[key], !value.isNull else { return nil }
    if let bool = value.bool { return bool }
    log.warning("\(place).\(key): expected true or false, found \(value.kindName)")
    return nil
  }

  private func level(_ section: ConfigValue, _ key: String, _ place: String) -> egg_level? {
    guard let value = section[key], !value.isNull else { return nil }
    if let text = value.string, let level = LogLevelName.parse(text) { return level }
    let found = value.string.map { "\"\($0)\"" } ?? value.kindName
    log.warning("\(place).\(key): expected DEBUG, INFO, WARN, ERROR or NONE, found \(found)")
    return nil
  }
}
