import EggTestSupport
import Foundation
import Synchronization

/// A script of `Tests/Clients`.
enum Script {
  /// - Parameter packages: of `packages`, what the script imports.
  /// - Returns: what it printed when it failed; nil when every check passed.
  static func failure(
    _ name: String, _ port: UInt16, packages: String? = nil, scheme: String = "http"
  ) throws -> String? {
    var variables = ["SCHEME": scheme]
    if let packages { variables["PYTHONPATH"] = try folder(packages) }
    let file = Built.root.appendingPathComponent("Plugins/socketio/Tests/Clients/\(name)").path
    let (code, output) = try python(["-B", file, String(port)], variables)
    return code == 0 ? nil : output
  }

  private static func python(
    _ words: [String], _ variables: [String: String] = [:]
  ) throws -> (code: Int32, output: String) {
    // A file and no pipe: children that start at the same time would hold its other end open.
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("egg-script-\(UUID().uuidString)")
    _ = FileManager.default.createFile(atPath: file.path, contents: nil)
    defer { try? FileManager.default.removeItem(at: file) }
    let output = try FileHandle(forWritingTo: file)
    defer { try? output.close() }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3"] + words
    process.environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return (process.terminationStatus, try String(contentsOf: file, encoding: .utf8))
  }

  // MARK: what they import

  private static let packages = [
    "4": ["python-socketio==4.6.1", "python-engineio==3.14.2", "requests", "websocket-client"],
    "5": ["python-socketio>=5.11,<6", "requests", "websocket-client"],
    "websockets": ["websockets>=13,<15"],
  ]

  /// One at a time, as several tests want the same.
  private static let installing = Mutex(())

  /// The folder with a release of the Python client, or with another library, which is installed at
  /// the first time.
  private static func folder(_ release: String) throws -> String {
    let folder = Built.root.appendingPathComponent(".build/python-socketio-\(release)")
    let done = folder.appendingPathComponent("installed").path
    return try installing.withLock { _ in
      if FileManager.default.fileExists(atPath: done) { return folder.path }
      let (code, output) = try python(
        ["-m", "pip", "install", "--quiet", "--target", folder.path] + (packages[release] ?? []))
      guard code == 0 else {
        throw Failure(
          "python3 -m pip install \(packages[release] ?? []) failed; python3 and pip are needed:"
            + " apt-get install python3 python3-pip\n\(output)")
      }
      _ = FileManager.default.createFile(atPath: done, contents: nil)
      return folder.path
    }
  }
}
