import Egg
import MultipartForm

/// `config.multipart` as the plugin and its readers use it.
public struct MultipartOptions {
  public var isFileMode = false
  /// Where files are saved in mode `stream`, in the forms of a middleware's `match`; null for nowhere.
  public var fileModeMatch: Value = .null
  public var autoFields = false
  public var limits = FormLimits()
  public var allowArrayField = false
  public var tmpdir: String?
  public var cleanCron = "0 30 4 * * *"
  /// Lower case, with the dot.
  public var extensions: Set<String> = usual

  /// - Source: egg-multipart's default white list.
  public static let usual: Set<String> = [
    ".jpg", ".jpeg", ".png", ".gif", ".bmp", ".wbmp", ".webp", ".tif", ".tiff", ".psd", ".svg",
    ".js", ".jsx", ".json", ".css", ".less", ".html", ".htm", ".xml", ".pdf",
    ".zip", ".gz", ".tgz", ".gzip", ".mp3", ".mp4", ".avi",
  ]

  /// - Parameter config: `config.multipart`.
  /// - Throws: `EggError` naming the key that is not what it must be.
  public init(_ config: Value) throws {
    switch config["mode"].string ?? "stream" {
    case "stream": break
    case "file": isFileMode = true
    case let other: throw Self.wrong("mode", "\"stream\" or \"file\"", .text(other))
    }
    let match = config["fileModeMatch"]
    let isNothing = !match.exists || match.string == "" || match.array?.isEmpty == true
    fileModeMatch = isNothing ? .null : match
    guard !isFileMode || isNothing else {
      throw EggError(
        code: "EGG_MULTIPART", "config.multipart.fileModeMatch is for mode \"stream\" only")
    }
    autoFields = config["autoFields"].bool ?? false
    allowArrayField = config["allowArrayField"].bool ?? false
    limits.fieldNameSize = try Self.bytes(config["fieldNameSize"], "fieldNameSize")
    limits.fieldSize = try Self.bytes(config["fieldSize"], "fieldSize")
    limits.fields = try Self.bytes(config["fields"], "fields")
    limits.fileSize = try Self.bytes(config["fileSize"], "fileSize")
    limits.files = try Self.bytes(config["files"], "files")
    tmpdir = config["tmpdir"].string
    cleanCron = config["cleanSchedule"]["cron"].string ?? cleanCron
    let own = try Self.texts(config["whitelist"], "whitelist")
    extensions =
      own.isEmpty
      ? Self.usual.union(
        try Self.texts(config["fileExtensions"], "fileExtensions").map(Self.dotted))
      : Set(own.map(Self.dotted))
  }

  /// By the last extension; a name without one is refused.
  public func allows(_ filename: String) -> Bool {
    guard let dot = filename.lastIndex(of: ".") else { return false }
    return extensions.contains(filename[dot...].lowercased())
  }

  private static func dotted(_ name: String) -> String {
    name.hasPrefix(".") ? name.lowercased() : "." + name.lowercased()
  }

  private static func texts(_ value: Value, _ key: String) throws -> [String] {
    if let text = value.string { return text.isEmpty ? [] : [text] }
    guard let list = value.array else {
      if value.exists { throw wrong(key, "a text or a list of texts", value) }
      return []
    }
    return try list.map { item in
      guard let text = item.string else { throw wrong(key, "a list of texts", value) }
      return text
    }
  }

  /// `10`, `"100kb"`, `"10mb"`.
  private static func bytes(_ value: Value, _ key: String) throws -> Int {
    if let number = value.int, number >= 0 { return number }
    let text = (value.string ?? "").lowercased()
    let digits = text.prefix { $0.isNumber || $0 == "." }
    let units = ["": 1.0, "b": 1, "kb": 1024, "mb": 1_048_576, "gb": 1_073_741_824]
    guard let number = Double(digits), let unit = units[String(text.dropFirst(digits.count))],
      number * unit < 1e15
    else { throw wrong(key, "a number or a size like \"10mb\"", value) }
    return Int(number * unit)
  }

  private static func wrong(_ key: String, _ expected: String, _ found: Value) -> EggError {
    EggError(
      code: "EGG_MULTIPART", "config.multipart.\(key): expected \(expected), found \(found.json)")
  }
}
