import EggKernel
import Foundation
import Testing

/// `docs/errors.md` is written by hand; these keep it honest.
@Suite("The document of errors") struct ErrorDocumentTests {
  private let document: String
  /// Every Swift file of the kernel, the SDK, the command and the plugins.
  private let sources: [String]

  init() throws {
    // The links of a build elsewhere are followed.
    var root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    for _ in 0..<4 { root.deleteLastPathComponent() }
    document = try String(contentsOf: root.appending(path: "docs/errors.md"), encoding: .utf8)
    var sources: [String] = []
    for folder in ["Sources", "Plugins"] {
      let files = FileManager.default.enumerator(
        at: root.appending(path: folder), includingPropertiesForKeys: nil)
      while let file = files?.nextObject() as? URL {
        guard file.pathExtension == "swift", !file.path.contains("/.build") else { continue }
        let text = try String(contentsOf: file, encoding: .utf8)
        if text.contains("EGG_") || text.contains("BootError") { sources.append(text) }
      }
    }
    self.sources = sources
  }

  private func hasRow(_ code: String) -> Bool { document.contains("\n| `\(code)` |") }

  @Test(arguments: BootError.Code.all.map(\.name))
  func `every boot error has a row`(code: String) {
    #expect(hasRow(code))
  }

  @Test func `every other code has a row`() {
    var missing: Set<String> = []
    for line in sources.flatMap({ $0.split(separator: "\n") }) where line.contains("\"EGG_") {
      for pattern in [#/Code\((?:name: )?"(EGG_[A-Z_]+)"\)/#, #/code: "(EGG_[A-Z_]+)"/#] {
        for match in line.matches(of: pattern) where !hasRow(String(match.1)) {
          missing.insert(String(match.1))
        }
      }
    }
    #expect(missing.isEmpty)
  }

  @Test func `every row is a code that the sources know`() {
    for line in document.split(separator: "\n") {
      guard let code = line.prefixMatch(of: #/\| `(EGG_[A-Z_]+)` \|/#)?.1 else { continue }
      #expect(sources.contains { $0.contains(code) }, "\(code) is in no source file")
    }
  }

  @Test func `every boot error is thrown somewhere`() throws {
    let own = try #require(sources.first { $0.contains("package struct BootError") })
    let names = own.matches(of: #/static let (\w+) = Code\("(EGG_[A-Z_]+)"\)/#)
    #expect(names.count == BootError.Code.all.count)
    let thrown = sources.filter { $0 != own && $0.contains("BootError(") }.map {
      $0.components(separatedBy: .whitespacesAndNewlines).joined()
    }
    for name in names {
      #expect(
        thrown.contains { $0.contains("BootError(.\(name.1),") }, "\(name.2) is thrown nowhere")
    }
  }
}
