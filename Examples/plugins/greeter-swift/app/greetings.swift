import Egg
import Glibc

/// The greetings by language, one for each file `app/greeting/LANGUAGE.txt` of any unit; the
/// application's count more than a plugin's.
final class Greetings {
  private var texts: [String: String] = [:]

  var languages: [String] { texts.keys.sorted() }

  /// "Hello, Ada!"
  func greet(_ name: String, in language: String) -> String? {
    texts[language].map { "\($0), \(name)!" }
  }

  /// - Throws: `EggError` for a file that cannot be read or has no text.
  func read(_ entry: DirectoryEntry) throws {
    guard let file = fopen(entry.path, "r") else {
      throw EggError("\(entry.path): \(String(cString: strerror(errno)))")
    }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 200)
    let count = fread(&bytes, 1, bytes.count, file)
    let line = bytes[..<count].split(separator: UInt8(ascii: "\n")).first ?? []
    guard !line.isEmpty else { throw EggError("\(entry.path): expected a greeting, found nothing") }
    texts[entry.property] = String(decoding: line, as: UTF8.self)
  }
}

private enum GreetingsKey: StorageKey { typealias Value = Greetings }

extension ApplicationBase {
  var greetings: Greetings {
    if let known = self[GreetingsKey.self] { return known }
    let made = Greetings()
    self[GreetingsKey.self] = made
    return made
  }
}
