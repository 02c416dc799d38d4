import Egg

extension Application {
  /// What `app.curl` and `ctx.curl` answer for a url, instead of asking its server. Needs the plugin
  /// httpclient.
  ///
  ///     try await app.mockHttpclient("https://api.test/user", ["data": ["name": "Ada"]])
  ///     try await app.mockHttpclient(/https:\/\/api\.test\/.*/, methods: ["post"], "created")
  ///
  /// The mock that came last counts; a url that none has is asked as usual. Events of requests and
  /// answers are the same.
  ///
  /// - Parameters:
  ///   - url: the whole url; one without a query stands for those with any.
  ///   - methods: in any case; without them all.
  ///   - answer: text, or an object with `data` (text, bytes or what becomes JSON), `status` (200),
  ///     `headers`, `delay` in milliseconds, `repeats`: how often it counts, every time without it.
  /// - Throws: `EggError` when the plugin is off.
  public func mockHttpclient(_ url: String, methods: [String] = [], _ answer: Value) async throws {
    try await mockHttpclient({ $0 == url || $0.hasPrefix(url + "?") }, methods, answer)
  }

  /// The same for urls in which the expression is found.
  public func mockHttpclient(
    _ url: Regex<some Any>, methods: [String] = [], _ answer: Value
  ) async throws {
    try await mockHttpclient({ $0.firstMatch(of: url) != nil }, methods, answer)
  }

  /// The same with a function of url and options, which gives what stands above or throws.
  public func mockHttpclient(
    _ url: String, methods: [String] = [],
    _ answer: @escaping @MainActor (_ url: String, _ options: Value) async throws -> Value
  ) async throws {
    let fits: (String) -> Bool = { $0 == url || $0.hasPrefix(url + "?") }
    try await mockHttpclient(MockedServer(fits: fits, methods: methods, answer: answer))
  }

  private func mockHttpclient(
    _ fits: @escaping (String) -> Bool, _ methods: [String], _ answer: Value
  ) async throws {
    let server = MockedServer(fits: fits, methods: methods) { _, _ in answer }
    server.left = answer.repeats.int
    try await mockHttpclient(server)
  }

  private func mockHttpclient(_ server: MockedServer) async throws {
    if !MockedServers.isInstalled {
      do {
        try await call("interceptCurl", value(of: MockedServers()))
      } catch let error as EggError where error.code == "EGG_NOT_FOUND" {
        throw MockFailure(
          "mockHttpclient needs the plugin httpclient; enable it in config/plugin.json")
      }
      MockedServers.isInstalled = true
    }
    Mocks.servers.append(server)
  }
}

/// One answer that a test has put in place.
final class MockedServer {
  let fits: (String) -> Bool
  private let methods: Set<String>
  let answer: @MainActor (String, Value) async throws -> Value
  /// How often it still counts; nil: every time.
  var left: Int?

  init(
    fits: @escaping (String) -> Bool, methods: [String],
    answer: @escaping @MainActor (String, Value) async throws -> Value
  ) {
    self.fits = fits
    self.methods = Set(methods.map { $0.uppercased() })
    self.answer = answer
  }

  func takes(_ url: String, _ method: String) -> Bool {
    guard left != 0, fits(url) else { return false }
    return methods.isEmpty || methods.contains("*") || methods.contains(method.uppercased())
  }
}

/// What the plugin asks before it sends.
private final class MockedServers: ExportedObject {
  static var isInstalled = false
  let objectType = "egg.mock.servers/1"

  func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    guard method == "answer" else { throw noSuchMethod(method) }
    let url = args[0].string ?? ""
    let asked = args[1].method.string ?? "GET"
    guard let server = Mocks.servers.last(where: { $0.takes(url, asked) }) else {
      return .undefined
    }
    server.left = server.left.map { $0 - 1 }
    let said = try await server.answer(url, args[1])
    // Text and bytes are the body alone.
    return said.object == nil ? ["data": said] : said
  }
}
