import Glibc
import LinuxHeaders
import PluginABI

/// A worker or the agent of a cluster: an application, and the way to its master.
package final class ClusterProcess {
  private let setup: ClusterSetup
  fileprivate let application: Application
  private let loop: EventLoop
  private let board: Board
  private var channel: Channel!
  private var passed: PassedConnections?
  private var isOrphan = false

  /// - Throws: `.lifecycle` when what the master handed on can't be used.
  package init(_ plan: LoadPlan, _ setup: ClusterSetup, loop: EventLoop) throws(BootError) {
    self.setup = setup
    self.loop = loop
    board = try Board(inherited: ClusterSetup.board)
    application = Application(
      plan, loop: loop, started: board.row(setup.row)[.started])
    application.isQuiet = setup.role == .agent || setup.worker > 1
    application.writesLogFiles = true
    application.writesRunFiles = setup.worker <= 1
    let worker = application.worker
    if !setup.isSingle {
      worker.processKind = UInt32(
        setup.role == .agent ? EGG_PROCESS_AGENT : EGG_PROCESS_WORKER)
    }
    worker.ticketSecret = setup.ticketSecret
    worker.board = board
    worker.row = board.row(setup.row)
    worker.row[.pid] = UInt64(getpid())
    do throws(LoopError) {
      channel = try Channel(ClusterSetup.channel, loop: loop)
    } catch {
      throw BootError(.lifecycle, unit: "egg", "can't watch the channel: \(error)")
    }
    if !setup.isSingle { worker.messenger.carrier = MasterLink(channel) }
    worker.requestReload = { [channel] reason in channel!.send(.reload, text: reason) }
    channel.received = { [unowned self] kind, content in take(kind, content) }
    channel.sent = { worker.messenger.tellDrained() }
    channel.closed = { [unowned self] in orphaned() }
    // Handed on by the master; nothing that this process starts may inherit them.
    let last = ClusterSetup.firstListener + Int32(setup.listeners.count)
    for descriptor in ClusterSetup.channel..<last { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
  }

  /// Runs until the process ends; `fail` gets the reason of a failed start and does not return.
  package func run(fail: @escaping (BootError) -> Void) throws(LoopError) {
    endWithMaster()
    LogCrash.flushAtExit()
    CrashReport.install(application.worker)
    try loop.onSignal(SIGUSR1) { [unowned self] in application.reloadLog() }
    application.onClosed = { [unowned self] in
      channel.flush()
      exit(isOrphan ? 110 : 0)
    }
    try loop.onSignal(SIGTERM) { [unowned self] in
      // The master may have gone in the same moment.
      if getppid() != setup.masterPid { return orphaned() }
      application.close(reason: "SIGTERM")
    }
    // Of the terminal, for the whole group: the master decides what follows.
    for signal in [SIGINT, SIGQUIT, SIGHUP] { try loop.onSignal(signal) {} }
    application.worker.startBeat()
    application.load { [unowned self] result in
      if case .failure(let error) = result { return fail(error) }
      do throws(BootError) {
        try listen()
      } catch {
        return fail(error)
      }
      application.worker.row[.state] = Board.State.ready.rawValue
      channel.send(.ready)
    }
  }

  private func listen() throws(BootError) {
    guard setup.role == .worker else { return }
    if setup.isSticky {
      do throws(LoopError) {
        passed = try PassedConnections(application.worker, descriptor: ClusterSetup.passed)
      } catch {
        throw BootError(.lifecycle, unit: "egg", "can't watch passed connections: \(error)")
      }
      return
    }
    for (index, listener) in setup.listeners.enumerated() {
      let socket = ListeningSocket(
        descriptor: ClusterSetup.firstListener + Int32(index), description: listener.description,
        port: UInt16(clamping: listener.port))
      try application.worker.listen(.inherited(socket))
    }
  }

  private func take(_ kind: FrameKind, _ content: UnsafeBufferPointer<UInt8>) {
    let messenger = application.worker.messenger!
    switch kind {
    case .message:
      guard content.count >= 2 else { return }
      let length = Int(content[0]) | Int(content[1]) << 8
      guard content.count >= 2 + length else { return }
      let action = String(decoding: content[2..<(2 + length)], as: UTF8.self)
      messenger.receive(action, UnsafeBufferPointer(rebasing: content[(2 + length)...]))
    case .announce:
      let text = String(decoding: content, as: UTF8.self)
      guard let value = try? JSONParser.parse(text, file: "").value,
        let action = value["action"]?.string
      else { return }
      messenger.announce(action, value["data"] ?? .null, to: [.application, .agent])
    case .serverReady:
      application.serverIsReady()
    case .drain:
      application.worker.row[.state] = Board.State.draining.rawValue
      application.drain(reason: "reload", isDevelopment: setup.isSingle)
    case .setup, .ready, .failed, .reload: break
    }
  }

  // MARK: without a master

  private func endWithMaster() {
    // For a loop that does not turn any more: an unhandled SIGALRM ends the process.
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in _ = alarm(10) }
    action.sa_flags = SA_RESTART
    sigaction(SIGUSR2, &action, nil)
    _ = egg_signal_at_parent_death(SIGUSR2)
    if getppid() != setup.masterPid { exit(110) }
  }

  /// The master is gone: nobody would start this process again, or stop it.
  private func orphaned() {
    guard !isOrphan else { return }
    isOrphan = true
    _ = alarm(10)
    application.worker.log.error("the master is gone; this process ends")
    if setup.role == .agent {
      application.flushLog()
      exit(110)
    }
    application.close(reason: "the master is gone")
  }
}

/// Messages by way of the master.
private final class MasterLink: MessageCarrier {
  private let channel: Channel

  init(_ channel: Channel) { self.channel = channel }

  var waiting: Int { channel.waiting }

  func send(_ target: MessageTarget, action: UnsafeBufferPointer<UInt8>, value: ByteBuffer) {
    var head = [UInt8](repeating: 0, count: MessageHead.length + 2)
    var pid: Int64 = 0
    switch target {
    case .all: head[0] = UInt8(EGG_TO_ALL)
    case .apps: head[0] = UInt8(EGG_TO_APPS)
    case .agent: head[0] = UInt8(EGG_TO_AGENT)
    case .random: head[0] = UInt8(EGG_TO_RANDOM)
    case .process(let number):
      head[0] = UInt8(EGG_TO_PID)
      pid = number
    }
    for byte in 0..<8 { head[1 + byte] = UInt8(truncatingIfNeeded: pid >> Int64(8 * byte)) }
    head[9] = UInt8(truncatingIfNeeded: action.count)
    head[10] = UInt8(truncatingIfNeeded: action.count >> 8)
    head.withUnsafeBufferPointer { channel.send(.message, $0, action, value.bytes) }
  }
}

extension ClusterProcess {
  package func flushLog() { application.flushLog() }
}
