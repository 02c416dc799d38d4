import Egg

func router(_ app: Application) {
  let post = app.controller.post
  app.router.get("/", post.index)
  app.router.get("/posts/new", post.new)
  app.router.post("/posts", post.create)
  app.router.get("/posts/:id", post.show)
  app.router.get("/posts/:id/edit", post.edit)
  app.router.post("/posts/:id", post.update)
  app.router.post("/posts/:id/delete", post.destroy)
}
