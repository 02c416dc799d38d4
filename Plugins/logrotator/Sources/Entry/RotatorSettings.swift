import Egg
import LogRotation

/// `config.logrotator`, and which files it is about.
struct RotatorSettings {
  var byHour: [String] = []
  var bySize: [String] = []
  let hourDelimiter: String
  let maxFileSize: Int
  let maxFiles: Int
  let maxDays: Int
  let gzip: Bool
  let rotatesByDay: Bool

  /// - Throws: `EggError` for a value that makes no sense.
  init(_ app: ApplicationBase) throws {
    let own = app.config.logrotator
    func number(_ key: String, _ range: ClosedRange<Int>) throws -> Int {
      guard let value = own[key].int, range.contains(value) else {
        throw EggError(
          code: "EGG_CONFIG",
          "config.logrotator.\(key): expected a number from \(range.lowerBound) to \(range.upperBound)"
        )
      }
      return value
    }
    maxFileSize = try number("maxFileSize", 1...1 << 50)
    maxFiles = try number("maxFiles", 1...10_000)
    maxDays = try number("maxDays", 0...100_000)
    hourDelimiter = own.hourDelimiter.string ?? "-"
    gzip = own.gzip.bool ?? false
    rotatesByDay = !(own.disableRotateByDay.bool ?? false)
    var folder = app.config["logger.dir"].string ?? "logs"
    if !folder.hasPrefix("/") { folder = "\(app.baseDir)/\(folder)" }
    func files(_ key: String) -> [String] {
      (own[key].array ?? []).compactMap(\.string).map { $0.hasPrefix("/") ? $0 : "\(folder)/\($0)" }
    }
    byHour = files("filesRotateByHour")
    bySize = files("filesRotateBySize")
  }

  /// The files of every logger that are not rotated in another way.
  func byDay(_ loggers: Loggers) -> [String] {
    guard rotatesByDay else { return [] }
    return Self.files(of: loggers).filter { !byHour.contains($0) && !bySize.contains($0) }
  }

  static func files(of loggers: Loggers) -> [String] {
    var files: [String] = []
    for logger in loggers.all {
      for file in [logger.file, logger.jsonFile] where !file.isEmpty && !files.contains(file) {
        files.append(file)
      }
    }
    return files
  }
}
