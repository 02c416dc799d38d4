import Glibc

/// The stack of an error, as the SDK wrote it into `detail`: lines of `LIBRARY+0xOFFSET SYMBOL`.
///
/// Lines of another form, such as those that a plugin in another language wrote, stay as they are.
package struct Stack {
  package struct Frame {
    package var library = ""
    package var offset = ""
    package var function = ""
    /// Absolute; empty when there is no debug information.
    package var file = ""
    package var line = 0
    /// Written by people, and neither the kernel's nor the SDK's.
    package var isUnits = false
    /// What is shown when the rest is unknown.
    package var raw = ""
  }

  package private(set) var frames: [Frame]

  package init(_ detail: String) {
    frames = detail.split(separator: "\n").map { Frame($0) }
    for (index, place) in Symbolizer.places(of: frames) {
      frames[index].function = place.function
      frames[index].file = place.file
      frames[index].line = place.line
    }
    dropRuntime()
    var realPaths: [String: String] = [:]
    for index in frames.indices {
      let library = frames[index].library
      // A program that was started through a link is named by the link in its own frames.
      if realPaths[library] == nil { realPaths[library] = Self.realPath(library) }
      let symbol = frames[index].function
      // The C library's debug information has relative paths.
      frames[index].isUnits =
        frames[index].line > 0 && frames[index].file.hasPrefix("/")
        && !symbol.hasPrefix(Self.sdk) && realPaths[library] != Self.program
      frames[index].function = Demangler.demangled(symbol)
    }
  }

  /// What mangled names of the module `Egg` begin with.
  private static let sdk = "$s3Egg"
  /// The kernel's frames are in the program itself.
  private static let program: String = {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4096) { path in
      let count = readlink("/proc/self/exe", path.baseAddress!, path.count - 1)
      guard count > 0 else { return "" }
      path[count] = 0
      return String(cString: path.baseAddress!)
    }
  }()

  private static func realPath(_ path: String) -> String {
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
  }

  /// What lies above the `throw`, and the thunks that the compiler made, tell nobody anything.
  private mutating func dropRuntime() {
    if let last = frames.lastIndex(where: { $0.function == "swift_willThrow" }) {
      frames.removeSubrange(...last)
    }
    frames.removeAll { !$0.file.isEmpty && $0.line == 0 }
  }

  /// For people, one line a frame.
  package var text: String {
    frames.map { frame in
      if !frame.file.isEmpty { return "    at \(frame.function) (\(frame.file):\(frame.line))" }
      if !frame.library.isEmpty { return "    at \(frame.function) (\(frame.library))" }
      return frame.raw
    }.joined(separator: "\n")
  }
}

extension Stack.Frame {
  fileprivate init(_ line: Substring) {
    raw = String(line)
    let parts = line.split(separator: " ", maxSplits: 1)
    guard let place = parts.first, let plus = place.lastIndex(of: "+"),
      place[plus...].hasPrefix("+0x"), place.hasPrefix("/")
    else { return }
    library = String(place[..<plus])
    offset = String(place[plus...].dropFirst())
    if parts.count > 1 { function = String(parts[1]) }
  }
}
