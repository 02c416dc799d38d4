import PluginABI

/// What the kernel itself reads from the configuration, once it is final.
extension Worker {
  func applyConfig() {
    func number(_ path: String, _ fallback: Int) -> Int {
      config.value(at: path)?.int.map { Int(clamping: $0) } ?? fallback
    }
    requestLimits.requestLine = number("http.requestLineLimit", requestLimits.requestLine)
    requestLimits.headerBytes = number("http.headerLimit", requestLimits.headerBytes)
    headerFieldLimit = number("http.headerCount", headerFieldLimit)
    timeouts.header = number("http.headerTimeout", timeouts.header)
    timeouts.body = number("http.bodyTimeout", timeouts.body)
    timeouts.keepAlive = number("http.keepAliveTimeout", timeouts.keepAlive)
    timeouts.write = number("http.writeTimeout", timeouts.write)
    takeoverLimit = number("http.upgradeBuffer", takeoverLimit)
    measuresLayers = config.value(at: "development.serverTiming")?.bool ?? false
    showsReadTime = config.value(at: "meta.enable")?.bool ?? false
    showsErrorDetails = info.env == "local" || info.env == "unittest"
    notFoundPage = config.value(at: "notfound.pageUrl")?.string ?? ""
    routes.answersMethodNotAllowed = config.value(at: "router.methodNotAllowed")?.bool ?? true
    siteFiles = SiteFiles(config.value(at: "siteFile"), baseDir: info.baseDir, log: log)
    health = Health(config)
    applyBodySettings()
  }

  private func applyBodySettings() {
    guard let body = config.value(at: "bodyParser") else { return }
    func size(_ key: String, _ fallback: Int) -> Int {
      guard let value = body[key] else { return fallback }
      if let number = value.int { return Int(clamping: number) }
      guard let text = value.string, let bytes = ByteCount.parse(text) else {
        log.warning(
          "config.bodyParser.\(key): expected a size such as \"1mb\" or a number of bytes, found \(value.kindName)"
        )
        return fallback
      }
      return bytes
    }
    bodySettings.isEnabled = body["enable"]?.bool ?? true
    bodySettings.isStrict = body["strict"]?.bool ?? true
    bodySettings.jsonLimit = size("jsonLimit", bodySettings.jsonLimit)
    bodySettings.formLimit = size("formLimit", bodySettings.formLimit)
    bodySettings.textLimit = size("textLimit", bodySettings.textLimit)
    if let types = body["enableTypes"]?.strings {
      bodySettings.parsesJSON = types.contains("json")
      bodySettings.parsesForms = types.contains("form")
      bodySettings.parsesText = types.contains("text")
    }
    if let extend = body["extendTypes"] {
      bodySettings.extraJSON = extend["json"]?.strings ?? extend["json"]?.string.map { [$0] } ?? []
      bodySettings.extraForm = extend["form"]?.strings ?? extend["form"]?.string.map { [$0] } ?? []
      bodySettings.extraText = extend["text"]?.strings ?? extend["text"]?.string.map { [$0] } ?? []
    }
    if let query = body["queryString"] {
      bodySettings.form.arrayLimit = Int(clamping: query["arrayLimit"]?.int ?? 100)
      bodySettings.form.depth = Int(clamping: query["depth"]?.int ?? 5)
      bodySettings.form.parameterLimit = Int(clamping: query["parameterLimit"]?.int ?? 1000)
    }
  }

  /// What `run/router.json` holds.
  func routeDump() -> ConfigValue {
    .array(
      routes.table.dump().enumerated().map { index, route in
        var object = ConfigObject()
        object["name"] = route.name.map { .string($0) } ?? .null
        object["methods"] = .array(route.methods.map { .string($0) })
        object["paramNames"] = .array(route.paramNames.map { .string($0) })
        object["path"] = .string(route.path)
        object["regexp"] = .string(route.regexp)
        object["owner"] = .string(route.owner)
        if let source = route.source { object["source"] = .string(source) }
        if routes.records.indices.contains(index), !routes.records[index].controller.isEmpty {
          object["controller"] = .string(routes.records[index].controller)
        }
        if let redirect = route.redirect {
          object["redirect"] = .string("\(redirect.status) \(redirect.location)")
        }
        return .object(object)
      })
  }

  // MARK: closing

  /// Connections between two requests have nothing to finish.
  func closeIdleConnections() {
    keepsIdle = false
    for connection in connections.values
    where connection.state == .head && connection.isIdle || connection.state == .handshake {
      // A request that has arrived in this moment is answered.
      if connection.hasInput {
        connection.process()
      } else {
        connection.close()
      }
    }
  }

  /// This process has clearly more connections than the others that serve.
  var isCrowded: Bool {
    var sum: UInt64 = 0
    var count: UInt64 = 0
    for index in 1..<max(1, board.rowCount) {
      let other = board.row(index)
      guard other.words != row.words, other[.pid] != 0,
        other[.role] == row[.role], other[.state] == Board.State.ready.rawValue
      else { continue }
      sum &+= other[.connections]
      count &+= 1
    }
    guard count > 0 else { return false }
    let mean = sum / count
    return row[.connections] > mean &+ mean / 8
  }

  func endTakenConnections() {
    for connection in connections.values where connection.state == .taken {
      // What was written in this turn: a protocol's goodbye.
      connection.flush()
      if connection.state == .taken { connection.end(.shutdown) }
    }
  }

  // MARK: memory for the life of the process

  func keepForever(_ value: egg_value) throws(TreeRefusal) -> egg_value {
    try TreeCopier.copy(value, into: &permanent.arena, objects: &permanent.objects)
  }
}

/// `"1mb"`, `"100kb"`, `"64"` as bytes.
///
/// - Source: the `bytes` package that Egg's limits are read with; units are powers of 1024.
enum ByteCount {
  static func parse(_ text: String) -> Int? {
    let text = text.lowercased().trimmingBlanks
    for (unit, factor) in [("kb", 1 << 10), ("mb", 1 << 20), ("gb", 1 << 30), ("b", 1)]
    where text.hasSuffix(unit) {
      guard let number = Double(text.dropLast(unit.count)), number >= 0, number < 1e9 else {
        return nil
      }
      return Int(number * Double(factor))
    }
    return Int(text)
  }
}
