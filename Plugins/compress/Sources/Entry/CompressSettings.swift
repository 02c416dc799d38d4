import CompressEngine
import Egg

/// `config.compress`
nonisolated struct CompressSettings: Sendable {
  let offers: [Coding]
  let threshold: Int
  /// Milliseconds.
  let flushDelay: Int
  let levels: Levels
  let types: MediaTypes

  /// - Throws: `EggError` that names the key which does not fit.
  init(_ config: Value) throws {
    let named = config.encodings.array ?? []
    offers = try named.map { item in
      guard let coding = item.string.flatMap({ Coding(rawValue: $0) }) else {
        throw Self.wrong("encodings", "a list of \"br\" and \"gzip\"", config.encodings)
      }
      return coding
    }
    threshold = try Self.number(config.threshold, "threshold", 0...Int(Int32.max), 1024)
    flushDelay = try Self.number(config.flushDelay, "flushDelay", 1...60_000, 50)
    var levels = Levels()
    levels.gzip = Int32(try Self.number(config.gzip.level, "gzip.level", 1...9, 6))
    levels.brotli = Int32(try Self.number(config.br.quality, "br.quality", 0...11, 4))
    self.levels = levels
    let extra = config.types
    guard !extra.exists || extra.array?.allSatisfy({ $0.string != nil }) == true else {
      throw Self.wrong("types", "a list of media types", extra)
    }
    types = MediaTypes(extra: (extra.array ?? []).compactMap { $0.string?.lowercased() })
  }

  private static func number(
    _ value: Value, _ key: String, _ range: ClosedRange<Int>, _ usual: Int
  ) throws -> Int {
    guard value.exists else { return usual }
    guard let number = value.int, range.contains(number) else {
      throw wrong(key, "a number from \(range.lowerBound) to \(range.upperBound)", value)
    }
    return number
  }

  private static func wrong(_ key: String, _ expected: String, _ found: Value) -> EggError {
    EggError(
      code: "EGG_CONFIG", "config.compress.\(key): expected \(expected), found \(found.json)")
  }
}
