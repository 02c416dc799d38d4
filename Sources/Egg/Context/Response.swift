internal import EggHTTPSemantics
internal import PluginABI

/// The answer. Parts of it are also on the context: `ctx.status = 201`, `ctx.set("ETag", tag)`.
public struct Response {
  public let ctx: Context

  public var app: Application { ctx.app }
  private var http: UnsafePointer<egg_http> { ctx.kernel.http }
  private var table: UnsafePointer<egg_host> { ctx.kernel.table }

  // MARK: status

  /// 404 until it or a body is set; 100 to 999. 204, 205 and 304 drop the body.
  public var status: Int {
    get {
      var out: Int32 = 404
      _ = http.pointee.status(table, ctx.token, &out)
      return Int(out)
    }
    nonmutating set {
      if http.pointee.set_status(table, ctx.token, Int32(clamping: newValue)) == Status.argument {
        ctx.logger.error("status \(newValue) is not between 100 and 999")
        return
      }
      if statusForbidsBody(newValue) || newValue == 205 {
        if http.pointee.set_response(table, ctx.token, egg_body_kind(EGG_BODY_NULL), egg_str())
          == Status.ok
        {
          _ = http.pointee.set_status(table, ctx.token, Int32(clamping: newValue))
        }
      }
    }
  }

  /// The reason phrase of the status.
  public var message: String { "\(reasonPhrase(status))" }

  /// The status for logs and error pages when another one is shown.
  public var realStatus: Int {
    get { ctx.lazyIfAny?.realStatus ?? status }
    nonmutating set { ctx.lazy.realStatus = newValue }
  }

  // MARK: header fields

  /// A field that was set; nil when it was not.
  public func header(_ name: String) -> String? { header(name, 0) }

  private func header(_ name: String, _ nth: UInt32) -> String? {
    var out = egg_str()
    let status = name.withEggString {
      http.pointee.response_header(table, ctx.token, $0, nth, &out)
    }
    return status == Status.ok ? out.string : nil
  }

  /// A field that was set; "" when it was not.
  public func get(_ name: String) -> String { header(name) ?? "" }
  public func has(_ name: String) -> Bool { header(name) != nil }

  /// Every value of a field, `Set-Cookie` for one.
  public func headers(_ name: String) -> [String] {
    var all: [String] = []
    while let value = header(name, UInt32(all.count)) { all.append(value) }
    return all
  }

  /// Sets a field, replacing what there was. A name or value with a line break is refused, which
  /// the log says.
  public func set(_ name: String, _ value: String) {
    let status = withEggStrings(name, value) {
      http.pointee.set_header(table, ctx.token, $0, $1)
    }
    report(status, name)
  }
  public func set(_ name: String, _ value: some BinaryInteger) { set(name, String(value)) }

  public func set(_ name: String, _ values: [String]) {
    remove(name)
    append(name, values)
  }

  /// Sets several fields.
  public func set(_ fields: KeyValuePairs<String, String>) {
    for (name, value) in fields { set(name, value) }
  }

  /// Adds a field beside those of the same name.
  public func append(_ name: String, _ value: String) {
    let status = withEggStrings(name, value) {
      http.pointee.add_header(table, ctx.token, $0, $1)
    }
    report(status, name)
  }
  public func append(_ name: String, _ values: [String]) {
    for value in values { append(name, value) }
  }

  public func remove(_ name: String) {
    _ = name.withEggString { http.pointee.remove_header(table, ctx.token, $0) }
  }

  private func report(_ status: egg_status, _ name: String) {
    guard status == Status.argument else { return }
    ctx.logger.error("header \"\(name)\" has a character that is not allowed")
  }

  /// Says that the answer depends on a field of the request.
  public func vary(_ field: String) {
    let present = get("vary")
    if present == "*" { return }
    let names = present.split(separator: ",").map { $0.trimmed.lowercased() }
    if field == "*" { return set("Vary", "*") }
    guard !names.contains(field.lowercased()) else { return }
    set("Vary", present.isEmpty ? field : present + ", " + field)
  }

  public var headerSent: Bool { http.pointee.header_sent(table, ctx.token) }

  // MARK: type, length, validators

  /// The media type without parameters. Setting takes a type or a file extension: "html",
  /// ".png", "text/csv"; text types get `charset=utf-8`. "" removes.
  public var type: String {
    get { header("content-type").flatMap { MediaType($0)?.essence } ?? "" }
    nonmutating set {
      if let type = contentType(for: newValue), !newValue.isEmpty {
        set("Content-Type", type)
      } else {
        remove("Content-Type")
      }
    }
  }

  /// Bytes, when they are known.
  public var length: Int? {
    get { header("content-length").flatMap { Int($0) } }
    nonmutating set {
      if let newValue { set("Content-Length", newValue) } else { remove("Content-Length") }
    }
  }

  /// Quotes are added when there are none.
  public var etag: String {
    get { get("etag") }
    nonmutating set {
      let quoted = newValue.hasPrefix("\"") || newValue.hasPrefix("W/\"")
      set("ETag", quoted ? newValue : "\"\(newValue)\"")
    }
  }

  public var lastModified: Timestamp? {
    get {
      header("last-modified").flatMap { HTTPDate(parsing: $0) }
        .map { Timestamp(milliseconds: $0.unixSeconds &* 1000) }
    }
    nonmutating set {
      guard let newValue else { return remove("Last-Modified") }
      set("Last-Modified", HTTPDate(unixSeconds: newValue.milliseconds / 1000).text)
    }
  }

  /// Offers the answer as a download under a name; sets the type by its extension.
  public func attachment(_ filename: String? = nil) {
    guard let filename else { return set("Content-Disposition", "attachment") }
    let name = filename.split(separator: "/").last.map(String.init) ?? filename
    if contentType(for: name) != nil, name.contains(".") { type = String(name.fileExtension) }
    set("Content-Disposition", Disposition.attachment(name))
  }

  // MARK: for plugins

  /// From now on nothing is sent when the chain ends; somebody has taken the answer over.
  public func forget() { _ = http.pointee.forget(table, ctx.token) }
}

nonisolated extension String {
  fileprivate var fileExtension: Substring { split(separator: ".").last ?? "" }
}

/// `Content-Disposition` (RFC 6266): the name in Latin letters for old clients, and in full.
nonisolated enum Disposition {
  static func attachment(_ name: String) -> String {
    let plain = name.unicodeScalars.allSatisfy {
      $0.isASCII && $0.value >= 0x20 && $0.value != 0x7F
    }
    let fallback = String(
      String.UnicodeScalarView(
        name.unicodeScalars.map { $0.isASCII && $0.value >= 0x20 && $0.value != 0x7F ? $0 : "?" }))
    let quoted = fallback.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] }
    let text = "attachment; filename=\"\(String(quoted))\""
    let hasEscape = name.contains("%")
    if plain, !hasEscape { return text }
    return text + "; filename*=UTF-8''" + extended(name)
  }

  /// RFC 8187: everything but attr-char is escaped.
  private static func extended(_ name: String) -> String {
    var text = ""
    for byte in name.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A,
        0x21, 0x23, 0x24, 0x26, 0x2B, 0x2D, 0x2E, 0x5E, 0x5F, 0x60, 0x7C, 0x7E:
        text.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        text += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
      }
    }
    return text
  }
}
