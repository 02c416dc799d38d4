import EggTestSupport
import Foundation

/// Two authorities and what they have signed, made for a test run.
public struct Certificates: Sendable {
  /// `ca.pem`, `server.pem`, `server.key`, `client.pem`, `client.key` of the first; `other.pem` is the
  /// second authority. The server is called localhost, and has no address. `rsa.key` is a key alone.
  public let folder: String

  public init(in folder: String) throws {
    self.folder = folder
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    for name in ["ca", "other"] {
      try openssl(
        ["req", "-x509", "-days", "2", "-subj", "/CN=\(name)"] + key
          + ["-keyout", path("\(name).key"), "-out", path("\(name).pem")])
    }
    try openssl(["genrsa", "-out", path("rsa.key"), "2048"])
    for (name, extensions) in [("server", "subjectAltName=DNS:localhost"), ("client", "")] {
      let file = path("\(name).ext")
      try extensions.write(toFile: file, atomically: true, encoding: .utf8)
      try openssl(
        ["req", "-subj", "/CN=\(name)"] + key
          + ["-keyout", path("\(name).key"), "-out", path("\(name).csr")])
      try openssl([
        "x509", "-req", "-days", "2", "-in", path("\(name).csr"), "-CA", path("ca.pem"),
        "-CAkey", path("ca.key"), "-CAcreateserial", "-extfile", file, "-out", path("\(name).pem"),
      ])
    }
  }

  public func path(_ name: String) -> String { "\(folder)/\(name)" }

  private func openssl(_ words: [String]) throws {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["openssl"] + words
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure("openssl \(words[0]): apt-get install openssl\n\(text)")
    }
  }
}
