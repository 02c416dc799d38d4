import Egg
import EggRedis
import Foundation
import RedisClient
import RedisTestSupport
import Testing

@Suite("Redis over TLS") struct TLSTests {
  /// A server with a certificate for 127.0.0.1 and redis.test, signed by an authority of its own.
  private func server(_ more: [String] = []) async throws -> (RedisServer, URL) {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("egg-redis-tls-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let script = """
      set -e; cd '\(folder.path)'
      key() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "$@"; }
      key -x509 -days 2 -subj /CN=authority -keyout ca.key -out ca.crt
      key -subj /CN=server -keyout server.key -out server.csr
      printf 'subjectAltName=IP:127.0.0.1,DNS:redis.test' > names
      openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 \
        -extfile names -out server.crt
      """
    try await RedisServer.run(["sh", "-c", script])
    let port = try RedisServer.freePort()
    let server = try await RedisServer.start(
      [
        "--tls-port", String(port), "--tls-cert-file", folder.path + "/server.crt",
        "--tls-key-file", folder.path + "/server.key", "--tls-ca-cert-file",
        folder.path + "/ca.crt",
      ] + more, port: port, plain: false)
    return (server, folder)
  }

  @Test func `commands and large values are encrypted, and who the server is is checked`()
    async throws
  {
    let (server, folder) = try await server()
    defer { try? FileManager.default.removeItem(at: folder) }
    var tls = TLSOptions()
    tls.ca = folder.path + "/ca.crt"
    tls.cert = folder.path + "/server.crt"
    tls.key = folder.path + "/server.key"
    let (redis, client) = try await connected(server) { $0.tls = tls }
    defer { client.end() }
    let large = [UInt8](repeating: 7, count: 3_000_000)
    try await redis.set("large", large)
    #expect(try await redis.getBytes("large") == large)
    let results = try await redis.pipeline().set("a", 1).incr("a").exec()
    #expect(try results[1].get().int == 2)

    for (name, reason) in [
      ("redis.test", nil), ("other.test", "hostname mismatch"),
    ] {
      tls.servername = name
      if let reason {
        let error = try await firstFailure(server) { $0.tls = tls }
        #expect(error?.message.contains(reason) == true)
      } else {
        let (_, named) = try await connected(server) { $0.tls = tls }
        named.end()
      }
    }
  }

  @Test func `a certificate that nobody trusts is refused unless that is wanted`() async throws {
    let (server, folder) = try await server(["--tls-auth-clients", "no"])
    defer { try? FileManager.default.removeItem(at: folder) }
    let error = try await firstFailure(server) { $0.tls = TLSOptions() }
    #expect(error?.message.contains("the server's certificate: ") == true)
    var tls = TLSOptions()
    tls.rejectUnauthorized = false
    let (redis, client) = try await connected(server) { $0.tls = tls }
    defer { client.end() }
    #expect(try await redis.ping() == "PONG")
    tls.ca = "/no/such/file"
    let missing = try await firstFailure(server) { $0.tls = tls }
    #expect(missing?.message.contains("tls.ca /no/such/file") == true)
  }
}
