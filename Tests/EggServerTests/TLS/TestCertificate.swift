import Foundation

/// A certificate and its key, made by `openssl` for this run.
struct TestCertificate: Sendable {
  let certificate: String
  let key: String

  /// As `config.cluster.https`.
  var config: String { #"{"key": "\#(key)", "cert": "\#(certificate)"}"# }

  /// For this machine.
  static let localhost = try! TestCertificate("localhost", names: ["localhost"])

  static let folder: URL = {
    let folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appendingPathComponent("egg-certificates-\(UUID().uuidString)")
    try! FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    atexit { try? FileManager.default.removeItem(at: TestCertificate.folder) }
    return folder
  }()

  /// - Parameters:
  ///   - signer: who vouches for it; nil for itself.
  ///   - kind: what `openssl req -newkey` takes.
  init(
    _ name: String, names: [String] = [], signer: TestCertificate? = nil, isAuthority: Bool = false,
    days: Int = 30, kind: [String] = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
  ) throws {
    let base = TestCertificate.folder.appendingPathComponent(UUID().uuidString).path
    certificate = base + ".pem"
    key = base + ".key"
    var words = ["req", "-x509", "-nodes", "-newkey"] + kind
    words += ["-keyout", key, "-out", certificate, "-subj", "/CN=\(name)", "-days", "\(days)"]
    if !names.isEmpty {
      words += ["-addext", "subjectAltName=" + names.map { "DNS:\($0)" }.joined(separator: ",")]
    }
    if isAuthority { words += ["-addext", "keyUsage=keyCertSign,cRLSign"] }
    if let signer { words += ["-CA", signer.certificate, "-CAkey", signer.key] }
    let outcome = try Tool.run("openssl", words)
    guard outcome.status == 0 else { throw Failure("openssl: \(outcome.output)") }
  }
}

/// Runs programs of others.
enum Tool {
  /// - Returns: the exit code, and both outputs as one text.
  static func run(
    _ name: String, _ words: [String], input: String = ""
  ) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [name] + words
    let output = Pipe()
    let source = Pipe()
    process.standardOutput = output
    process.standardError = output
    process.standardInput = source
    try process.run()
    source.fileHandleForWriting.write(Data(input.utf8))
    source.fileHandleForWriting.closeFile()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }
}
