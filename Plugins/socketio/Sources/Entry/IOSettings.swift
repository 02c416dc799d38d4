import Egg
import EngineIO
import SocketIO

/// `config.io`, checked.
struct IOSettings {
  struct Names {
    var connection: [String] = []
    var packet: [String] = []
  }

  var engine = EngineOptions()
  var limits = SocketLimits()
  var recovery: RecoveryOptions?
  /// The client's library; nil: not served.
  var clientBundle: String?
  /// By namespace.
  var namespaces: [String: Names] = [:]
  /// What stands there and does nothing.
  private(set) var warnings: [String] = []
  private var addsSlash = true

  /// - Throws: `EggError` that names the key, what was expected and what stands there.
  init(_ config: Value) throws {
    for (name, value) in config.object ?? ValueMap() { try Self.check(name, value) }
    try readEngine(config["init"])
    for (name, value) in config["namespace"].object ?? ValueMap() {
      let key = "config.io.namespace[\"\(name)\"]"
      guard name.hasPrefix("/") else {
        throw Self.wrong(key, "a name that begins with \"/\"", .text(name))
      }
      var names = Names()
      names.connection = try Self.names(value, key, "connectionMiddleware")
      names.packet = try Self.names(value, key, "packetMiddleware")
      namespaces[name] = names
    }
  }

  private static func names(_ value: Value, _ key: String, _ list: String) throws -> [String] {
    let names = value[list]
    guard names.exists else { return [] }
    guard let items = names.array else {
      throw EggError(
        code: "EGG_SOCKETIO_CONFIG",
        "config.\(list) must be Array! (\(key).\(list) is \(names.kindName))")
    }
    return try items.map { item in
      guard let name = item.string else { throw wrong("\(key).\(list)", "names as text", item) }
      return name
    }
  }

  private static func check(_ name: String, _ value: Value) throws {
    switch name {
    case "init", "namespace", "redis": return
    case "generateId" where !value.isTruthy: return
    case "generateId":
      throw EggError(
        code: "EGG_SOCKETIO_CONFIG",
        "config.io.generateId: a function cannot stand in a configuration; expected"
          + " app.io.generateId { request in … } in app/router.swift")
    default:
      throw EggError(
        code: "EGG_SOCKETIO_CONFIG",
        "config.io.\(name): there is no such option; known are init, namespace, redis")
    }
  }

  static func wrong(_ key: String, _ expected: String, _ found: Value) -> EggError {
    let text = found.exists ? "\(found.kindName) \(found)" : "nothing"
    return EggError(
      code: "EGG_SOCKETIO_CONFIG", "\(key): expected \(expected), found \(text)")
  }

  // MARK: io.init

  private mutating func readEngine(_ options: Value) throws {
    for (name, value) in options.object ?? ValueMap() { try read(name, value) }
    while engine.path.hasSuffix("/"), engine.path.utf8.count > 1 { engine.path.removeLast() }
    if addsSlash, engine.path != "/" { engine.path += "/" }
  }

  /// `true`, `false`, or `{threshold}`.
  private func threshold(_ key: String, _ value: Value) throws -> Int? {
    if let isOn = value.bool { return isOn ? EngineOptions().httpCompression : nil }
    if value == .null { return nil }
    guard value.object != nil else { throw Self.wrong(key, "true, false or {threshold}", value) }
    let threshold = value.threshold
    guard threshold.exists else { return EngineOptions().httpCompression }
    guard let bytes = threshold.int, bytes >= 0 else {
      throw Self.wrong("\(key).threshold", "a whole number from 0 on", threshold)
    }
    return bytes
  }

