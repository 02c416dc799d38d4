import Egg

func api(_ app: Application) throws {
  app.router.get("/api/post", app.controller.post.create)
}
