import Foundation

@testable import EggKernel

/// A folder that exists for the time of one test.
final class TemporaryFolder {
  let path: String

  init() {
    let name = "egg-kernel-tests-\(UUID().uuidString)"
    let url = FileManager.default.temporaryDirectory.appendingPathComponent(name)
    try! FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.resolvingSymlinksInPath().path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file, with the folders on its way; gives its path.
  @discardableResult
  func write(_ name: String, _ text: String) -> String { write(name, Array(text.utf8)) }

  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) -> String {
    let file = "\(path)/\(name)"
    try! FileManager.default.createDirectory(
      atPath: Path.folder(of: file), withIntermediateDirectories: true)
    try! Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }

  func text(_ name: String) -> String? {
    try? String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
  }
}

enum Fixtures {
  /// `Tests/Fixtures/config`.
  static let config = Path.real(Path.join(#filePath, "../../../Fixtures/config"))!
}
