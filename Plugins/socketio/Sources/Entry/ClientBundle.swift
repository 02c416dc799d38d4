import Egg
import Glibc

/// The library for browsers, from a file that the application names: `serveClient`.
final class ClientBundle {
  private let bytes: [UInt8]
  private let etag: String
  /// `socket.io.js` and the file's own name, below the path of Socket.IO.
  private let names: Set<String>

  static let limit = 8 << 20

  /// - Parameter path: from the application's folder, or absolute.
  /// - Throws: `EggError` when the file cannot be read.
  init(_ path: String, baseDir: String, below prefix: String) throws {
    let file = path.hasPrefix("/") ? path : baseDir + "/" + path
    bytes = try Self.read(file)
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    etag = "\"\(String(hash, radix: 16))\""
    let own = path.split(separator: "/").last.map(String.init) ?? ""
    names = [prefix + "socket.io.js", prefix + own]
  }

  private static func read(_ file: String) throws -> [UInt8] {
    let descriptor = open(file, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw refusal(file, String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var facts = stat()
    guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG,
      facts.st_size <= limit
    else { throw refusal(file, "it is no file of at most 8 MB") }
    var bytes = [UInt8](repeating: 0, count: facts.st_size)
    var count = 0
    while count < bytes.count {
      let got = bytes.withUnsafeMutableBytes {
        Glibc.read(descriptor, $0.baseAddress! + count, $0.count - count)
      }
      if got <= 0 { throw refusal(file, "it became shorter") }
      count += got
    }
    return bytes
  }

  private static func refusal(_ file: String, _ reason: String) -> EggError {
    EggError(
      code: "EGG_SOCKETIO_CONFIG",
      "config.io.init.serveClient: expected a file that can be read, \(file): \(reason)")
  }

  func owns(_ path: String) -> Bool { names.contains(path) }

  func answer(_ ctx: Context) {
    ctx.set("Cache-Control", "public, max-age=0")
    ctx.set("ETag", etag)
    guard ctx.method == "GET" || ctx.method == "HEAD" else {
      ctx.status = 405
      ctx.set("Allow", "GET, HEAD")
      return
    }
    let known = ctx.get("if-none-match").split(separator: ",").contains {
      let one = $0.drop { $0 == " " }
      return one == etag || one == "W/" + etag || one == "*"
    }
    if known {
      ctx.status = 304
      return
    }
    ctx.body = bytes
    ctx.set("Content-Type", "application/javascript; charset=utf-8")
  }
}
