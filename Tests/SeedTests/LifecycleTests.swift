import Testing

@Suite("The lifecycle of a plugin and an application") struct LifecycleTests {
  @Test func `every hook waits for the one before, plugin first and last at the end`() throws {
    let lifecycle = try Serving("lifecycle")
    try lifecycle.wait(for: "step app.serverDidReady")
    #expect(try lifecycle.get("/").body == #"{"token":"fetched"}"#)
    let (status, log) = lifecycle.end()
    #expect(status == 0)
    #expect(
      steps(log, "step ") == [
        "plugin.configWillLoad", "app.configWillLoad",
        "plugin.configDidLoad", "plugin.tooLate", "app.configDidLoad", "token fetched",
        "app.router",
        "plugin.didLoad", "app.didLoad", "app.beforeStart",
        "plugin.willReady", "app.willReady",
        "plugin.didReady", "app.didReady", "app.ready",
        "plugin.serverDidReady", "app.serverDidReady",
        "app.beforeClose", "app.scopeBeforeClose", "plugin.beforeClose",
      ])
  }

  @Test(arguments: [
    "plugin.configWillLoad", "app.configDidLoad", "plugin.didLoad", "app.beforeStart",
    "app.willReady", "plugin.didReady",
  ])
  func `a hook that fails stops the start and is named`(hook: String) throws {
    let lifecycle = try Serving("lifecycle", variables: ["LIFECYCLE_FAIL": hook], waits: false)
    let (status, log) = lifecycle.finish()
    #expect(status == 1)
    let parts = hook.split(separator: ".")
    #expect(log.contains("\(parts[0]) cannot \(parts[1])"), "\(log)")
    #expect(log.contains(hook.hasPrefix("plugin") ? "steps" : "lifecycle"))
    #expect(!log.contains("started on"))
  }

  @Test func `beforeClose runs backwards and is waited for`() throws {
    let seed = try Serving()
    let (status, log) = seed.end()
    #expect(status == 0)
    #expect(
      steps(log, "seed: ") == ["beforeClose", "the first that was registered closes last"])
  }
}
