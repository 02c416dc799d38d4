import EggWebSocket
import Testing

@Suite("Units together") struct UnitTests {
  @Test func `the application calls members of a plugin in C`() throws {
    let answer = try Serving.shared.get().get("/unit/c")
    #expect(answer.body == #"{"now":"HI!","awaited":"HEY!","property":"caller"}"#)
  }

  @Test func `a plugin in C calls an asynchronous member of the application`() throws {
    let seed = try Serving.shared.get()
    #expect(try seed.get("/unit/back").body == "42")
    let failed = try seed.get("/unit/back?n=-1", ["Accept": "application/json"])
    #expect(failed.status == 422)
    #expect(failed.body == #"{"message":"-1 is negative","code":"NEGATIVE"}"#)
  }

  @Test func `a member that nobody adds is an error that says so`() throws {
    let answer = try Serving.shared.get().get("/unit/unknown")
    #expect(answer.status == 500)
    #expect(answer.body.contains("no unit adds \"nobodyHasThis\" to the context"))
  }

  @Test func `work behind the answer is logged, good or bad`() throws {
    let seed = try Serving()
    #expect(try seed.get("/unit/background").body == "at once")
    try seed.wait(for: "[egg:background] task:good success")
    try seed.wait(for: "[egg:background] task:bad fail")
    #expect(
      try seed.cached("background")
        == #"["/unit/background",{"user":{"asked":1,"id":3,"name":"user 3"}},"#
        + #"{"user":{"asked":2,"id":4,"name":"user 4"}}]"#)
    #expect(try seed.cached("event.error").contains("it went wrong behind the answer"))
  }
}

@Suite("Contexts without a request") struct AnonymousContextTests {
  /// A context and its services hold each other; the kernel names every context that is left.
  @Test func `each ends when nobody holds it`() throws {
    let seed = try Serving()
    for _ in 1...3 { _ = try seed.get("/unit/background") }
    #expect(try seed.get("/unit/kept").body == #"["user 5",1,"user 6",2]"#)
    let socket = try Client(seed, "/echo/den")
    try socket.send("service")
    #expect(try socket.next() != nil)
    try socket.send(.close, [])
    #expect(try socket.next() == .close(nil, reason: ""))
    _ = try seed.cached("socket.end", until: { $0.contains("1005") })
    let log = seed.end().log
    #expect(!log.contains("never settled"), "\(log)")
  }
}

@Suite("The greeter plugin") struct GreeterTests {
  @Test func `it greets when it is enabled`() throws {
    try Built.checkGreeter()
    let seed = try Serving(env: "greeter")
    #expect(try seed.get("/greeter/Ada").body == "Hello, Ada!")
    let chinese = try seed.get("/greeter/Ada", ["Accept-Language": "zh-CN,en;q=0.5"])
    #expect(chinese.body == "你好, Ada!")
    #expect(chinese["x-greeting"] == "你好, you!")
    let used = try seed.get("/unit/greet?name=Grace", ["Accept-Language": "de"])
    #expect(
      used.body == #"{"now":"Moin, Grace!","later":"Moin, Grace!","wave":"👋 Moin, Grace!","#
        + #""languages":["de","en","zh"]}"#)
    #expect(used["x-hi"] == "Moin, route!")
  }

  @Test func `nothing of it is there when it is disabled`() throws {
    let seed = try Serving.shared.get()
    #expect(try seed.get("/greeter/Ada").status == 404)
    let answer = try seed.get("/unit/greet?name=Grace")
    #expect(answer.status == 404)
    #expect(answer["x-greeting"] == nil)
  }
}

