import Egg

func router(_ app: Application) {
  let (router, controller) = (app.router, app.controller)
  router.get("/", controller.home.index)
  //访问test接口时调用
  let middlewareOne = app.middleware.middlewareOne(["data": "33333"])
  router.get("/test", middlewareOne, controller.home.test)

  router.get("/user/fetch", controller.user.fetch)
  router.get("/user/twice", controller.user.twice)
  router.get("user", "/user/:id", controller.user.info)
  router.get("/text/user/:id", "user.info")
  router.post("/post", controller.post.create)

  addAnswers(router, controller.answer)
  addShapes(app)

  router.get("/cookie/set", controller.cookie.set)
  router.get("/cookie/get", controller.cookie.get)

  router.get("/unit/c", controller.unit.callC)
  router.get("/unit/back", controller.unit.calledByC)
  router.get("/unit/unknown", controller.unit.unknown)
  if app.plugins.contains(where: { $0.name == "greeter" }) {
    router.get(
      "/unit/greet", app.middleware.greeting(["header": "X-Hi", "name": "route"]),
      controller.unit.greet)
  }
  router.get("/unit/kept", controller.unit.kept)
  router.get("/unit/background", controller.unit.background)

  let user = Handler { ctx, next in
    ctx.state["user"] = "ada"
    try await next()
  }
  router.ws("/echo/:room?", user, controller.echo.connect)
  router.ws("/texts", TextOnlySocket.self)
}

private func addAnswers(_ router: Router, _ answer: Controllers_answer) {
  router.get("/text", answer.text)
  router.get("/html", answer.html)
  router.get("/json", answer.json)
  router.get("/bytes", answer.bytes)
  router.get("/nothing", answer.nothing)
  router.get("/status", answer.statusOnly)
  router.post("/body", answer.echoBody)
  router.post("/decoded", answer.decoded)
  router.get("/stream", answer.stream)
  router.get("/file", answer.file)
  router.get("/file/piece", answer.filePiece)
  router.get("/file/missing", answer.missingFile)
  router.get("/thrown", answer.thrown)
  router.get("/asserted", answer.asserted)
  router.get("/broken", answer.broken)
  router.get("/redirect", answer.redirect)
  router.get("/helper", answer.helper)
  let seen = Handler { ctx, next in
    ctx.state["seen"] = "by a middleware"
    try await next()
  }
  router.get("/extensions", seen, answer.extensions)
}

private func addShapes(_ app: Application) {
  let router = app.router
  router.resources("articles", "/articles", app.controller.articles)
  router.redirect("/old", "/text", 302)
  router.get("/admin/:id(\\d+)", app.controller.admin.user.info)
  router.get("/admin/user/:id", "admin.user.info")
  router.get("/pass", app.controller.admin.user.fallThrough)
  router.get("/pass") { ctx in ctx.body = "behind" }
  router.get("pair", "/pair/:from/to/:to?") { ctx in
    ctx.body =
      ["params": ctx.params.value, "name": Value(ctx.routerName), "path": Value(ctx.routerPath)]
      as Value
  }
  router.get(RegexPath("^/post/(\\d+)/(.*)$")) { ctx in
    ctx.body = "\(ctx.params[0])|\(ctx.params[1])"
  }
  router.get("/captured/:name/:rest?") { ctx in
    ctx.body =
      [
        "captures": Value(ctx.captures.map { Value($0) }),
        "matched": Value(ctx.matched.map { Value("\($0.name) \($0.path)") }),
      ] as Value
  }
  router.get("/whoami") { ctx in
    ctx.body = try ctx.callNow("whoami", "hi")
  }
  router.post("captured", "/captured/:id") { ctx in ctx.body = "posted" }
  router.get("/urls") { ctx in
    let app = ctx.app
    ctx.body =
      [
        app.url("user", ["id": 7]), app.url("articles"), app.url("article", ["id": 3]),
        app.url("pair", ["from": "a b", "to": "c", "q": "x"]), ctx.helper.urlFor("user", ["id": 1]),
        app.url("nobody"),
      ] as Value
  }
  let api = router.namespace("/api", app.middleware.typed(["name": "api"]))
  api.get("/thing") { ctx in ctx.body = "thing" }
  for path in ["/matched", "/matched/deep", "/matchedNot", "/ignored"] {
    router.get(path) { ctx in ctx.body = path }
  }
  router.get("/late") { ctx in
    try await Task.sleep(for: .milliseconds(20))
    ctx.body = "late"
  }
}
