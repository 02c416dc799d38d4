import Egg

final class PostController: Controller {
  func create() async throws {
    // 组装参数
    var req = ctx.request.body
    req["author"] = Value(ctx.get("x-user"))
    // 调用 Service 进行业务处理
    let res = try await service.post.create(req)
    // 设置响应内容和响应状态码
    ctx.body = ["id": Value(res.id), "stored": app.cache.get("post.\(res.id)")] as Value
    ctx.status = 201
  }
}
