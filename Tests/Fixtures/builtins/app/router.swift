import Egg
import EggJsonpClient

func router(_ app: Application) {
  app.router.get("/plain", app.controller.session.plain)
  app.router.get("/session/get/:name", app.controller.session.get)
  app.router.post("/session/set", app.controller.session.set)
  app.router.post("/session/replace", app.controller.session.replace)
  app.router.post("/session/destroy", app.controller.session.destroy)
  app.router.post("/session/age/:time", app.controller.session.age)
  app.router.post("/session/save", app.controller.session.save)
  app.router.post("/session/regenerate", app.controller.session.regenerate)
  app.router.post("/session/commit", app.controller.session.commit)
  app.router.post("/session/fail", app.controller.session.fail)
  app.router.get("/session/face", app.controller.session.face)
  app.router.get("/session/store", app.controller.session.store)
  app.router.get("/session/events", app.controller.session.events)
  app.router.get("/fail/plain", app.controller.failing.plain)
  app.router.get("/fail/later", app.controller.failing.later)
  app.router.get("/fail/refused", app.controller.failing.refused)
  app.router.get("/fail/secret", app.controller.failing.secret)
  app.router.get("/fail/file", app.controller.failing.missingFile)

  app.router.get("/token", app.controller.security.token)
  app.router.get("/nonce", app.controller.security.nonce)
  app.router.get("/options", app.controller.security.options)
  app.router.get("/leave", app.controller.security.leave)
  app.router.all("/guarded", app.controller.security.guarded)
  app.router.post("/api/guarded", app.controller.security.guarded)
  app.router.post("/login", app.controller.security.login)
  app.router.get("/assert", app.controller.security.assert)
  app.router.post("/helper", app.controller.security.helper)
  app.router.get("/domain/:host", app.controller.security.domain)
  app.router.get("/address/:address", app.controller.security.address)
  app.router.get("/page/:name", app.controller.security.page)

  app.router.post("/posts", app.controller.post.create)
  app.router.post("/typed", app.controller.post.typed)
  app.router.post("/rules", app.controller.post.rules)

  app.router.get("/cors/fails", app.controller.answer.fails)
  app.router.get("/locale", app.controller.answer.locale)
  app.router.get("/text", app.controller.answer.text)
  app.router.get("/change/:locale", app.controller.answer.change)
  app.router.post("/upload/parts", app.controller.upload.parts)
  app.router.post("/upload/single", app.controller.upload.single)
  app.router.post("/upload/optional", app.controller.upload.optional)
  app.router.post("/upload/checked", app.controller.upload.checked)
  app.router.post("/upload/files", app.controller.upload.files)
  app.router.post("/upload/saved", app.controller.upload.saved)
  app.router.post("/upload/twice", app.controller.upload.twice)
  app.router.get("/large/:kind/:size", app.controller.large.body)
  app.router.post("/curl", app.controller.remote.curl)
  app.router.post("/curl/safe", app.controller.remote.safe)
  app.router.post("/curl/stream", app.controller.remote.stream)
  app.router.post("/curl/app", app.controller.remote.byApp)
  // A route asks for its middleware by name, so the plugin has to be on.
  if app.config.jsonp.exists { jsonpRoutes(app) }
}

private func jsonpRoutes(_ app: Application) {
  app.router.get("/jsonp", app.jsonp(), app.controller.answer.data)
  app.router.get(
    "/jsonp/short", app.jsonp(["limit": 3, "callback": "cb"]), app.controller.answer.data)
  app.router.get(
    "/jsonp/known", app.jsonp(["whiteList": [".friend.test", "/^https:.*x/"]]),
    app.controller.answer.data)
  app.router.get("/jsonp/csrf", app.jsonp(["csrf": true]), app.controller.answer.data)
}
