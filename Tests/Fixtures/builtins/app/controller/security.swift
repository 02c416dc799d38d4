import Egg
import EggSecurityClient

final class SecurityController: Controller {
  func token() { ctx.body = ["token": ctx.csrf, "again": ctx.csrf] }
  func nonce() { ctx.body = ["nonce": ctx.nonce, "again": ctx.nonce] }
  func guarded() { ctx.body = "done" }
  func leave() { ctx.redirect(ctx.query.to ?? "/elsewhere") }

  func options() {
    ctx.securityOptions.xframe = ["value": "DENY"]
    ctx.securityOptions.noopen = ["enable": false]
    ctx.securityOptions.csp = [
      "enable": true, "policy": ["script-src": ["'self'", "a.example.com"]] as Value,
    ]
    ctx.body = ctx.nonce
  }

  func login() throws {
    try ctx.rotateCsrfSecret()
    ctx.body = ctx.csrf
  }

  func assert() throws {
    try ctx.assertCsrf()
    ctx.body = "right"
  }

  func helper() throws {
    let text = ctx.request.body.text.string ?? ""
    let helper = ctx.helper
    ctx.body =
      [
        "escape": helper.escape(text), "surl": helper.surl(text), "shtml": helper.shtml(text),
        "sjs": helper.sjs(text), "sjson": try helper.sjson(["a": text]),
        "spath": helper.spath(text) ?? "outside", "cliFilter": helper.cliFilter(text),
        "escapeShellArg": helper.escapeShellArg(text),
        "escapeShellCmd": helper.escapeShellCmd(text),
        "byName": try helper.callNow("surl", text),
      ] as Value
  }

  func domain() throws {
    let host = ctx.params["host"]
    ctx.body =
      [
        "configured": try ctx.isSafeDomain(host),
        "listed": try ctx.isSafeDomain(host, ["only.test"]),
      ] as Value
  }

  func address() async throws {
    let host = ctx.query.host ?? ""
    ctx.body = "\(try await app.isSafeAddress(ctx.params["address"], hostname: host))"
  }

  func page() async throws { try await ctx.render(ctx.params["name"], ["key": "Email"]) }
}