@Suite("Mistakes in an application") struct MistakeTests {
  /// The build of the fixture is used again: only this application is compiled.
  private func build(_ files: [String: String], modules: [String] = ["Egg"]) throws -> String {
    try Built.check()
    let application = try Scratch()
    let products = modules.map { ".product(name: \"\($0)\", package: \"egg\")" }
      .joined(separator: ", ")
    let manifest = """
      // swift-tools-version: 6.2
      import PackageDescription
      let package = Package(
        name: "mistaken",
        dependencies: [.package(name: "egg", path: "\(Built.root.path)")],
        targets: [
          .target(
            name: "mistaken", dependencies: [\(products)], path: ".",
            sources: ["app/router.swift"], swiftSettings: [.defaultIsolation(MainActor.self)],
            plugins: [.plugin(name: "EggLoader", package: "egg")])
        ])
      """
    try application.write(manifest, to: "Package.swift")
    try application.write(#"{ "name": "mistaken" }"#, to: "egg.json")
    for (path, text) in files { try application.write(text, to: path) }
    let scratch = Built.seed.appendingPathComponent(".build-mistakes").path
    return try Built.run(
      "/usr/bin/env",
      [
        "swift", "build", "--package-path", application.url.path, "--scratch-path", scratch,
        "--target", "mistaken",
      ], mayFail: true)
  }

  @Test func `the compiler and the loader name the application's own file and line`() throws {
    let router =
      "import Egg\n\nfunc router(_ app: Application) {\n  app.router.get(\"/\", app.controller.home.index)\n}\n"
    let wrongCode = try build([
      "app/router.swift": router,
      "app/controller/home.swift":
        "import Egg\n\nfinal class HomeController: Controller {\n  func index() {\n    ctx.body = nobody\n  }\n}\n",
    ])
    #expect(
      wrongCode.contains("app/controller/home.swift:5:16: error: cannot find 'nobody'"),
      "\(wrongCode)")

    // The generated file uses the function in a way that its type does not allow.
    let wrongType = try build([
      "app/router.swift": router,
      "app/controller/home.swift":
        "import Egg\n\nfinal class HomeController: Controller {\n  func index() { ctx.body = 1 }\n}\n",
      "app/middleware/strange.swift":
        "import Egg\n\n\nfunc strange(_ options: Int) -> Int { options }\n",
    ])
    #expect(wrongType.contains("app/middleware/strange.swift:4:"), "\(wrongType)")

    let noController = try build([
      "app/router.swift": router, "app/controller/home.swift": "import Egg\n\nlet home = 1\n",
    ])
    #expect(noController.contains("app/controller/home.swift:"), "\(noController)")
    #expect(noController.contains("expected `final class HomeController: Controller`"))
  }

  @Test func `a controller or middleware of Socket.IO that is not there does not compile`() throws {
    let files = [
      "config/plugin.json": #"{ "socketio": true }"#,
      "app/io/controller/chat.swift":
        "import Egg\nimport EggSocketIO\n\nfinal class ChatController: Controller {\n  func talk() { ctx.ack(1) }\n}\n",
      "app/io/middleware/auth.swift":
        "import Egg\n\nfunc auth() -> Middleware { { _, next in try await next() } }\n",
    ]
    func router(_ line: String) -> [String: String] {
      files.merging([
        "app/router.swift":
          "import Egg\nimport EggSocketIO\n\nfunc router(_ app: Application) {\n  \(line)\n}\n"
      ]) { $1 }
    }
    for (line, mistake) in [
      ("app.io.route(\"talk\", app.io.controller.chat.walk)", "has no member 'walk'"),
      ("app.io.route(\"talk\", app.io.controller.cat.talk)", "has no member 'cat'"),
      ("app.io.of(\"/\").connectionMiddleware(app.io.middleware.aut)", "has no member 'aut'"),
    ] {
      let output = try build(router(line), modules: ["Egg", "EggSocketIO"])
      #expect(output.contains("app/router.swift:5:") && output.contains(mistake), "\(output)")
    }
    let right = try build(
      router(
        "app.io.route(\"talk\", app.io.controller.chat.talk);"
          + " app.io.of(\"/\").packetMiddleware(app.io.middleware.auth)"),
      modules: ["Egg", "EggSocketIO"])
    #expect(!right.contains("error:"), "\(right)")
  }
}
