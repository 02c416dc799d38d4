import PluginABI
import Testing

@testable import Egg

extension SDK {
  /// Members, exports, objects, events and work elsewhere.
  @Suite("Between units") struct UnitTests {
    final class Counter: ExportedObject {
      let objectType = "test.counter/1"
      var count = 0
      func property(_ name: String) throws -> Value {
        name == "count" ? .integer(count) : .undefined
      }
      func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
        guard method == "add" else { throw noSuchMethod(method) }
        await Task.yield()
        count += try args.get(0, as: Int.self)
        return try .returning(self)
      }
    }

    private func sample() async throws -> FakeKernel {
      let kernel = FakeKernel()
      kernel.config = ["keys": "a"]
      trace = []
      try await kernel.load(declareSample)
      return kernel
    }

    @Test func `a helper is called by name and decodes its arguments`() async throws {
      let kernel = try await sample()
      let result = try await kernel.invoke("parseMsg", ["deny", ["a": 1]], FakeRequest())
      #expect(result == ["data": ["action": "deny", "payload": ["a": 1]] as Value])
      let error = await #expect(throws: EggError.self) {
        try await kernel.invoke("parseMsg", [5], FakeRequest())
      }
      #expect(error?.message == "parseMsg: argument 1: expected text, found a number")
    }

    @Test func `a property is read by name`() async throws {
      let kernel = try await sample()
      let request = FakeRequest("GET", "/", [("User-Agent", "Mobile Safari")])
      let item = try #require(kernel.properties["isMobile"])
      var out = egg_value()
      let call = kernel.call(request, .context)
      #expect(item.get(item.`self`, call, &out) == 0)
      #expect(Value(out, host: kernel.host) == true)
    }

    @Test func `a member of this unit that is called by itself leaves the request usable`()
      async throws
    {
      let kernel = FakeKernel()
      try await kernel.load { unit in
        unit.method(Context.self, "shout") { ctx, args in
          try .returning((args.get(0) as String).uppercased() + ctx.path)
        }
        unit.method(Context.self, "slow") { ctx, args in
          await Task.yield()
          return try .returning(ctx.method)
        }
        unit.router { app in
          app.get("/x") { ctx in
            let now = try ctx.callNow("shout", "hey")
            let later = try await ctx.call("slow")
            ctx.body = "\(now) \(later) \(ctx.path)"
          }
        }
      }
      let request = FakeRequest("GET", "/x")
      await kernel.run(request, kernel.routes[0].handlers)
      #expect(request.text == "HEY/x GET /x")
    }

    @Test func `an object is held, asked and called`() async throws {
      let kernel = FakeKernel()
      let counter = Counter()
      var held: Value = .undefined
      try await kernel.load { unit in
        unit.property(Application.self, "counter", get: { _ in try .returning(counter) })
        unit.router { app in
          app.get("/") { ctx in
            let object = try #require(ctx.app.extension("counter").foreign)
            #expect(object.type == "test.counter/1")
            let again = try await object.invoke("add", [2], ctx: ctx)
            try await again.foreign?.invoke("add", [3])
            held = again
            ctx.body = ["count": again["count"]]
          }
          app.get("/missing") { ctx in
            try await app.value(of: counter).foreign?.invoke("nothing")
          }
        }
      }
      let request = FakeRequest()
      await kernel.run(request, kernel.routes[0].handlers)
      #expect(request.failure == nil)
      #expect(request.text == #"{"count":5}"#)
      #expect(held.foreign?.local(Counter.self) === counter)
      let missing = FakeRequest()
      await kernel.run(missing, kernel.routes[1].handlers)
      #expect(missing.failure?.message == "test.counter/1 has no method \"nothing\"")
    }

    @Test func `an object is let go when nobody holds it`() async throws {
      let kernel = FakeKernel()
      try await kernel.load { _ in }
      weak var seen: Counter?
      do {
        let counter = Counter()
        seen = counter
        var value = try Value.returning(counter)
        value = Value(["x": value] as Value)["x"]
        #expect(value.foreign != nil)
      }
      #expect(seen == nil)
    }

    @Test func `exports of contributed directories`() async throws {
      let kernel = try await sample()
      let schedule = try #require(kernel.exports["app/schedule/clean_up.swift"]?.foreign)
      #expect(try schedule.get("schedule").interval == "1h")
      let controller = try #require(kernel.exports["app/io/controller/user.swift"]?.foreign)
      #expect(try controller.get("actions") == ["info", "create"])
      let request = FakeRequest("SCHEDULE")
      let call = kernel.call(request, .context)
      _ = call
      _ = try await kernel.invoke(request, []) { call, args, count, out in
        "run".withEggString {
          schedule.pointer.pointee.ops.pointee.invoke!(schedule.pointer, call, $0, args, count, out)
        }
      }
      #expect(trace.last == "cleaned SCHEDULE")
    }

    @Test func `an exported middleware runs around what its user gives it`() async throws {
      let kernel = try await sample()
      let export = try #require(kernel.exports["app/io/middleware/one.swift"]?.foreign)
      try await kernel.load { unit in
        unit.router { app in
          app.get("/around") { ctx in
            let middleware = try await export.middleware(["data": "io"])
            try await middleware(ctx) {
              trace.append("inside")
              ctx.body = ctx.path
            }
          }
        }
      }
      trace = []
      let request = FakeRequest("GET", "/around")
      await kernel.run(request, [try #require(kernel.routes.last).handlers[0]])
      #expect(trace == ["start one io", "inside", "end one io"])
      #expect(request.text == "/around")
    }

    @Test func `a directory delivers its files before routes are added`() async throws {
      let kernel = FakeKernel()
      var found: [DirectoryEntry] = []
      final class ViewBoot: Boot {
        static var loaded: @MainActor ([DirectoryEntry]) -> Void = { _ in }
        override func register() throws {
          app.directory("app/view", match: "*.tpl") { files in Self.loaded(files) }
        }
      }
      ViewBoot.loaded = { found = $0 }
      try await kernel.load { unit in unit.boot(ViewBoot.self) }
      let item = try #require(kernel.directories["app/view"])
      #expect(String(cString: item.match) == "*.tpl")
      var entry = egg_entry()
      entry.relative = kernel.memory.text("home/index.tpl")
      entry.unit_kind = 2
      _ = try await kernel.invoke(FakeRequest(), []) { call, _, _, _ in
        withUnsafePointer(to: &entry) { pointer in
          var list: [UnsafePointer<egg_entry>?] = [pointer]
          return item.loaded(item.`self`, call, &list, 1)
        }
      }
      #expect(found.map(\.relative) == ["home/index.tpl"])
      #expect(found[0].unitKind == .application)
    }

    @Test func `events reach their listeners`() async throws {
      let kernel = FakeKernel()
      var seen: [String] = []
      try await kernel.load { unit in
        let app = unit.app
        app.on(.error) { error, ctx in seen.append("\(error.message) \(ctx?.path ?? "-")") }
        app.once("paid") { value, _ in seen.append("paid \(value)") }
        app.on(.request) { ctx in seen.append("request \(ctx.path)") }
        unit.router { app in
          app.get("/x") { ctx in
            app.emit("paid", 1)
            app.emit("paid", 2)
            app.emit(EggError("lost"), ctx: ctx)
            app.emit("request", ctx: ctx)
            ctx.body = ctx.path
          }
        }
      }
      let request = FakeRequest("GET", "/x")
      await kernel.run(request, kernel.routes[0].handlers)
      #expect(seen == ["paid 1", "lost /x", "request /x"])
      #expect(request.text == "/x")
    }

    @Test func `blocking work, background work and anonymous contexts`() async throws {
      let kernel = FakeKernel()
      var paths: [String] = []
      try await kernel.load { unit in
        unit.app.beforeStart {
          try await unit.app.runInAnonymousContextScope { ctx in paths.append(ctx.url) }
        }
        unit.router { app in
          app.get("/x") { ctx in
            let sum = try await app.runBlocking { (1...10).reduce(0, +) }
            ctx.runInBackground(name: "mail") { later in paths.append("\(later.url) \(sum)") }
            ctx.runInBackground(name: "bad") { _ in throw EggError("lost mail") }
          }
        }
      }
      let request = FakeRequest("GET", "/x")
      await kernel.run(request, kernel.routes[0].handlers)
      await kernel.pump { kernel.events.count == 1 && paths.count == 2 }
      #expect(paths == ["/", "/x 55"])
      #expect(kernel.logs.contains { $0.message.hasPrefix("[egg:background] task:mail success") })
      #expect(kernel.events.first?.1.message == "lost mail")
    }

    @Test func `an anonymous context ends when nobody holds it`() async throws {
      let kernel = FakeKernel()
      var made: Context?
      try await kernel.load { unit in
        unit.app.beforeStart {
          made = try unit.app.createAnonymousContext(["method": "POST", "url": "/later"])
        }
      }
      #expect(made?.url == "/later")
      let before = kernel.calls.count
      made = nil
      #expect(kernel.calls.count == before - 1)
    }

    @Test func `timers and posts run on the loop`() async throws {
      let kernel = FakeKernel()
      var ran: [String] = []
      var timer: LoopTimer?
      try await kernel.load { unit in
        timer = try unit.app.loop.timer(after: .milliseconds(5)) { ran.append("timer") }
        unit.app.loop.post { ran.append("post") }
      }
      kernel.pump()
      #expect(ran == ["timer", "post"])
      #expect(timer?.isRunning == false)
      #expect(Duration.seconds(1.5).milliseconds == 1500)
    }

    @Test func `a kernel without connections says so`() async throws {
      final class Handler: ConnectionHandler {
        func opened(_ connection: Connection) {}
        func received(_ connection: Connection, _ bytes: UnsafeRawBufferPointer) {}
        func closed(_ reason: CloseReason) {}
      }
      let request = FakeRequest()
      _ = try await handle(request) { ctx in try ctx.takeOver(Handler()) }
      #expect(request.failure?.message == "this kernel hands no connections over")
    }

    @Test func `singletons follow client, clients and default`() async throws {
      let kernel = FakeKernel()
      kernel.config = [
        "mysql": ["default": ["port": 3306], "clients": ["db1": ["host": "a"] as Value] as Value]
          as Value
      ]
      var made: Singleton<Value>?
      try await kernel.load { unit in
        unit.app.beforeStart {
          made = try await unit.app.addSingleton("mysql") { config, _ in config }
        }
      }
      #expect(made?.client == nil)
      #expect(made?.get("db1") == ["port": 3306, "host": "a"])
      #expect(try await made?.createInstance(["port": 1]) == ["port": 1])
    }

    @Test func `an agent process runs no application code`() async throws {
      let kernel = FakeKernel()
      kernel.process = EGG_PROCESS_AGENT
      var ran: [String] = []
      try await kernel.load { unit in
        unit.boot { _ in ran.append("app") }
        unit.agentBoot { _ in ran.append("agent") }
        unit.router { _ in ran.append("router") }
      }
      #expect(ran == ["agent"])
    }

    @Test func `configuration that does not fit names its key`() async throws {
      let kernel = FakeKernel()
      kernel.config = ["mysql": ["port": "x"]]
      nonisolated struct Options: Decodable { var port: Int }
      let error = await #expect(throws: EggError.self) {
        try await kernel.load { unit in
          unit.boot { app in _ = try app.config.decode(Options.self, "mysql") }
        }
      }
      #expect(error?.message == "config.mysql: port: expected a whole number, found text")
    }

    @Test func `a closed phase reports what failed and closes everything`() async throws {
      let kernel = FakeKernel()
      var closed: [String] = []
      try await kernel.load { unit in
        unit.app.beforeClose { closed.append("first") }
        unit.app.beforeClose { throw EggError("stuck") }
        unit.app.beforeClose { closed.append("last") }
      }
      let error = await #expect(throws: EggError.self) {
        try await kernel.phase(EGG_PHASE_BEFORE_CLOSE)
      }
      #expect(error?.message == "stuck")
      #expect(closed == ["last", "first"])
    }
  }
}
