/// Takes part in the start and the end of the application: `app.swift`.
///
///     final class AppBoot: Boot {
///       override func didLoad() async throws { try await app.warmUp() }
///     }
///
/// Every hook may be `async` and may throw, which stops the start.
open class Boot {
  public let app: Application

  public required init(_ app: Application) { self.app = app }

  /// Directories, interfaces and members that other units see are declared here (plugins).
  open func register() throws {}
  /// The configuration is merged; the last chance to change it.
  open func configWillLoad() async throws {}
  /// The configuration will not change any more.
  open func configDidLoad() async throws {}
  /// Every unit has loaded its files: connect, migrate.
  open func didLoad() async throws {}
  /// Every unit has connected.
  open func willReady() async throws {}
  /// The application is ready.
  open func didReady() async throws {}
  /// The listening socket is open.
  open func serverDidReady() async throws {}
  /// The last chance to flush; units are asked in reverse order.
  open func beforeClose() async throws {}
}

/// The same for the agent: `agent.swift`.
open class AgentBoot {
  public let agent: Agent

  public required init(_ agent: Agent) { self.agent = agent }

  open func register() throws {}
  open func configWillLoad() async throws {}
  open func configDidLoad() async throws {}
  open func didLoad() async throws {}
  open func willReady() async throws {}
  open func didReady() async throws {}
  open func serverDidReady() async throws {}
  open func beforeClose() async throws {}
}
