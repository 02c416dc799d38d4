import Foundation
import Testing

@testable import EggStatic

/// The plugin as a library in a server, asked over a socket. Needs `ServerProbe` and
/// `libEggStatic.so`, which `swift build` makes.
@Suite("Static in a server", .enabled(if: RunningServer.isPossible), .serialized)
struct ServerTests {
  @Test func `a file is answered with its fields`() async throws {
    let folder = try TemporaryFolder()
    try folder.write("app/public/a.txt", "hello", modified: 784_111_777)
    let server = try RunningServer(folder)
    let answer = try server.ask("GET /public/a.txt")
    #expect(answer.status == 200)
    #expect(answer.text == "hello")
    #expect(answer["content-type"] == "text/plain; charset=utf-8")
    #expect(answer["content-length"] == "5")
    #expect(answer["cache-control"] == "public, max-age=0")
    #expect(answer["last-modified"] == "Sun, 06 Nov 1994 08:49:37 GMT")
    // Base64 of the MD5 of "hello", as Egg's.
    #expect(answer["etag"] == "\"XUFAKrxLKna5cZ2REBfFkg==\"")
    #expect(answer["accept-ranges"] == "bytes")
  }

  @Test func `HEAD has the fields of GET and no body`() async throws {
    let folder = try TemporaryFolder()
    try folder.write("app/public/a.txt", "hello")
    try folder.write("app/public/big.bin", [UInt8](repeating: 7, count: 100_000))
    let server = try RunningServer(folder)
    for (name, length) in [("a.txt", "5"), ("big.bin", "100000")] {
      let answer = try server.ask("HEAD /public/\(name)", "Range: bytes=0-1")
      #expect(answer.status == 200)
      #expect(answer["content-length"] == length)
      #expect(answer.body.isEmpty)
    }
  }

  @Test func `a version that the client has is 304`() async throws {
    let folder = try TemporaryFolder()
    try folder.write("app/public/a.txt", "hello")
    let server = try RunningServer(folder)
    let answer = try server.ask(
      "GET /public/a.txt", "If-None-Match: \"XUFAKrxLKna5cZ2REBfFkg==\"")
    #expect(answer.status == 304)
    #expect(answer.body.isEmpty)
    #expect(answer["etag"] == "\"XUFAKrxLKna5cZ2REBfFkg==\"")
    #expect(answer["content-type"] == nil)
  }

  @Test(arguments: [5, 200_000])
  func `ranges of files in memory and on disk`(size: Int) async throws {
    let folder = try TemporaryFolder()
    let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    try folder.write("app/public/a.bin", content)
    let server = try RunningServer(folder)
    #expect(try server.ask("GET /public/a.bin").body == content)
    let part = try server.ask("GET /public/a.bin", "Range: bytes=1-3")
    #expect(part.status == 206)
    #expect(part["content-range"] == "bytes 1-3/\(size)")
    #expect(part.body == Array(content[1...3]))
    let parts = try server.ask("GET /public/a.bin", "Range: bytes=0-0,2-3")
    #expect(parts.status == 206)
    #expect(parts["content-type"]?.hasPrefix("multipart/byteranges; boundary=") == true)
    #expect(parts["content-range"] == nil)
    let none = try server.ask("GET /public/a.bin", "Range: bytes=\(size)-")
    #expect(none.status == 416)
    #expect(none["content-range"] == "bytes */\(size)")
  }

  @Test func `what is not served falls through`() async throws {
    let folder = try TemporaryFolder()
    try folder.write("app/public/sub/index.html", "hello")
    try folder.write("app/public/.env", "secret")
    try folder.link("app/public/passwd", to: "/etc/passwd")
    let server = try RunningServer(folder)
    for path in [
      "/public/", "/public/sub", "/public/sub/", "/public/.env", "/public/%2eenv",
      "/public/passwd", "/public/../egg.json", "/public/%2e%2e/egg.json",
      "/public/..%2fegg.json", "/public/nope", "/sub/index.html", "/public",
    ] {
      #expect(try server.ask("GET \(path)").status == 404, "\(path)")
    }
    #expect(try server.ask("POST /public/sub/index.html").status == 404)
    #expect(try server.ask("GET /public/sub/index.html?v=1").status == 200)
  }