  private mutating func read(_ name: String, _ value: Value) throws {
    let key = "config.io.init.\(name)"
    func number(atLeast least: Int = 1) throws -> Int {
      guard let number = value.int, number >= least, number <= 1 << 40 else {
        throw Self.wrong(key, "a whole number from \(least) on", value)
      }
      return number
    }
    func flag() throws -> Bool {
      guard let flag = value.bool else { throw Self.wrong(key, "true or false", value) }
      return flag
    }
    switch name {
    case "path":
      guard let path = value.string, path.hasPrefix("/") else {
        throw Self.wrong(key, "a path that begins with \"/\"", value)
      }
      engine.path = path
    case "addTrailingSlash": addsSlash = try flag()
    case "httpCompression": engine.httpCompression = try threshold(key, value)
    case "pingInterval": engine.pingInterval = try number()
    case "pingTimeout": engine.pingTimeout = try number()
    case "upgradeTimeout": engine.upgradeTimeout = try number()
    case "maxHttpBufferSize":
      engine.maxHttpBufferSize = try number()
      limits.maxEventSize = engine.maxHttpBufferSize
    case "transports":
      let names = value.array?.compactMap(\.string) ?? []
      guard !names.isEmpty, names.allSatisfy({ $0 == "polling" || $0 == "websocket" }) else {
        throw Self.wrong(key, "a list of \"polling\" and \"websocket\"", value)
      }
      engine.allowsPolling = names.contains("polling")
      engine.allowsWebSocket = names.contains("websocket")
    case "allowUpgrades": engine.allowUpgrades = try flag()
    case "allowEIO3": engine.allowEIO3 = try flag()
    case "jsonp": engine.jsonp = try flag()
    case "cors": engine.cors = try cors(key, value)
    case "cookie": engine.cookie = try cookie(key, value)
    case "origins":
      guard let list = value.array, list.allSatisfy({ $0.string != nil }) else {
        throw Self.wrong(key, "a list of origins", value)
      }
      engine.origins = list.compactMap(\.string)
    case "perMessageDeflate": engine.perMessageDeflate = try DeflateOptions(key, value)
    case "connectionStateRecovery": recovery = try RecoveryOptions(key, value)
    case "serveClient":
      if value.bool == false || value == .null { return }
      guard let path = value.string, path.hasSuffix(".js") else {
        throw Self.wrong(key, "false, or the path of a file that ends with \".js\"", value)
      }
      clientBundle = path
    case "maxQueue": engine.maxQueue = try number(atLeast: 1024)
    case "maxPackets": engine.maxPackets = try number()
    case "maxPollPackets": engine.maxPollPackets = try number()
    case "maxSessions": engine.maxSessions = try number()
    case "connectTimeout": limits.connectTimeout = try number()
    case "maxAttachments": limits.maxAttachments = try number(atLeast: 0)
    case "maxNamespaces": limits.maxNamespaces = try number()
    case "maxRunning": limits.maxRunning = try number(atLeast: 2)
    // The reference's `true` is what happens here.
    case "cleanupEmptyChildNamespaces" where value.bool == true: return
    case "wsEngine", "cleanupEmptyChildNamespaces", "destroyUpgrade", "destroyUpgradeTimeout":
      warnings.append("\(key) has no effect: \(Self.reason(name))")
    default:
      throw EggError(
        code: "EGG_SOCKETIO_CONFIG",
        "\(key): there is no such option; known are \(Self.known.joined(separator: ", "))")
    }
  }

  /// Of options that Egg's applications have, and that mean nothing here.
  private static func reason(_ name: String) -> String {
    switch name {
    case "wsEngine": "there is one implementation of WebSocket, which is built in"
    case "cleanupEmptyChildNamespaces":
      "a namespace made on demand always goes with its last client"
    default: "the server answers every upgrade below its path"
    }
  }

  private static let known = [
    "path", "pingInterval", "pingTimeout", "upgradeTimeout", "maxHttpBufferSize", "transports",
    "allowUpgrades", "allowEIO3", "jsonp", "cors", "cookie", "origins", "perMessageDeflate",
    "connectionStateRecovery", "serveClient", "addTrailingSlash", "httpCompression", "maxQueue",
    "maxPackets", "maxPollPackets",
    "maxSessions", "connectTimeout", "maxAttachments", "maxNamespaces", "maxRunning",
  ]

  /// `true`, `"*"`, an origin, or `{origin, credentials, methods, allowedHeaders, maxAge}`.
  private func cors(_ key: String, _ value: Value) throws -> CrossOrigin? {
    var cors = CrossOrigin()
    var origin = value
    if value.object != nil {
      origin = value.origin
      cors.credentials = value.credentials.isTruthy
      if let methods = Self.joined(value.methods) { cors.methods = methods }
      cors.allowedHeaders = Self.joined(value.allowedHeaders)
      cors.maxAge = value.maxAge.int
    }
    switch origin {
    case .undefined where value.object != nil: cors.origins = .any
    case .boolean(true): cors.origins = .reflected
    case .boolean(false), .null: return nil
    case .text("*"): cors.origins = .any
    case .text(let text): cors.origins = .fixed(text)
    case .list(let list): cors.origins = .list(list.compactMap(\.string))
    default: throw Self.wrong(key, "an origin, a list of origins, true or an object", value)
    }
    return cors
  }

  private static func joined(_ value: Value) -> String? {
    value.string ?? value.array.map { $0.compactMap(\.string).joined(separator: ",") }
  }

  /// `true`, a name, or `{name, path, httpOnly, sameSite, secure, maxAge}`.
  private func cookie(_ key: String, _ value: Value) throws -> SessionCookie? {
    var cookie = SessionCookie()
    switch value {
    case .boolean(let isOn): return isOn ? cookie : nil
    case .null: return nil
    case .text(let name): cookie.name = name
    case .map:
      if let name = value.name.string { cookie.name = name }
      var parts = ["Path=\(value.path.string ?? "/")"]
      if let age = value.maxAge.int { parts.append("Max-Age=\(age)") }
      if value.httpOnly.bool ?? true { parts.append("HttpOnly") }
      if value.secure.bool ?? false { parts.append("Secure") }
      let site = value.sameSite.string ?? "lax"
      parts.append("SameSite=\(site.prefix(1).uppercased())\(site.dropFirst().lowercased())")
      cookie.attributes = parts.joined(separator: "; ")
    default: throw Self.wrong(key, "true, a name or an object", value)
    }
    let isName = cookie.name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x3D && $0 != 0x3B }
    guard isName, !cookie.name.isEmpty else { throw Self.wrong(key, "a cookie's name", value) }
    return cookie
  }
}
