/// Collects generated Swift, line by line.
struct SourceWriter {
  private(set) var text = ""
  /// Files that the compiler knows by another path.
  var linkedPaths: [String: String] = [:]
  private var lastFile = ""
  private var lastLiteral = ""

  mutating func line(_ line: String = "") {
    text += line
    text += "\n"
  }

  /// A line whose compile errors belong to the user's own file.
  ///
  /// The directives must begin their line, so nothing here is indented by them.
  mutating func line(_ line: String, at position: SourcePosition) {
    if lastFile != position.file {
      lastFile = position.file
      lastLiteral = stringLiteral(linkedPaths[position.file] ?? position.file)
    }
    text += "#sourceLocation(file: \(lastLiteral), line: \(position.line))\n"
    text += line
    text += "\n#sourceLocation()\n"
  }
}

/// The ELF note that carries the manifest: owner "EGG", type "EGG1", zero-padded words.
///
/// - Source: `egg_plugin.h`, section 7; words are little endian, as on every target Egg has.
func writeManifestNote(_ manifest: String, into writer: inout SourceWriter) {
  var bytes = Array(manifest.utf8)
  // Always a zero behind the text, as a C string literal has.
  repeat { bytes.append(0) } while bytes.count % 4 != 0
  var words: [String] = []
  for start in stride(from: 0, to: bytes.count, by: 4) {
    var word: UInt32 = 0
    for index in 0..<4 { word |= UInt32(bytes[start + index]) << UInt32(8 * index) }
    words.append("0x" + String(word, radix: 16))
  }
  writer.line("// \(manifest)")
  writer.line("@section(\".note.egg.plugin\") @used")
  writer.line(
    "private nonisolated let eggManifest: (UInt32, UInt32, UInt32, UInt32, InlineArray<\(words.count),"
      + " UInt32>) =")
  writer.line("  (4, \(bytes.count), 0x4547_4731, 0x0047_4745, [")
  for start in stride(from: 0, to: words.count, by: 8) {
    writer.line("    " + words[start..<min(start + 8, words.count)].joined(separator: ", ") + ",")
  }
  writer.line("  ])")
}
