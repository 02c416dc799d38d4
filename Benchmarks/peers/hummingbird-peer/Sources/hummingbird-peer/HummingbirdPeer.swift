import Hummingbird
import Logging
import NIOPosix

/// The routes of the comparison on Hummingbird: one event loop, no log lines, no extra features.
///
///     hummingbird-peer PORT
@main
struct HummingbirdPeer {
  static func main() async throws {
    guard CommandLine.arguments.count == 2, let port = Int(CommandLine.arguments[1]) else {
      print("usage: hummingbird-peer PORT")
      return
    }
    let router = Router()
    router.get("plaintext") { _, _ in "Hello, World!" }
    router.get("json") { _, _ in Greeting(message: "Hello, World!") }
    router.get("user/:id") { _, context in try context.parameters.require("id") }
    router.post("echo") { request, context in
      try await request.decode(as: Order.self, context: context)
    }
    let layered = router.group("mw")
    for _ in 0..<10 { layered.add(middleware: PassThrough()) }
    layered.get { _, _ in "Hello, World!" }

    var logger = Logger(label: "peer")
    logger.logLevel = .error
    let application = Application(
      router: router,
      configuration: .init(address: .hostname("127.0.0.1", port: port)),
      eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup(numberOfThreads: 1)),
      logger: logger)
    try await application.runService()
  }
}

/// What /json answers.
struct Greeting: ResponseEncodable {
  let message: String
}

/// What /echo reads and answers; the shape of the body that the runner posts.
struct Order: ResponseCodable {
  let message: String
  let count: Int
  let tags: [String]
}

/// One of the ten layers of /mw: does nothing but call the next.
struct PassThrough<Context: RequestContext>: RouterMiddleware {
  func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    try await next(request, context)
  }
}
