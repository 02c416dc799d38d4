import Foundation
import Testing

@Suite("dev and start") struct ServeTests {
  @Test func `dev tells units, address and time, serves, and ends with 0 on a signal`() throws {
    let scratch = try Scratch()
    let shop = try scratch.application("shop")
    let egg = try RunningEgg(["dev", shop.path, "--port", "0"])
    let port = try egg.port()
    let log = try egg.wait(for: "env local)")
    #expect(log.contains("units in order: redis 4.0.1, session 2.1.0, coupon 0.3.0, "))
    #expect(log.contains("http://127.0.0.1:\(port)"))
    #expect(log.contains("ms, env local)"))
    #expect(try fetch("http://127.0.0.1:\(port)/").hasPrefix("HTTP/1.1 404 Not Found"))
    egg.signal(SIGTERM)
    #expect(egg.wait() == 0)
    #expect(egg.rest().contains("closing: SIGTERM"))
  }

  @Test func `start means prod, and its configuration says the port`() throws {
    let scratch = try Scratch()
    let shop = try scratch.application("shop")
    try scratch.write(
      "{ \"cluster\": { \"listen\": { \"port\": 0 } } }", to: "shop/config/config.prod.json")
    let egg = try RunningEgg(["start", shop.path])
    _ = try egg.port()
    #expect(try egg.wait(for: "ms, env").contains("env prod)"))
    egg.signal(SIGINT)
    #expect(egg.wait() == 0)
  }

  @Test(arguments: [
    (["--env", "test"], [:], "env test)"),
    ([], ["EGG_SERVER_ENV": "stage"], "env stage)"),
    ([], ["NODE_ENV": "production"], "env prod)"),
  ])
  func `the environment of start`(
    words: [String], variables: [String: String], text: String
  ) throws {
    let scratch = try Scratch()
    let shop = try scratch.application("shop")
    let egg = try RunningEgg(
      ["start", shop.path, "--port", "0"] + words, variables: variables)
    _ = try egg.port()
    try egg.wait(for: text)
    egg.signal(SIGTERM)
    #expect(egg.wait() == 0)
  }

  @Test func `the port that nobody names is 7001, with HTTPS 8443`() throws {
    let scratch = try Scratch()
    try scratch.write("{ \"name\": \"plain\" }", to: "plain/egg.json")
    let folder = scratch.url.appendingPathComponent("plain").path
    // An address that no machine has (RFC 5737): the refusal names the port, and none is needed.
    for (words, port) in [([], "7001"), (try scratch.certificate(), "8443")] {
      let result = try Egg.run(
        Egg.command, ["start", folder, "--host", "203.0.113.1"] + words)
      #expect(result.status == 1)
      #expect(result.errors.contains("can't listen on 203.0.113.1:\(port): "))
    }
  }

  @Test func `start listens on a Unix socket and removes it at the end`() throws {
    let scratch = try Scratch()
    let shop = try scratch.application("shop")
    let socket = scratch.url.appendingPathComponent("s").path
    let egg = try RunningEgg(["start", shop.path, "--socket", socket])
    try egg.wait(for: "started on unix:")
    #expect(try fetch("--unix-socket", socket, "http://shop/").contains("404"))
    egg.signal(SIGTERM)
    #expect(egg.wait() == 0)
    #expect(!FileManager.default.fileExists(atPath: socket))
  }

  @Test func `PORT counts more than the configuration and less than --port`() throws {
    let scratch = try Scratch()
    let shop = try scratch.application("shop")
    let first = try RunningEgg(["start", shop.path], variables: ["PORT": "0"])
    let port = try first.port()
    #expect(port != 7080)
    let second = try RunningEgg(
      ["start", shop.path, "--port", "0"], variables: ["PORT": "\(port)"])
    #expect(try second.port() != port)
    for egg in [first, second] {
      egg.signal(SIGTERM)
      #expect(egg.wait() == 0)
    }
  }

  @Test func `start starts as many workers as --workers or EGG_WORKERS says`() throws {
    let scratch = try Scratch()
    let shop = try scratch.application("shop")
    for (words, variables) in [(["--workers", "3"], [:]), ([], ["EGG_WORKERS": "3"])] {
      let egg = try RunningEgg(
        ["start", shop.path, "--port", "0"] + words, variables: variables)
      _ = try egg.port()
      egg.signal(SIGTERM)
      #expect(egg.wait() == 0)
      let log = egg.rest()
      #expect(log.contains("worker 3 started"))
      #expect(!log.contains("worker 4 started"))
    }
  }

  @Test func `a port that is taken is named, with exit code 1`() throws {
    let scratch = try Scratch()
    let shop = try scratch.application("shop")
    let first = try RunningEgg(["start", shop.path, "--port", "0", "--host", "127.0.0.1"])
    let port = try first.port()
    let second = try Egg.run("start", shop.path, "--port", "\(port)", "--host", "127.0.0.1")
    #expect(second.status == 1)
    #expect(second.errors.contains("127.0.0.1:\(port)"))
    #expect(second.errors.contains("--port"))
    first.signal(SIGTERM)
    #expect(first.wait() == 0)
  }

  @Test func `a mistake in a file is shown with file, line and the place`() throws {
    let file = Fixtures.apps.appendingPathComponent("broken/config/config.default.json").path
    let result = try Egg.run("start", Fixtures.apps.appendingPathComponent("broken").path)
    #expect(result.status == 1)
    #expect(result.errors.contains("error: EGG_CONFIG app: \(file):3: expected \":\""))
    #expect(result.errors.contains("3 |   \"oops\" 1"))
    #expect(!result.errors.contains("\u{1B}"), "no colours where nobody watches")
  }

  @Test func `a plugin that is nowhere is named with the line that asks for it`() throws {
    let app = Fixtures.apps.appendingPathComponent("unknown-plugin").path
    let result = try Egg.run("dev", app)
    #expect(result.status == 1)
    #expect(result.errors.contains("EGG_PLUGIN_NOT_FOUND nowhere: \(app)/config/plugin.json:2"))
    #expect(result.errors.contains("\(app)/plugins"))
  }

  @Test func `EGG_PLUGIN_PATH is looked in first`() throws {
    let scratch = try Scratch()
    let app = try scratch.application("unknown-plugin")
    try scratch.write(
      "{ \"name\": \"nowhere\", \"version\": \"3.0.0\" }", to: "own/nowhere/plugin.json")
    let own = scratch.url.appendingPathComponent("own").path
    let result = try Egg.run(
      "plugin", "list", app.path, variables: ["EGG_PLUGIN_PATH": "/nonexistent:\(own)"])
    #expect(result.status == 0)
    #expect(result.output.contains("nowhere 3.0.0"))
    #expect(result.output.contains("\(own)/nowhere"))
  }

  @Test func `an application that is not built says how to build it`() throws {
    let app = Fixtures.apps.appendingPathComponent("unbuilt").path
    let result = try Egg.run("start", app)
    #expect(result.status == 1)
    #expect(result.errors.contains("the application is not built: expected libunbuilt.so"))
    #expect(result.errors.contains("run: egg build \(app)"))
    let dev = try Egg.run("dev", app, "--no-build")
    #expect(dev.errors.contains("run: egg build -c debug \(app)"))
  }

  @Test func `a folder that is none is refused`() throws {
    let missing = FileManager.default.temporaryDirectory.path + "/egg-\(UUID().uuidString)"
    let result = try Egg.run("dev", missing)
    #expect(result.status == 1)
    #expect(result.errors.contains("expected the folder of an application"))
  }
}
