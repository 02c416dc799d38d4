import Egg

final class CookieController: Controller {
  func set() throws {
    try ctx.cookies.set("signed", "one")
    try ctx.cookies.set("secret", "two", CookieOptions(encrypt: true))
    try ctx.cookies.set(
      "plain", "three", CookieOptions(maxAge: .seconds(60), httpOnly: false, signed: false))
    ctx.body = "set"
  }

  func get() throws {
    ctx.body =
      [
        "signed": Value(try ctx.cookies.get("signed")),
        "secret": Value(try ctx.cookies.get("secret", encrypt: true)),
        "plain": Value(try ctx.cookies.get("plain", signed: false)),
        "plainChecked": Value(try ctx.cookies.get("plain")),
      ] as Value
  }
}
