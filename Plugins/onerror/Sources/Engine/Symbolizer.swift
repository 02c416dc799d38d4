import Glibc

/// Names, files and lines of addresses in libraries, by `llvm-symbolizer` of the Swift toolchain.
///
/// For development: it waits, for two seconds at most. Without the program nothing is found.
enum Symbolizer {
  struct Place {
    let function: String
    let file: String
    let line: Int
  }

  /// - Returns: by index of the frame; those that are not known are left out.
  static func places(of frames: [Stack.Frame]) -> [(Int, Place)] {
    guard let program = Self.program else { return [] }
    let known = frames.indices.filter { !frames[$0].library.isEmpty }
    guard !known.isEmpty else { return [] }
    let input = known.map { index in
      // A return address is behind the call; one less is inside of it.
      let offset = UInt(frames[index].offset.dropFirst(2), radix: 16) ?? 1
      return "\"\(frames[index].library)\" 0x\(String(offset &- 1, radix: 16))\n"
    }.joined()
    let answers = Subprocess.output(of: [program, "--no-inlines", "--no-demangle"], input: input)
      .split(separator: "\n\n", omittingEmptySubsequences: true)
    return zip(known, answers).compactMap { index, answer in
      place(answer).map { (index, $0) }
    }
  }

  /// `FUNCTION` and `FILE:LINE:COLUMN` on two lines.
  private static func place(_ answer: Substring) -> Place? {
    let lines = answer.split(separator: "\n")
    guard lines.count >= 2, lines[0] != "??" else { return nil }
    var parts = lines[1].split(separator: ":")
    guard parts.count >= 3, !lines[1].hasPrefix("??"), parts.popLast() != nil,
      let line = parts.popLast().flatMap({ Int($0) })
    else { return Place(function: String(lines[0]), file: "", line: 0) }
    return Place(function: String(lines[0]), file: parts.joined(separator: ":"), line: line)
  }

  private static let program: String? = {
    let path = getenv("PATH").map { String(cString: $0) } ?? ""
    return path.split(separator: ":").map { "\($0)/llvm-symbolizer" }
      .first { access($0, X_OK) == 0 }
  }()
}
