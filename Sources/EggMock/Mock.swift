@_exported import Egg
import Testing

/// The application under test.
///
///     import EggMock
///     import Testing
///     @testable import shop
///
///     @Suite(.app()) struct HomeTests {
///       @Test func `the front page says hi`() async throws {
///         let app = try await mock.app()
///         try await app.httpRequest().get("/").expect(200).expect("hi, egg")
///       }
///     }
///
/// - Source: Egg, "Unit testing": `egg-mock/bootstrap`.
public enum mock {
  /// The application, started at the first call and the same one for the whole test program.
  ///
  /// - Parameters:
  ///   - baseDir: the application's folder; without it the one above the calling file with an `egg.json`.
  ///   - env: the environment, `unittest` unless said otherwise.
  ///   - framework: a framework's name or path, in place of the one in `egg.json`.
  /// - Throws: `MockFailure` when it can't be started, or runs with other options already.
  public static func app(
    baseDir: String? = nil, env: String = "unittest", framework: String? = nil,
    file: String = #filePath
  ) async throws -> Application {
    try await TestHost.start(
      MockOptions(baseDir: baseDir, env: env, framework: framework, file: file))
  }

  /// Takes back everything that tests have put in place. `@Suite(.app())` does it after each test.
  public static func restore() { Mocks.restore() }
}

extension Trait where Self == ApplicationTrait {
  /// Starts the application before the first test of the suite; after each test waits for background
  /// tasks and restores what was mocked. Tests with this trait run one after another: they share the
  /// application.
  public static func app(
    baseDir: String? = nil, env: String = "unittest", framework: String? = nil,
    file: String = #filePath
  ) -> Self {
    ApplicationTrait(
      options: MockOptions(baseDir: baseDir, env: env, framework: framework, file: file))
  }
}

/// See `Trait.app`.
public nonisolated struct ApplicationTrait: SuiteTrait, TestTrait, TestScoping {
  let options: MockOptions

  public var isRecursive: Bool { true }

  public func scopeProvider(for test: Test, testCase: Test.Case?) -> ApplicationTrait? {
    testCase == nil ? nil : self
  }

  @concurrent public func provideScope(
    for test: Test, testCase: Test.Case?,
    performing function: @Sendable @concurrent () async throws -> Void
  ) async throws {
    await Turns.take()
    do {
      let app = try await TestHost.start(options)
      try await function()
      try await app.backgroundTasksFinished()
    } catch {
      await Turns.giveBack()
      throw error
    }
    await Turns.giveBack()
  }
}

/// One test at a time.
enum Turns {
  private static var isTaken = false
  private static var waiting: [CheckedContinuation<Void, Never>] = []

  static func take() async {
    if !isTaken {
      isTaken = true
      return
    }
    await withCheckedContinuation { waiting.append($0) }
  }

  static func giveBack() {
    Mocks.restore()
    if waiting.isEmpty {
      isTaken = false
    } else {
      waiting.removeFirst().resume()
    }
  }
}
