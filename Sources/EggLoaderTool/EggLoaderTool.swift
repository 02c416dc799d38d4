import Glibc

/// Reads the convention folders of a unit and writes the Swift file that registers what is there.
///
/// Exit status: 0 written; 1 a mistake of the unit, shown as `FILE:LINE:COLUMN: error: …`; 2 wrong
/// use or a file that cannot be written.
@main
struct EggLoaderTool {
  static func main() {
    do {
      let arguments = try Arguments(Array(CommandLine.arguments.dropFirst()))
      exit(run(arguments))
    } catch {
      complain("error: \(error.message)\n\(Arguments.usage)")
      exit(2)
    }
  }

  private static func run(_ arguments: Arguments) -> Int32 {
    let result = LoadedUnit(arguments)
    guard result.mistakes.isEmpty else {
      for mistake in result.mistakes { complain(mistake.render(source: readFile)) }
      return 1
    }
    for file in arguments.staged {
      if file.isLink {
        let target = "\(result.folder.path)/\(file.relativePath)"
        if !linkFile(file.path, to: target) { return cannotWrite(file.path) }
        continue
      }
      guard let bytes = result.stagedCopy(of: file.relativePath) else {
        complain("\(arguments.unit)/\(file.relativePath): error: cannot be read\n")
        return 2
      }
      if !writeFile(file.path, bytes) { return cannotWrite(file.path) }
    }
    if !writeFile(arguments.output, Array(result.source.utf8)) {
      return cannotWrite(arguments.output)
    }
    return 0
  }

  private static func cannotWrite(_ path: String) -> Int32 {
    complain("\(path): error: cannot be written: \(String(cString: strerror(errno)))\n")
    return 2
  }

  private static func complain(_ text: String) {
    let bytes = Array(text.utf8)
    var start = 0
    while start < bytes.count {
      let count = bytes.withUnsafeBytes { write(2, $0.baseAddress! + start, bytes.count - start) }
      if count <= 0 { return }
      start += count
    }
  }
}
