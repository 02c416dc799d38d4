import Foundation

@testable import EggStatic

/// A folder of the test's own, removed with this object.
final class TemporaryFolder {
  let path: String

  init() throws {
    var template = Array("/tmp/egg-static-XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template))
  }

  nonisolated deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ name: String, _ text: String, modified: Int? = nil) throws {
    try write(name, Array(text.utf8), modified: modified)
  }

  func write(_ name: String, _ bytes: [UInt8], modified: Int? = nil) throws {
    let url = URL(fileURLWithPath: "\(path)/\(name)")
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
    if let modified { touch(name, modified) }
  }

  /// Sets the modification time, in seconds since 1970.
  func touch(_ name: String, _ seconds: Int) {
    let time = timespec(tv_sec: seconds, tv_nsec: 0)
    utimensat(AT_FDCWD, "\(path)/\(name)", [time, time], 0)
  }

  func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: "\(path)/\(name)", withDestinationPath: target)
  }

  func remove(_ name: String) throws {
    try FileManager.default.removeItem(atPath: "\(path)/\(name)")
  }
}

/// A store over folders, with a clock that the test moves.
final class StoreUnderTest {
  private(set) var store: FileStore!
  /// Nanoseconds.
  var now: UInt64 = 1_000_000_000
  /// Since 1970. So far in the future that no file has changed just now.
  var wallSeconds = 4_102_444_800

  init(
    _ folders: [(path: String, options: StaticOptions)], maxFiles: Int = 1000,
    digest: @escaping @Sendable ([UInt8]) -> [UInt8]? = { _ in nil }
  ) {
    store = FileStore(
      folders.map { Folder($0.path, $0.options) }, maxFiles: maxFiles,
      wallClock: { [unowned self] in timespec(tv_sec: wallSeconds, tv_nsec: 0) }, digest: digest)
  }

  convenience init(_ folder: TemporaryFolder, _ options: StaticOptions = .init()) {
    self.init([(folder.path, options)])
  }

  func find(_ path: String) -> CachedFile? {
    Array(path.utf8).withUnsafeBufferPointer {
      store.find($0, now: now)?.takeUnretainedValue()
    }
  }

  /// The contents of the file, when it is in memory.
  func text(_ path: String) -> String? {
    find(path)?.identity.contents.map { String(decoding: $0, as: UTF8.self) }
  }

  func canOpen(_ file: CachedFile) -> Bool {
    guard let open = store.open(file.identity, of: file) else { return false }
    close(open.take())
    return true
  }

  func wait(milliseconds: UInt64) { now += milliseconds * 1_000_000 }
}

func options(_ change: (inout StaticOptions) -> Void) -> StaticOptions {
  var options = StaticOptions()
  change(&options)
  return options
}
