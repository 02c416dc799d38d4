import Foundation

/// A `ServerProbe` with the plugin, on a port of its own; ended with this object.
final class RunningServer {
  struct Refusal: Error { let text: String }

  let port: UInt16
  private let process = Process()
  /// The probe ends when this does.
  private let input = Pipe()

  /// Where the build puts programs and libraries.
  private nonisolated static var products: URL {
    URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
      .deletingLastPathComponent()
  }

  nonisolated static var isPossible: Bool {
    ["ServerProbe", "libEggStatic.so"].allSatisfy {
      FileManager.default.fileExists(atPath: products.appendingPathComponent($0).path)
    }
  }

  /// Makes an application of `folder` and starts it.
  ///
  /// - Parameters:
  ///   - plugins: more of `config/plugin.json`, with a comma in front.
  ///   - config: of `config/config.default.json`, without the braces.
  init(_ folder: TemporaryFolder, plugins: String = "", config: String = "") throws {
    let plugin = "\(folder.path)/plugin-static"
    let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent()
    try FileManager.default.createDirectory(
      atPath: plugin, withIntermediateDirectories: true)
    for name in ["plugin.json", "config"] {
      try FileManager.default.copyItem(
        atPath: source.appendingPathComponent(name).path, toPath: "\(plugin)/\(name)")
    }
    try FileManager.default.copyItem(
      atPath: Self.products.appendingPathComponent("libEggStatic.so").path,
      toPath: "\(plugin)/libEggStatic.so")
    try folder.write("egg.json", "{\"name\": \"demo\", \"version\": \"1.0.0\"}")
    try folder.write("config/config.default.json", "{\(config)}")
    try folder.write(
      "config/plugin.json", "{\"static\": {\"enable\": true, \"path\": \"\(plugin)\"}\(plugins)}")

    let output = Pipe()
    process.executableURL = Self.products.appendingPathComponent("ServerProbe")
    process.arguments = [folder.path, "unittest"]
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    var text = ""
    while true {
      if let line = text.split(separator: "\n").first(where: { $0.hasPrefix("port ") }),
        text.hasSuffix("\n"), let number = UInt16(line.dropFirst(5))
      {
        port = number
        return
      }
      let more = output.fileHandleForReading.availableData
      if more.isEmpty { throw Refusal(text: text) }
      text += String(decoding: more, as: UTF8.self)
    }
  }

  nonisolated deinit {
    process.terminate()
    process.waitUntilExit()
  }

  /// Asks over a connection of its own.
  func ask(_ line: String, _ fields: String..., body: String = "") throws -> Answer {
    let connection = try Connection(port)
    let lines = ["\(line) HTTP/1.1", "Host: localhost", "Connection: close"] + fields
    try connection.send(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
    return try Answer(connection.readAll())
  }
}

/// A connection to this machine.
final class Connection {
  private let descriptor: Int32

  init(_ port: UInt16) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else { throw POSIXError(.ECONNREFUSED) }
  }

  nonisolated deinit { close(descriptor) }

  func send(_ text: String) throws {
    let bytes = Array(text.utf8)
    guard Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
      throw POSIXError(.EPIPE)
    }
  }

  func read(upTo count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let got = Glibc.read(descriptor, &bytes, count)
    return Array(bytes.prefix(max(0, got)))
  }

  /// Up to the end or a reset.
  func readAll() throws -> [UInt8] {
    var all: [UInt8] = []
    while case let piece = try read(upTo: 1 << 20), !piece.isEmpty { all += piece }
    return all
  }
}

/// What a server answered.
struct Answer {
  let status: Int
  /// Names in lower case.
  let fields: [String: String]
  let body: [UInt8]

  init(_ bytes: [UInt8]) throws {
    let end = Array("\r\n\r\n".utf8)
    guard
      let place = bytes.indices.first(where: {
        bytes[$0] == 13 && bytes[$0...].starts(with: end)
      })
    else { throw POSIXError(.EBADMSG) }
    let lines = String(decoding: bytes[..<place], as: UTF8.self).components(separatedBy: "\r\n")
    status = Int(lines[0].split(separator: " ")[1]) ?? 0
    var fields: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      fields[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
    }
    self.fields = fields
    body = Array(bytes[(place + 4)...])
  }

  subscript(name: String) -> String? { fields[name] }
  var text: String { String(decoding: body, as: UTF8.self) }
}
