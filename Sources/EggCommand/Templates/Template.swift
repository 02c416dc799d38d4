import EggKernel
import Glibc

/// Files of a new folder, with places to fill in: `@NAME@` and so on.
struct Template {
  /// Path below the new folder, and contents.
  let files: [(path: String, text: String)]

  /// Whether a folder does not exist or holds nothing; names that begin with a dot do not count.
  static func isFree(_ folder: String) -> Bool {
    switch FileReader.kind(of: folder) {
    case .none: true
    case .folder: Folder.names(in: folder).allSatisfy { $0.hasPrefix(".") }
    default: false
    }
  }

  /// Writes all files below `folder`, which must be free.
  ///
  /// - Parameter force: it need not be, and files that exist stay as they are.
  /// - Throws: `CommandFailure` naming what is in the way.
  func write(
    to folder: String, filling places: [(String, String)], force: Bool = false
  ) throws(CommandFailure) {
    guard force || Self.isFree(folder) else {
      throw CommandFailure("\(folder) exists already; give another name, or remove it")
    }
    for file in files {
      let path = folder + "/" + Self.filled(file.path, places)
      if FileReader.kind(of: path) != .none {
        Terminal.note("kept \(path)")
        continue
      }
      try Self.write(Self.filled(file.text, places), to: path)
    }
  }

  static func filled(_ text: String, _ places: [(String, String)]) -> String {
    guard text.contains("@") else { return text }
    var text = text
    for (place, value) in places { text = replaced(place, by: value, in: text) }
    return text
  }

  private static func replaced(_ word: String, by value: String, in text: String) -> String {
    let wanted = Array(word.utf8)
    let source = Array(text.utf8)
    var result: [UInt8] = []
    var at = 0
    while at < source.count {
      if source[at] == wanted[0], source[at...].starts(with: wanted) {
        result += value.utf8
        at += wanted.count
      } else {
        result.append(source[at])
        at += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  static func write(_ text: String, to path: String) throws(CommandFailure) {
    try makeFolders(Path.folder(of: path))
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw CommandFailure("cannot write \(path): \(systemMessage(errno))")
    }
    defer { close(descriptor) }
    Terminal.write(text, to: descriptor)
  }

  private static func makeFolders(_ path: String) throws(CommandFailure) {
    guard path != "/", path != ".", FileReader.kind(of: path) != .folder else { return }
    try makeFolders(Path.folder(of: path))
    guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
      throw CommandFailure("cannot make the folder \(path): \(systemMessage(errno))")
    }
  }
}

/// A name for a folder, a Swift product and a plugin table at once.
struct UnitName {
  let text: String

  /// - Throws: `CommandFailure` with what a name may consist of.
  init(_ text: String) throws(CommandFailure) {
    let isName =
      text.utf8.count <= 64 && (text.utf8.first.map(Self.isLetter) ?? false)
      && text.utf8.allSatisfy { Self.isLetter($0) || Self.isDigit($0) || $0 == 0x2D || $0 == 0x5F }
    guard isName else {
      throw CommandFailure(
        "expected a name of letters, digits, \"-\" and \"_\" that begins with a letter, found \"\(text)\""
      )
    }
    self.text = text
  }

  /// `rate-limit` as `rateLimit`, for members and middlewares.
  var member: String {
    let words = text.split { $0 == "-" || $0 == "_" }
    return words.enumerated().map { number, word in
      number == 0 ? word.prefix(1).lowercased() + word.dropFirst() : Self.raised(word)
    }.joined()
  }

  /// `rate-limit` as `RateLimit`, for Swift types.
  var type: String { Self.raised(member[...]) }

  /// `rate-limit` as `Rate-Limit`, for header fields.
  var header: String {
    text.split { $0 == "-" || $0 == "_" }.map(Self.raised).joined(separator: "-")
  }

  /// `rate-limit` as `rate_limit`, for Rust's and Swift's modules and C's file names.
  var module: String { String(text.map { $0 == "-" ? "_" : $0 }) }

  private static func raised(_ word: Substring) -> String {
    word.prefix(1).uppercased() + word.dropFirst()
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
