import EggKernel

import class Egg.Application
import class Egg.Context

/// What tests have put in place, until it is restored.
enum Mocks {
  /// Sent with each request; names in the case in which they were given.
  private(set) static var headers: [(name: String, value: String)] = []
  private(set) static var cookies: [(name: String, value: String)] = []
  static var session: ValueMap?
  static var sendsCsrfToken = false
  /// Where each log file ended when `mockLog` was called.
  static var logStarts: [String: Int] = [:]

  /// In place of other servers, the last one first.
  static var servers: [MockedServer] = []

  static func setHeader(_ name: String, _ value: String) {
    headers.removeAll { $0.name.lowercased() == name.lowercased() }
    headers.append((name, value))
  }

  /// - Throws: `EggError` when the application has no keys to sign with.
  static func setCookie(_ name: String, _ value: String, _ app: Egg.Application) throws {
    let signature = try CookieCrypto.signature("\(name)=\(value)", app)
    cookies.removeAll { $0.name == name || $0.name == name + ".sig" }
    cookies.append((name, value))
    cookies.append((name + ".sig", signature))
  }

  /// Sees to it that each context begins with what is mocked.
  static func prepareContexts() {
    TestDoubles.prepare = { ctx in
      guard let session else { return }
      do {
        try ctx.setExtension("session", .map(session))
      } catch {
        ctx.app.logger.error("mockSession needs the plugin session: \(error)")
      }
    }
  }

  static func mockEnv(_ env: String?) {
    TestDoubles.env = env
    guard let app = TestHost.running?.application else { return }
    for base in [app, app.linkedAgent].compactMap({ $0 as ApplicationBase? }) {
      base.config.replace("env", with: env.map { .text($0) })
    }
  }

  static func restore() {
    headers = []
    cookies = []
    session = nil
    sendsCsrfToken = false
    logStarts = [:]
    servers = []
    mockEnv(nil)
    TestDoubles.services = [:]
    TestDoubles.prepare = nil
  }

  /// The header fields that mocks add to one request.
  static var requestFields: [(name: String, value: String)] {
    var fields = headers
    var cookies = cookies
    if sendsCsrfToken {
      let token = "mocked-csrf-token-000000"
      let config = TestHost.running?.application.config["security.csrf"] ?? .undefined
      let cookieName = config.cookieName.string ?? config.cookieName[0].string ?? "csrfToken"
      if !cookies.contains(where: { $0.name == cookieName }) { cookies.append((cookieName, token)) }
      let value = cookies.first { $0.name == cookieName }?.value ?? token
      fields.append(
        (config.headerName.string ?? config.headerName[0].string ?? "x-csrf-token", value))
    }
    if !cookies.isEmpty {
      fields.append(("Cookie", cookies.map { "\($0.name)=\($0.value)" }.joined(separator: "; ")))
    }
    return fields
  }
}

/// The signature that `ctx.cookies` expects beside a cookie.
private enum CookieCrypto {
  static func signature(_ text: String, _ app: Egg.Application) throws -> String {
    let digest = try app.crypto.hmac(
      "sha256", key: Array((app.keys.first ?? "").utf8), Array(text.utf8))
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    var signature = ""
    var bits = 0
    var pending = 0
    for byte in digest {
      pending = pending << 8 | Int(byte)
      bits += 8
      while bits >= 6 {
        bits -= 6
        signature.append(alphabet[pending >> bits & 63])
      }
      pending &= (1 << bits) - 1
    }
    if bits > 0 { signature.append(alphabet[pending << (6 - bits) & 63]) }
    return signature
  }
}