  @Test func `a compressed sibling is sent to who takes it`() async throws {
    let folder = try TemporaryFolder()
    try folder.write("app/public/a.js", "plain")
    try folder.write("app/public/a.js.gz", "zipped")
    let server = try RunningServer(folder)
    let zipped = try server.ask("GET /public/a.js", "Accept-Encoding: deflate, gzip")
    #expect(zipped.text == "zipped")
    #expect(zipped["content-encoding"] == "gzip")
    #expect(zipped["content-type"] == "text/javascript; charset=utf-8")
    let plain = try server.ask("GET /public/a.js")
    #expect(plain.text == "plain")
    #expect(plain["content-encoding"] == nil)
    #expect(zipped["vary"] == "Accept-Encoding" && plain["vary"] == "Accept-Encoding")
  }

  @Test func `a plugin's app-public is served behind the application's`() async throws {
    let folder = try TemporaryFolder()
    try folder.write("app/public/a.txt", "app")
    try folder.write("assets/plugin.json", "{\"name\": \"assets\", \"version\": \"1.0.0\"}")
    try folder.write("assets/app/public/a.txt", "plugin")
    try folder.write("assets/app/public/b.txt", "plugin")
    let server = try RunningServer(
      folder, plugins: ",\"assets\": {\"enable\": true, \"path\": \"\(folder.path)/assets\"}")
    #expect(try server.ask("GET /public/a.txt").text == "app")
    #expect(try server.ask("GET /public/b.txt").text == "plugin")
  }

  @Test func `a file that becomes shorter while it is sent does not hurt the next request`()
    async throws
  {
    let folder = try TemporaryFolder()
    try folder.write("app/public/big.bin", [UInt8](repeating: 7, count: 64 << 20))
    let server = try RunningServer(folder)
    let connection = try Connection(server.port)
    try connection.send("GET /public/big.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    _ = try connection.read(upTo: 1000)
    truncate("\(folder.path)/app/public/big.bin", 10)
    #expect(try connection.readAll().count < 64 << 20)
    #expect(try server.ask("GET /public/big.bin").body == [UInt8](repeating: 7, count: 10))
  }

  @Test func `the layer stands in front of the body parser`() async throws {
    let folder = try TemporaryFolder()
    try folder.write("app/public/a.txt", "hello")
    let server = try RunningServer(folder)
    let fields = ["Content-Type: application/json", "Content-Length: 1"]
    #expect(try server.ask("GET /elsewhere", fields[0], fields[1], body: "{").status == 400)
    #expect(try server.ask("GET /public/a.txt", fields[0], fields[1], body: "{").status == 200)
  }

  @Test func `a folder of dirs is made and served below its own prefix`() async throws {
    let folder = try TemporaryFolder()
    let server = try RunningServer(
      folder, config: "\"static\": {\"dirs\": [{\"dir\": \"lib\", \"prefix\": \"/lib\"}]}")
    #expect(try server.ask("GET /lib/a.txt").status == 404)
    #expect(access("\(folder.path)/lib", F_OK) == 0)
    #expect(access("\(folder.path)/app/public", F_OK) == 0)
    try folder.write("lib/a.txt", "library")
    #expect(try server.ask("GET /lib/a.txt").text == "library")
    #expect(try server.ask("GET /public/a.txt").status == 404)
  }

  @Test func `a mistake in the configuration stops the start and is named`() async throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: RunningServer.Refusal.self) {
      try RunningServer(folder, config: "\"static\": {\"maxAge\": \"1d\"}")
    }
    #expect(error?.text.contains("config.static.maxAge: expected seconds") == true)
  }
}
