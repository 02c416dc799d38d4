import Egg

// A unit as an application writes it, and the file that the loader generates for it.

final class HomeController: Controller {
  func index() { ctx.body = "hi, egg" }
  func test() async throws {
    trace.append("test")
    ctx.body = "test"
  }
  func broken() throws { try ctx.throw(418, "teapot", ["code": "TEA"]) }
}

final class UserController: Controller {
  func info() async throws { ctx.body = try await service.user.find(ctx.params["id"]) }
  func create() throws {
    let input = try ctx.request.decode(NewUser.self)
    ctx.body = ["id": 1, "name": input.name] as Value
    ctx.status = 201
  }
}

enum PingController {
  static func pong(_ ctx: Context) { ctx.body = ["pong": true] }
}

struct NewUser: Codable {
  var name: String
  var age: Int
}

final class UserService: Service {
  var asked = 0
  func find(_ id: String) async throws -> NewUser {
    asked += 1
    await Task.yield()
    try ctx.assert(id != "0", 404, "no such user")
    return NewUser(name: "user \(id)", age: asked)
  }
}

struct GzipOptions: Decodable { var threshold: Int }

var trace: [String] = []

func middlewareOne(_ options: Value, _ app: Application) -> Middleware {
  func middlewareOne(ctx: Context, next: Next) async throws {
    trace.append("start one \(options.data)")
    try await next()
    trace.append("end one \(options.data)")
  }
  return middlewareOne
}

func gzip(_ options: GzipOptions) -> Middleware {
  return { ctx, next in
    try await next()
    ctx.set("X-Threshold", options.threshold)
  }
}

extension Helper {
  func parseMsg(_ action: String, _ payload: Value = [:]) -> Value {
    ["data": ["action": action, "payload": payload] as Value]
  }
}

extension Context {
  var isMobile: Bool { self.get("user-agent").contains("Mobile") }
}

final class AppBoot: Boot {
  override func configWillLoad() async throws { try app.config.set("added", ["by": "boot"]) }
  override func configDidLoad() async { trace.append("configDidLoad \(app.config.added.by)") }
  override func didLoad() async throws {
    await Task.yield()
    trace.append("didLoad")
  }
  override func beforeClose() async { trace.append("beforeClose") }
}

final class CleanUp: Subscription {
  static let schedule = Schedule(interval: "1h")
  func subscribe() async throws { trace.append("cleaned \(ctx.method)") }
}

func router(_ app: Application) {
  let controller = app.controller
  app.router.get("/", controller.home.index)
  let middlewareOne = app.middleware.middlewareOne(["data": "33333"])
  app.get("/test", middlewareOne, app.middleware.gzip(["threshold": 7]), controller.home.test)
  app.get("user", "/user/:id", controller.user.info).post("/user", "user.create")
  app.get("/ping", controller.ping.pong).get("/broken", controller.home.broken)
  app.get("/closure") { ctx in ctx.body = ["path": ctx.path] }
  app.resources("users", "/api/users", controller.user)
}

// ---- generated ----------------------------------------------------------------------------

func declareSample(_ unit: UnitDeclaration) {
  unit.boot(AppBoot.self)
  unit.router(router)
  unit.middleware("middlewareOne", make_middlewareOne)
  unit.middleware("gzip", make_gzip)
  unit.controller(Controllers_home())
  unit.controller(Controllers_user())
  unit.controller(Controllers_ping())
  unit.method(Helper.self, "parseMsg") { target, args in
    switch args.count {
    case ...1: try .returning(target.parseMsg(args.get(0)))
    default: try .returning(target.parseMsg(args.get(0), args.get(1)))
    }
  }
  unit.property(Context.self, "isMobile", get: { try .returning($0.isMobile) })
  unit.export("app/schedule/clean_up.swift", schedule: CleanUp.schedule, CleanUp.subscribe)
  unit.export("app/io/middleware/one.swift", middleware: MiddlewareFactory(middlewareOne))
  unit.export("app/io/controller/user.swift", controller: Controllers_user())
}

extension Application { var controller: Controllers { Controllers() } }

struct Controllers {
  var home: Controllers_home { .init() }
  var user: Controllers_user { .init() }
  var ping: Controllers_ping { .init() }
}
struct Controllers_home: ControllerActions {
  var index: Action { Action("home.index", HomeController.index) }
  var test: Action { Action("home.test", HomeController.test) }
  var broken: Action { Action("home.broken", HomeController.broken) }
  var actions: [Action] { [index, test, broken] }
}
struct Controllers_user: ControllerActions {
  var info: Action { Action("user.info", UserController.info) }
  var create: Action { Action("user.create", UserController.create) }
  var actions: [Action] { [info, create] }
}
struct Controllers_ping: ControllerActions {
  var pong: Action { Action("ping.pong", PingController.pong) }
  var actions: [Action] { [pong] }
}

extension Context { var service: Services { Services(ctx: self) } }
extension ContextObject { var service: Services { ctx.service } }

struct Services {
  let ctx: Context
  var user: UserService { ctx.service(UserService.self) }
}

extension Application { var middleware: Middlewares { Middlewares(app: self) } }

@dynamicMemberLookup
struct Middlewares: MiddlewareTree {
  let app: Application
  func middlewareOne(_ options: Value = [:]) -> Handler {
    .middleware("middlewareOne", options, app, make_middlewareOne)
  }
  func gzip(_ options: Value = [:]) -> Handler {
    .middleware("gzip", options, app, make_gzip)
  }
}
private var make_middlewareOne: MiddlewareFactory { MiddlewareFactory(middlewareOne) }
private var make_gzip: MiddlewareFactory { MiddlewareFactory(gzip) }
