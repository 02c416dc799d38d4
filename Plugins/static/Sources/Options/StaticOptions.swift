/// How files of one folder are served: `config.static`, or an item of `config.static.dirs` over it.
nonisolated struct StaticOptions: Equatable {
  /// Begins and ends with a slash.
  var prefix = "/public/"
  var isDynamic = true
  var isPreloaded = false
  var isBuffered = false
  /// Seconds.
  var maxAge = 0
  var cacheControl: String?
  /// Bytes.
  var memoryLimit = 65_536
  /// Milliseconds.
  var revalidate = 1000
  var usesPrecompressed = true
  var sendsContentMD5 = false
  var servesDotfiles = false
  var followsSymlinks = false

  init() {}

  /// - Parameters:
  ///   - setting: a map; members that are absent or null leave `base` as it is.
  ///   - key: where the map stands, for messages.
  /// - Throws: `SettingError` for a member of another type or out of range.
  init(_ setting: Setting, over base: StaticOptions = .init(), key: String) throws(SettingError) {
    self = base
    func boolean(_ name: String, _ present: Bool) throws(SettingError) -> Bool {
      switch setting[name] {
      case .none: return present
      case .boolean(let value): return value
      case let other: throw SettingError("\(key).\(name)", expected: "true or false", found: other)
      }
    }
    func count(_ name: String, _ present: Int, _ unit: String) throws(SettingError) -> Int {
      try StaticOptions.count(setting[name], present, unit, key: "\(key).\(name)")
    }
    switch setting["prefix"] {
    case .none: break
    case .text(let text): prefix = Self.normalized(prefix: text)
    case let other:
      throw SettingError("\(key).prefix", expected: "a path such as \"/public/\"", found: other)
    }
    switch setting["cacheControl"] {
    case .none: break
    case .text(let text) where text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }):
      cacheControl = text
    case let other:
      throw SettingError(
        "\(key).cacheControl", expected: "the value of a header", found: other)
    }
    isDynamic = try boolean("dynamic", isDynamic)
    isPreloaded = try boolean("preload", isPreloaded)
    isBuffered = try boolean("buffer", isBuffered)
    maxAge = try count("maxAge", maxAge, "seconds")
    memoryLimit = try count("memoryLimit", memoryLimit, "bytes")
    revalidate = try count("revalidate", revalidate, "milliseconds")
    usesPrecompressed = try boolean("precompressed", usesPrecompressed)
    sendsContentMD5 = try boolean("contentMD5", sendsContentMD5)
    servesDotfiles = try boolean("dotfiles", servesDotfiles)
    followsSymlinks = try boolean("followSymlinks", followsSymlinks)
  }

  /// What `Cache-Control` says.
  var cacheControlValue: String { cacheControl ?? "public, max-age=\(maxAge)" }

  /// One slash at each end: `assets//` becomes `/assets/`.
  ///
  /// - Source: koa-static-cache, which does so at the end.
  static func normalized(prefix: String) -> String {
    var bytes = Substring(prefix).utf8
    while bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
    while bytes.first == UInt8(ascii: "/") { bytes.removeFirst() }
    return bytes.isEmpty ? "/" : "/\(String(Substring(bytes)))/"
  }

  /// A whole number from 0 up to 2³¹ - 1, so that sums of it cannot overflow.
  static func count(
    _ setting: Setting, _ present: Int, _ unit: String, key: String
  ) throws(SettingError) -> Int {
    switch setting {
    case .none: return present
    case .number(let number) where number >= 0 && number < 2_147_483_648:
      return Int(number.rounded(.towardZero))
    case let other:
      throw SettingError(
        key, expected: "\(unit), a number from 0 to 2147483647", found: other)
    }
  }
}
