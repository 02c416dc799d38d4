import PluginABI
import Testing

@testable import Egg

extension SDK {
  @Suite("Onion") struct OnionTests {
    private func sample() async throws -> FakeKernel {
      let kernel = FakeKernel()
      kernel.config = ["keys": "a,b"]
      trace = []
      try await kernel.load(declareSample)
      return kernel
    }

    private func run(
      _ kernel: FakeKernel, _ path: String, method: String = "GET",
      _ prepare: (FakeRequest) -> Void = { _ in }
    ) async throws -> FakeRequest {
      let request = FakeRequest(method, path)
      prepare(request)
      let route = try #require(kernel.routes.first { $0.path == path && $0.methods == method })
      await kernel.run(request, route.handlers)
      return request
    }

    @Test func `an action that cannot suspend is done at once`() async throws {
      let kernel = try await sample()
      let request = FakeRequest()
      kernel.runNow(request, kernel.routes[0].handlers)
      #expect(request.isDone)
      #expect(request.text == "hi, egg")
      #expect(request.status == 200)
      #expect(kernel.queue.isEmpty)
    }

    @Test func `a route's middlewares and its action are one handler, run outermost first`()
      async throws
    {
      let kernel = try await sample()
      #expect(kernel.routes[1].handlers.count == 1)
      trace = []
      let request = try await run(kernel, "/test")
      #expect(trace == ["start one 33333", "test", "end one 33333"])
      #expect(request.text == "test")
      #expect(request.responseHeader("X-Threshold") == "7")
    }

    @Test func `a service is made once and its error ends the request`() async throws {
      let kernel = try await sample()
      let found = try await run(kernel, "/user/:id") { $0.params = [("id", "7")] }
      #expect(found.text == #"{"name":"user 7","age":1}"#)
      let missing = try await run(kernel, "/user/:id") { $0.params = [("id", "0")] }
      #expect(missing.failure?.status == 404)
      #expect(missing.failure?.message == "no such user")
      #expect(missing.failure?.expose == true)
    }

    @Test func `ctx.throw carries status, message and code`() async throws {
      let kernel = try await sample()
      let request = try await run(kernel, "/broken")
      #expect(request.failure?.status == 418)
      #expect(request.failure?.code == "TEA")
      #expect(request.failure?.message == "teapot")
    }

    @Test func `input that does not fit is refused with its path`() async throws {
      let kernel = try await sample()
      let request = try await run(kernel, "/user", method: "POST") { $0.body = ["name": "x"] }
      #expect(request.failure?.status == 422)
      #expect(request.failure?.message == "\"age\" is missing")
      let good = try await run(kernel, "/user", method: "POST") {
        $0.body = ["name": "x", "age": 3]
      }
      #expect(good.status == 201)
      #expect(good.text == #"{"id":1,"name":"x"}"#)
    }

    @Test func `layers of other units below are waited for and their error is thrown`() async throws
    {
      let kernel = try await sample()
      var message = egg_str()
      let item = try #require(kernel.middlewares["middlewareOne"])
      func make(_ data: String) -> egg_handler {
        var handler = egg_handler(instance: nil, handle: item.handle)
        withEggValue(["data": data]) {
          _ = item.make!(item.`self`, $0, &handler.instance, &message)
        }
        return handler
      }
      let foreign = egg_handler(instance: nil) { _, call in egg_step(EGG_STEP_PASS) }
      trace = []
      let request = FakeRequest()
      await kernel.run(request, [make("a"), foreign, make("b")] + kernel.routes[0].handlers)
      #expect(trace == ["start one a", "start one b", "end one b", "end one a"])
      #expect(request.text == "hi, egg")
      trace = []
      let failing = FakeRequest()
      let broken = try #require(kernel.routes.first { $0.path == "/broken" })
      await kernel.run(failing, [make("a")] + broken.handlers)
      #expect(trace == ["start one a"])
      #expect(failing.failure?.status == 418)
    }

    @Test func `neighbouring middlewares run as one`() async throws {
      let kernel = try await sample()
      var message = egg_str()
      let item = try #require(kernel.middlewares["middlewareOne"])
      let instances: [UnsafeMutableRawPointer?] = ["a", "b"].map { data in
        var instance: UnsafeMutableRawPointer?
        withEggValue(["data": data]) { _ = item.make!(item.`self`, $0, &instance, &message) }
        return instance
      }
      let memory = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: 2)
      memory.initialize(from: instances, count: 2)
      struct Both {
        let run: egg_middleware, instances: UnsafeMutablePointer<UnsafeMutableRawPointer?>
      }
      let both = UnsafeMutablePointer<Both>.allocate(capacity: 1)
      both.initialize(to: Both(run: item, instances: memory))
      let handler = egg_handler(instance: both) { state, call in
        let both = state!.assumingMemoryBound(to: Both.self).pointee
        return both.run.handle_run!(both.instances, 2, call)
      }
      trace = []
      await kernel.run(FakeRequest(), [handler] + kernel.routes[0].handlers)
      await kernel.run(FakeRequest(), [handler] + kernel.routes[0].handlers)
      let once = ["start one a", "start one b", "end one b", "end one a"]
      #expect(trace == once + once)
    }

    @Test func `a second next is an error`() async throws {
      let kernel = FakeKernel()
      try await kernel.load { unit in
        unit.router { app in
          app.get(
            "/twice",
            Handler { _, next in
              try await next()
              try await next()
            }
          ) { ctx in ctx.body = "x" }
        }
      }
      let request = try await run(kernel, "/twice")
      #expect(request.failure?.message == "next() called multiple times")
    }

    @Test func `a cancelled request cancels the task`() async throws {
      let kernel = FakeKernel()
      try await kernel.load { unit in
        unit.router { app in
          app.get("/slow") { ctx in
            while !Task.isCancelled { await Task.yield() }
            throw CancellationError()
          }
        }
      }
      let request = FakeRequest()
      request.handlers = kernel.routes[0].handlers
      kernel.enter(request, 0)
      let (hook, state) = try #require(request.cancel)
      hook(state)
      await kernel.pump { request.isDone }
      #expect(request.failure?.code == "EGG_CANCELLED")
    }

    @Test func `phases run the boot class in order`() async throws {
      let kernel = try await sample()
      #expect(trace == ["configDidLoad boot", "didLoad"])
      try await kernel.phase(EGG_PHASE_BEFORE_CLOSE)
      #expect(trace.last == "beforeClose")
    }
  }
}
