@testable import EggLoaderTool

/// A Swift file that exists in memory only.
func sourceFile(_ path: String, _ text: String) -> SourceFile {
  SourceFile(relativePath: path, absolutePath: "/unit/\(path)", bytes: Array(text.utf8))
}

/// A unit that exists in memory only.
func read(_ files: KeyValuePairs<String, String>, conventions: [Convention] = []) -> UnitReader {
  UnitReader(files: files.map { sourceFile($0.key, $0.value) }, conventions: conventions)
}

func declarations(_ text: String) -> [Declaration] {
  sourceFile("x.swift", text).declarations
}

extension Mistake {
  /// `app/controller/user.swift:3:8`
  var place: String {
    "\(position.file.dropFirst("/unit/".count)):\(position.line):\(position.column)"
  }
}
