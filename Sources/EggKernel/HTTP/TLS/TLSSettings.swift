import COpenSSL

/// `config.cluster.https`: which certificates, and who may connect.
///
///     "https": { "key": "/etc/shop/key.pem", "cert": "/etc/shop/cert.pem" }
///
/// A list has one such object per certificate; the name that a client asks for (SNI) chooses, and the
/// first one is for everybody else. What is about all connections stands in the first.
///
/// - Source: Egg, `startCluster({ https: { key, cert, ca } })`; the other keys are those of Node's
///   `tls.createServer`, durations in milliseconds.
package struct TLSSettings: Sendable {
  /// A certificate and its key.
  struct Identity: Sendable {
    var key = Setting()
    /// The certificate first, then those that lead to the root.
    var certificate = Setting()
    var passphrase: String?
  }

  /// A text, a path mostly, and where the configuration has it from.
  struct Setting: Sendable {
    var text = ""
    /// `cluster.https.key`
    var name = ""
    var source = Source()

    func refusal(_ message: String) -> BootError {
      BootError(
        .config, unit: source.unit, "\(name): \(message)", file: source.file, line: source.line)
    }
  }

  struct Source: Sendable {
    var unit = "app"
    var file: String?
    var line: Int?
  }

  private(set) var identities: [Identity] = []
  /// Who signs the certificates of clients.
  private(set) var authorities: [Setting] = []
  private(set) var asksClients = false
  /// A client without a certificate that an authority has signed is refused.
  private(set) var refusesStrangers = true
  private(set) var leastVersion = TLS1_2_VERSION
  /// Of TLS 1.2, in OpenSSL's form. Those of TLS 1.3 are all good ones.
  private(set) var ciphers = Setting(text: "ECDHE+AESGCM:ECDHE+CHACHA20")
  // Milliseconds.
  private(set) var handshakeTimeout = 20_000
  private(set) var sessionTimeout = 7_200_000
  /// Between two looks at the files; 0 for none.
  private(set) var checkInterval = 5_000

  private static let shared = [
    "ca", "requestCert", "rejectUnauthorized", "minVersion", "ciphers", "handshakeTimeout",
    "sessionTimeout", "checkInterval",
  ]
  private static let own = ["key", "cert", "passphrase"]

  /// - Returns: nil when HTTPS is not configured: no key, `false` or `null`.
  /// - Throws: `.config` naming the key and its place.
  package init?(_ config: ConfigTree, baseDir: String) throws(BootError) {
    var reader = Reader(config: config, baseDir: baseDir)
    let path = "cluster.https"
    switch config.value(at: path) {
    case nil, .null, .bool(false): return nil
    case .object(let members):
      reader.path = path
      try add(members, reader, isFirst: true)
    case .array(let list) where !list.isEmpty:
      for (index, element) in list.enumerated() {
        reader.path = "\(path).\(index)"
        guard case .object(let members) = element else {
          throw reader.refusal(
            "", "expected an object with key and cert, found \(element.kindName)")
        }
        try add(members, reader, isFirst: index == 0)
      }
    case let other?:
      reader.path = path
      throw reader.refusal(
        "", "expected { \"key\": FILE, \"cert\": FILE } or a list of those, found \(other.kindName)"
      )
    }
  }

  private mutating func add(
    _ members: ConfigObject, _ reader: Reader, isFirst: Bool
  ) throws(BootError) {
    for key in members.keys {
      if TLSSettings.own.contains(key) { continue }
      guard TLSSettings.shared.contains(key) else {
        let known = TLSSettings.own + TLSSettings.shared
        throw reader.refusal(
          key, "there is no such setting\(Suggestion.phrase(for: key, among: known))")
      }
      guard isFirst else {
        throw reader.refusal(
          key, "it is about all connections and belongs to the first of the list")
      }
    }
    var identity = Identity()
    identity.key = try reader.file("key", members["key"], "a private key")
    identity.certificate = try reader.file("cert", members["cert"], "a certificate")
    if let passphrase = members["passphrase"], !passphrase.isNull {
      guard let text = passphrase.string else {
        throw reader.refusal("passphrase", "expected a string, found \(passphrase.kindName)")
      }
      identity.passphrase = text
    }
    identities.append(identity)
    if isFirst { try readShared(members, reader) }
  }

  private mutating func readShared(
    _ members: ConfigObject, _ reader: Reader
  ) throws(BootError) {
    switch members["ca"] {
    case nil, .null: break
    case .array(let list)?:
      for one in list { authorities.append(try reader.file("ca", one, "certificates")) }
    case let one?: authorities = [try reader.file("ca", one, "certificates")]
    }
    asksClients = try reader.flag("requestCert", members, false)
    refusesStrangers = try reader.flag("rejectUnauthorized", members, true)
    if asksClients, authorities.isEmpty {
      throw reader.refusal(
        "requestCert", "expected \"ca\" as well: who has signed the certificates of clients")
    }
    switch members["minVersion"] {
    case nil, .null, .string("TLSv1.2")?: break
    case .string("TLSv1.3")?: leastVersion = TLS1_3_VERSION
    case let other?:
      throw reader.refusal(
        "minVersion", "expected \"TLSv1.2\" or \"TLSv1.3\", found \(JSONWriter.text(other))")
    }
    if let value = members["ciphers"], !value.isNull {
      guard let text = value.string, !text.isEmpty else {
        throw reader.refusal(
          "ciphers", "expected a list in OpenSSL's form, found \(value.kindName)")
      }
      ciphers = reader.setting("ciphers", text)
    } else {
      ciphers = reader.setting("ciphers", ciphers.text)
    }
    handshakeTimeout = try reader.milliseconds("handshakeTimeout", members, handshakeTimeout, 1)
    sessionTimeout = try reader.milliseconds("sessionTimeout", members, sessionTimeout, 0)
    checkInterval = try reader.milliseconds("checkInterval", members, checkInterval, 0)
  }

  /// Whether the configuration asks for HTTPS, rightly or wrongly.
  package static func areGiven(_ config: ConfigTree) -> Bool {
    switch config.value(at: "cluster.https") {
    case nil, .null, .bool(false): false
    default: true
    }
  }

  /// Every file that a certificate is made of.
  var files: [String] {
    identities.flatMap { [$0.key.text, $0.certificate.text] } + authorities.map(\.text)
  }

  /// Reads members of one object and knows where they were set.
  private struct Reader {
    let config: ConfigTree
    let baseDir: String
    var path = ""

    func setting(_ key: String, _ text: String) -> Setting {
      let name = key.isEmpty ? path : "\(path).\(key)"
      // A key that nobody set is missing where the object was set.
      let writers = config.writers(of: name)
      let writer = (writers.isEmpty ? config.writers(of: "cluster.https") : writers).last
      return Setting(
        text: text, name: name,
        source: Source(unit: writer?.unit ?? "app", file: writer?.file, line: writer?.line))
    }

    func refusal(_ key: String, _ message: String) -> BootError {
      setting(key, "").refusal(message)
    }

    func file(_ key: String, _ value: ConfigValue?, _ what: String) throws(BootError) -> Setting {
      guard let text = value?.string, !text.isEmpty else {
        throw refusal(
          key, "expected the path of \(what) in PEM form, found \(value?.kindName ?? "nothing")")
      }
      return setting(key, Path.join(baseDir, text))
    }

    func flag(_ key: String, _ members: ConfigObject, _ otherwise: Bool) throws(BootError) -> Bool {
      guard let value = members[key], !value.isNull else { return otherwise }
      guard let flag = value.bool else {
        throw refusal(key, "expected true or false, found \(value.kindName)")
      }
      return flag
    }

    func milliseconds(
      _ key: String, _ members: ConfigObject, _ otherwise: Int, _ least: Int64
    ) throws(BootError) -> Int {
      guard let value = members[key], !value.isNull else { return otherwise }
      guard let number = value.int, number >= least, number <= 30 * 86_400_000 else {
        throw refusal(
          key,
          "expected milliseconds from \(least) to \(30 * 86_400_000), found \(JSONWriter.text(value))"
        )
      }
      return Int(number)
    }
  }
}
