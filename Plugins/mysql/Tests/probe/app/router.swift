import Egg

func router(_ app: Application) {
  app.router.get("/user/:id", app.controller.post.user)
  app.router.get("/posts", app.controller.post.posts)
  app.router.get("/other", app.controller.post.other)
  app.router.get("/instance", app.controller.post.instance)
  app.router.get("/center", app.controller.post.center)
  app.router.get("/inserted", app.controller.post.inserted)
  app.router.get("/renewed", app.controller.post.renewed)
  app.router.get("/json", app.controller.post.json)
  app.router.get("/large", app.controller.post.large)
  app.router.get("/nested", app.controller.post.nested)
  app.router.get("/aborted", app.controller.post.aborted)
  app.router.get("/count", app.controller.post.count)
  app.router.get("/stream", app.controller.post.stream)
  app.router.get("/hooks", app.controller.post.hooks)
  app.router.get("/prepared", app.controller.post.prepared)
  app.router.get("/duplicate", app.controller.post.duplicate)
  app.router.get("/byname", app.controller.post.byName)
}
