import Egg
import EggI18nClient
import EggJsonpClient

final class AnswerController: Controller {
  func data() {
    switch ctx.query["kind"] {
    case "text": ctx.body = "te\"xt\u{2028}"
    case "none": break
    default: ctx.body = ["a": 1, "jsonp": ctx.acceptJSONP] as Value
    }
  }

  func fails() throws { try ctx.throw(401, "who?", ["headers": ["Vary": "Accept"] as Value]) }

  func locale() { ctx.body = ctx.locale }

  func text() {
    ctx.body =
      [
        "plain": ctx.__("Email"), "same": ctx.gettext("Email"), "missing": ctx.__("no such key"),
        "nested": ctx.__("user.name"), "text": ctx.__("Welcome back, %s!", "Ada"),
        "list": ctx.__("Hello {0}! My name is {1}.", ["Ada", "Bob"]),
        "map": ctx.__("{a} of {b}", ["a": 1, "b": 0] as Value),
        "signs": ctx.__("%s %d %j %% %s", "x", 1.5, ["k": 1] as Value), "more": ctx.__("a", 1, 2),
      ] as Value
  }

  func change() throws {
    try ctx.setLocale(ctx.params["locale"])
    ctx.body = ctx.__("Email")
  }
}
