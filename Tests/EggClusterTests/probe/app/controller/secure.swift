import Egg

/// What applications see of HTTPS.
final class SecureController: Controller {
  func client() {
    guard let client = ctx.request.clientCertificate else {
      ctx.body = "nobody"
      return
    }
    ctx.body =
      [
        "subject": client.subject, "issuer": client.issuer, "serial": client.serialNumber,
        "fingerprint": client.fingerprint256, "size": client.raw.count,
        "days": (client.validTo - client.validFrom) / 86_400_000,
        "authorized": client.isAuthorized,
      ] as Value
  }

  /// What the application is, by its configuration.
  func identity() {
    let config = app.config
    ctx.body =
      [
        "env": config.env, "name": config.name, "baseDir": config.baseDir, "HOME": config.HOME,
        "root": config.root, "scope": config.scope, "pkg": config.pkg, "rundir": config.rundir,
      ] as Value
  }
}

final class EchoSocket: WebSocketController {
  override func message(_ text: String) async throws {
    try await socket.send("\(ctx.request.protocol) \(text.utf8.count) \(text.suffix(5))")
  }
}
