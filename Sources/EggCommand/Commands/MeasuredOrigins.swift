import EggKernel

/// Says of the files that people edit what llvm-cov says of the loader's copies: a copy begins with a
/// line of its own, which names its file.
struct MeasuredOrigins {
  /// Lines that stand in the copy alone.
  private var added = 0

  /// - Parameter line: a record of lcov, in the order in which llvm-cov writes them: `SF:/shop/a.swift`
  ///   begins a file, `FN:`, `DA:` and `BRDA:` begin with a line's number.
  mutating func record(_ line: String) -> String {
    guard let colon = line.firstIndex(of: ":") else { return line }
    let tag = line[..<colon]
    let rest = line[line.index(after: colon)...]
    switch tag {
    case "SF":
      guard let origin = Self.origin(of: String(rest)) else {
        added = 0
        return "SF:\(Path.real(String(rest)) ?? String(rest))"
      }
      added = 1
      return "SF:\(origin)"
    case "FN", "DA", "BRDA":
      let digits = rest.prefix(while: \.isNumber)
      guard added > 0, let number = Int(digits) else { return line }
      return "\(tag):\(number - added)\(rest.dropFirst(digits.count))"
    default:
      return line
    }
  }

  /// The file that `#sourceLocation(file: "/shop/app/router.swift", line: 1)` names.
  private static func origin(of copy: String) -> String? {
    guard copy.dropFirst(Path.folder(of: copy).count).hasPrefix("/unit."),
      let bytes = try? FileReader.contents(of: copy, unit: "egg"),
      let first = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 1).first
    else { return nil }
    let line = String(decoding: first, as: UTF8.self)
    guard line.hasPrefix("#sourceLocation(file: \""), line.hasSuffix("\", line: 1)") else {
      return nil
    }
    return String(line.dropFirst(23).dropLast(11))
  }
}
