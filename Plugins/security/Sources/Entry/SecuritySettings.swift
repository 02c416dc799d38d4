import Egg
import EggSecurityRules

/// `config.security`, checked.
struct SecuritySettings {
  /// In the order of their effect; the names are those of the configuration.
  static let layers = [
    "csrf", "hsts", "methodnoallow", "noopen", "nosniff", "csp", "xssProtection", "xframe",
    "referrerPolicy", "dta",
  ]

  let csrf: CsrfSettings?
  let methodnoallow: PathFilter?
  let dta: PathFilter?
  let headers: [HeaderRule]
  let addresses: AddressRules
  /// A method of the application that is asked about addresses that the lists let through.
  let checkAddress: String?

  /// - Throws: `EggError` that names the key which does not fit.
  init(_ app: Application) throws {
    let config = app.config.security
    let warn: (String) -> Void = { app.coreLogger.warn($0) }
    if config.match.exists || config.ignore.exists {
      warn("config.security.match and ignore have no effect; set them in one of its parts")
    }
    let listed = Set(try Self.list(config.defaultMiddleware))
    var parts: [String: Value] = [:]
    for name in Self.layers where listed.contains(name) {
      var part = config[name]
      if part.bool == false {
        warn("config.security.\(name): false; write { \"enable\": false }")
        part = ["enable": false]
      }
      guard part.object != nil else {
        throw EggError(
          code: "EGG_CONFIG", "config.security.\(name): expected an object, found \(part.kindName)")
      }
      if part.enable.bool != false { parts[name] = part }
    }
    csrf = try parts["csrf"].map { try CsrfSettings($0, app) }
    methodnoallow = try parts["methodnoallow"].map {
      try PathFilter($0, "security.methodnoallow", app)
    }
    dta = try parts["dta"].map { try PathFilter($0, "security.dta", app) }
    // The off ones too: `ctx.securityOptions` can switch them on for one request.
    headers = try HeaderRule.all.compactMap { name in
      guard listed.contains(name), config[name].object != nil else { return nil }
      return try HeaderRule(name, config[name], isOn: parts[name] != nil, app)
    }
    checkAddress = config.ssrf.checkAddress.string
    do {
      addresses = try AddressRules(
        denied: Self.texts(config.ssrf.ipBlackList, "ssrf.ipBlackList"),
        excepted: Self.texts(config.ssrf.ipExceptionList, "ssrf.ipExceptionList"),
        hostnames: Self.texts(config.ssrf.hostnameExceptionList, "ssrf.hostnameExceptionList"))
    } catch let error as AddressRules.Mistake {
      throw EggError(code: "EGG_CONFIG", "config.security.ssrf: \(error)")
    }
  }

  private static func list(_ value: Value) throws -> [String] {
    let names =
      value.string.map { $0.split(separator: ",").map { String($0.filter { $0 != " " }) } }
      ?? value.array?.compactMap(\.string) ?? []
    if let unknown = names.first(where: { !layers.contains($0) }) {
      throw EggError(
        code: "EGG_CONFIG",
        "config.security.defaultMiddleware: expected some of \(layers.joined(separator: ", ")),"
          + " found \"\(unknown)\"")
    }
    return names
  }

  static func texts(_ value: Value, _ name: String) throws -> [String] {
    if !value.exists { return [] }
    let list = value.string.map { [$0] } ?? value.array?.compactMap(\.string)
    guard let list, list.count == value.array?.count ?? 1 else {
      throw EggError(
        code: "EGG_CONFIG",
        "config.security.\(name): expected a text or a list of texts, found \(value.json)")
    }
    return list
  }
}
