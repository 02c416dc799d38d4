import Glibc
import LinuxHeaders

/// The process that starts the others and keeps them alive. It loads no code of the application.
///
/// Order: listening sockets, the agent, all workers at once, then everybody hears `egg-ready`.
///
/// - Source: Egg, "Multi-Process Model"; egg-cluster for the limits and exit codes.
package final class Master {
  let plan: LoadPlan
  let options: ClusterOptions
  let settings: ClusterSettings
  let loop: EventLoop
  let log = Log()
  let board: Board
  var sockets: [ListeningSocket] = []
  /// With HTTPS: what workers seal session tickets with, so that each opens those of all.
  private var ticketSecret: TicketSecret?
  var children: [ChildProcess] = []
  /// Every process has been ready once.
  var hasStarted = false
  var isClosing = false
  private var isForced = false
  private var freeRows: [Int]
  /// Times of the last restarts, for the limit.
  var reforks: [UInt64] = []
  var hasToldLimit = false
  /// How often each was started again after a death: by worker, 0 is the agent.
  var restartCounts: [Int: Int] = [:]
  /// Failed starts in a row, by worker.
  var failedStarts: [Int: Int] = [:]
  /// The first thing that went wrong since all was well.
  var firstError: String?
  var reload: Reload?
  var control: ControlServer?
  var acceptors: [StickyAcceptor] = []
  var agentIsDue = false
  var badChecks = 0
  /// Workers that will be started after a while.
  var waitingStarts = 0
  /// Called with the reason when the start fails or nothing is left.
  package var onFailure: ((String) -> Void)?
  /// In development: called when the worker has died by itself, with how.
  package var onWorkerDied: ((String) -> Void)?
  /// Called when all processes are gone.
  package var onClosed: ((Int32) -> Void)?

  /// Opens the sockets.
  ///
  /// - Throws: `.lifecycle` when an address can't be listened on, `.config` for certificates that
  ///   can't be used.
  package init(_ plan: LoadPlan, _ options: ClusterOptions, loop: EventLoop) throws(BootError) {
    self.plan = plan
    self.options = options
    self.loop = loop
    settings = ClusterSettings(plan.config)
    // A worker and its replacement live side by side, and those of earlier reloads may still drain.
    let rows = 2 + options.workers * 16
    board = try Board(rows: rows)
    freeRows = Array((1..<rows).reversed())
    let https = try TLSSettings(plan.config, baseDir: plan.info.baseDir)
    if let https {
      try https.check()
      ticketSecret = TicketSecret()
    }
    for address in options.addresses {
      let plain = try address.open()
      let socket = https == nil ? plain : plain.secured
      sockets.append(
        ListeningSocket(
          descriptor: Spawn.lifted(socket.descriptor), description: socket.description,
          port: socket.port, path: socket.path))
    }
    let row = board.row(0)
    row[.pid] = UInt64(getpid())
    row[.started] = options.started
    loop.beforeSleep { [unowned self] in log.flush() }
  }

  /// HTTPS is served.
  var isSecure: Bool { ticketSecret != nil }

  /// A production environment, where what dies is started again.
  var keepsAlive: Bool { plan.info.env != "local" && plan.info.env != "unittest" }

  var workers: [ChildProcess] { children.filter { $0.role == .worker } }
  /// Workers that are to get requests and messages from now on.
  var serving: [ChildProcess] { workers.filter { $0.state == .ready } }
  var agent: ChildProcess? { children.first { $0.role == .agent } }

  package func run() {
    log.info(
      "master: \(plan.info.name), env \(plan.info.env), \(options.workers) workers, title \(options.title)"
    )
    if !options.pidFile.isEmpty { writePidFile() }
    control = ControlServer(self)
    startAgent()
    _ = loop.schedule(every: 250) { [self] in watchBeats() }
    _ = loop.schedule(every: 10_000) { [self] in checkHealth() }
    if ticketSecret != nil {
      // The secrets of before must not be found here either.
      _ = loop.schedule(every: 600_000) { [self] in
        ticketSecret?.advance(to: monotonicNanoseconds())
      }
    }
  }

  private func writePidFile() {
    guard let notice = RunFile.write(.int(Int64(getpid())), to: options.pidFile) else { return }
    log.notice(notice)
  }

  // MARK: starting

  func startAgent() {
    agentIsDue = false
    guard !isClosing else { return }
    start(.agent, 0)
  }

  func startWorkers() {
    for number in 1...options.workers { start(.worker, number) }
  }

  @discardableResult
  func start(_ role: ProcessRole, _ number: Int, replacing: ChildProcess? = nil) -> ChildProcess? {
    do throws(BootError) {
      guard let row = freeRows.popLast() else {
        throw BootError(.lifecycle, unit: "egg", "too many processes are still ending")
      }
      let child = try spawn(role, number, row)
      child.replaces = replacing
      children.append(child)
      return child
    } catch {
      log.error(error.description)
      if firstError == nil { firstError = error.description }
      if !hasStarted { end(1) }
      return nil
    }
  }

  private func spawn(_ role: ProcessRole, _ number: Int, _ row: Int) throws(BootError)
    -> ChildProcess
  {
    let (own, theirs) = try Master.socketPair(SOCK_STREAM)
    var descriptors = [(theirs, ClusterSetup.channel), (board.descriptor, ClusterSetup.board)]
    var passing: (own: Int32, theirs: Int32) = (-1, -1)
    if role == .worker {
      if options.isSticky {
        passing = try Master.socketPair(SOCK_SEQPACKET)
        descriptors.append((passing.theirs, ClusterSetup.passed))
      } else {
        for (index, socket) in sockets.enumerated() {
          descriptors.append((socket.descriptor, ClusterSetup.firstListener + Int32(index)))
        }
      }
    }
    var setup = ClusterSetup()
    setup.role = role
    setup.isSingle = options.isDevelopment
    setup.worker = number
    setup.baseDir = plan.info.baseDir
    setup.env = plan.info.env
    setup.framework = options.framework
    setup.builds = options.builds
    setup.row = row
    setup.isSticky = options.isSticky
    setup.masterPid = getpid()
    setup.https = options.https
    if role == .worker { setup.ticketSecret = ticketSecret }
    setup.listeners = sockets.map { ($0.description, Int($0.port)) }
    var variables = ["EGG_WORKER_ID": String(number)]
    if getenv("SWIFT_BACKTRACE") == nil {
      variables["SWIFT_BACKTRACE"] =
        "enable=yes,interactive=no,color=no,output-to=stderr,threads=crashed,registers=none,images=none,limit=64"
    }
    let beginning = board.row(row)
    beginning[.role] = role == .agent ? 2 : 1
    beginning[.worker] = UInt64(number)
    beginning[.started] = monotonicNanoseconds()
    beginning[.beat] = monotonicNanoseconds()
    defer {
      Glibc.close(theirs)
      if passing.theirs >= 0 { Glibc.close(passing.theirs) }
    }
    let pid = try Spawn.start(
      options.executable, ["egg", "cluster-process", role.rawValue, String(number), options.title],
      descriptors: descriptors.map { (from: $0.0, to: $0.1) }, variables: variables)
    beginning[.pid] = UInt64(pid)
    let channel: Channel
    do throws(LoopError) {
      channel = try Channel(own, loop: loop)
    } catch {
      throw BootError(.lifecycle, unit: "egg", "can't watch the channel: \(error)")
    }
    let child = ChildProcess(
      role: role, number: number, pid: pid, channel: channel, rowIndex: row, passing: passing.own)
    channel.received = { [unowned self, unowned child] kind, content in
      take(kind, content, from: child)
    }
    channel.sent = { [unowned child] in
      if child.channel.waiting < Messenger.pauseMark { child.releaseHeld() }
    }
    channel.closed = { [unowned child] in child.releaseHeld() }
    channel.send(.setup, text: JSONWriter.text(setup.json))
    return child
  }

  private static func socketPair(_ type: __socket_type) throws(BootError) -> (
    own: Int32, theirs: Int32
  ) {
    var ends: [Int32] = [0, 0]
    let kind = Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      throw BootError(
        .lifecycle, unit: "egg", "no socket pair: \(String(cString: strerror(errno)))")
    }
    return (Spawn.lifted(ends[0]), Spawn.lifted(ends[1]))
  }

  // MARK: what processes say

  private func take(
    _ kind: FrameKind, _ content: UnsafeBufferPointer<UInt8>, from child: ChildProcess
  ) {
    switch kind {
    case .ready: becameReady(child)
    case .failed: child.failure = String(decoding: content, as: UTF8.self)
    case .message: route(content, from: child)
    case .reload:
      let reason = String(decoding: content, as: UTF8.self)
      beginReload("\(child.name) asks: \(reason)") { _ in }
    case .setup, .announce, .serverReady, .drain: break
    }
  }

  private func becameReady(_ child: ChildProcess) {
    guard child.state == .starting else { return }
    child.state = .ready
    failedStarts[child.number] = 0
    log.info("\(child.name) started (pid \(child.pid), \(child.age)ms)")
    switch child.role {
    case .agent:
      if !hasStarted { return startWorkers() }
      tellPids()
      tellReady(child)
    case .worker:
      if !hasStarted {
        guard serving.count == options.workers else { return }
        return allReady()
      }
      tellPids()
      tellReady(child)
      if let old = child.replaces {
        child.replaces = nil
        drain(old)
      }
      reload?.workerReady(child)
    }
  }

  private func allReady() {
    hasStarted = true
    firstError = nil
    if options.isSticky { acceptors = sockets.map { StickyAcceptor(self, $0) } }
    let time = (monotonicNanoseconds() &- options.started) / 100_000
    for socket in sockets {
      log.info(
        "\(plan.info.name) started on \(socket.description) (\(time / 10).\(time % 10)ms, env \(plan.info.env))"
      )
    }
    log.flush()
    tellPids()
    for child in children { tellReady(child) }
    if options.readyDescriptor >= 0 {
      _ = Glibc.write(options.readyDescriptor, "+", 1)
      Glibc.close(options.readyDescriptor)
    }
  }

  /// `egg-ready`, then `serverDidReady`.
  private func tellReady(_ child: ChildProcess) {
    // One that is alone tells itself.
    if options.isDevelopment { return child.channel.send(.serverReady) }
    let first = sockets.first
    announce(
      "egg-ready",
      [
        "port": .int(Int64(first?.port ?? 0)), "address": .string(first?.description ?? ""),
        "protocol": isSecure ? "https" : "http",
      ], to: child)
    child.channel.send(.serverReady)
  }

  /// `egg-pids`: the agent hears of the workers, they hear of the agent.
  func tellPids() {
    if options.isDevelopment { return }
    let workerPids = serving.map { ConfigValue.int(Int64($0.pid)) }
    let agentPids = children.filter { $0.role == .agent && $0.state == .ready }
      .map { ConfigValue.int(Int64($0.pid)) }
    for child in children where child.state != .starting {
      announce("egg-pids", .array(child.role == .agent ? workerPids : agentPids), to: child)
    }
  }

  func announce(_ action: String, _ data: ConfigValue, to child: ChildProcess) {
    child.channel.send(
      .announce, text: JSONWriter.text(["action": .string(action), "data": data]))
  }

  /// Passes a message on: the sender's head is cut off, the rest travels as it is.
  private func route(_ content: UnsafeBufferPointer<UInt8>, from child: ChildProcess) {
    guard let head = MessageHead(content) else { return }
    let rest = UnsafeBufferPointer(rebasing: content[MessageHead.length...])
    var receivers: [ChildProcess]
    let apps = workers.filter { $0.state == .ready || $0.state == .draining || hasStarted == false }
    switch head.target {
    case .all: receivers = apps + children.filter { $0.role == .agent }
    case .apps: receivers = apps
    case .agent: receivers = children.filter { $0.role == .agent }
    case .random: receivers = serving.randomElement().map { [$0] } ?? []
    case .process(let pid): receivers = children.filter { Int64($0.pid) == pid }
    }
    for receiver in receivers {
      receiver.channel.send(.message, rest)
      if receiver.channel.waiting > Messenger.pauseMark, child.channel.isOpen {
        // Nothing more from this sender until the receiver has read some of it.
        child.channel.pause()
        receiver.held.append(child.channel)
      }
    }
  }

  // MARK: ending

  /// A signal or an unrecoverable failure: workers, then the agent, then this process.
  package func close(reason: String, code: Int32 = 0) {
    if isClosing {
      if reason == "at once" || isForced { return }
      isForced = true
      log.warning("closing at once: \(reason) again")
      for child in children { child.signal(SIGKILL) }
      return
    }
    isClosing = true
    exitCode = code
    log.info("closing: \(reason); \(workers.count) workers run \(runningRequests) requests")
    for acceptor in acceptors { acceptor.close() }
    for socket in sockets {
      Glibc.close(socket.descriptor)
      if let path = socket.path { unlink(path) }
    }
    for child in workers {
      child.state = .closing
      child.signal(SIGTERM)
    }
    _ = loop.schedule(after: settings.appCloseTimeout + 2_000) { [self] in
      for child in workers {
        log.warning("\(child.name) (pid \(child.pid)) did not end in time and is killed")
        child.signal(SIGKILL)
      }
    }
    _ = loop.schedule(every: 1_000) { [self] in
      guard !children.isEmpty else { return }
      log.info("closing: \(workers.count) workers left, \(runningRequests) requests running")
    }
    closeNext()
  }
  var exitCode: Int32 = 0

  private var runningRequests: UInt64 {
    workers.reduce(0) { $0 + board.row($1.rowIndex)[.active] }
  }

  /// The agent after the workers, the master after the agent.
  func closeNext() {
    guard workers.isEmpty else { return }
    if let agent {
      guard agent.state != .closing else { return }
      agent.state = .closing
      agent.signal(SIGTERM)
      _ = loop.schedule(after: settings.agentCloseTimeout + 2_000) { [weak agent] in
        agent?.signal(SIGKILL)
      }
      return
    }
    end(exitCode)
  }

  /// The last thing this process does.
  func end(_ code: Int32) {
    for child in children { child.signal(SIGKILL) }
    if !isClosing {
      for socket in sockets { if let path = socket.path { unlink(path) } }
    }
    control?.close()
    if !options.pidFile.isEmpty { unlink(options.pidFile) }
    log.info(code == 0 ? "closed" : "ended with \(code)")
    log.flush()
    onClosed?(code)
  }

  // MARK: rows

  /// What the process has counted is kept; the row is free again.
  func release(_ child: ChildProcess) {
    board.row(0).absorb(board.row(child.rowIndex))
    freeRows.append(child.rowIndex)
    if child.passing >= 0 { Glibc.close(child.passing) }
  }
}

/// What precedes a message on its way to the master: a byte for the target and a process id.
struct MessageHead {
  static let length = 9
  let target: MessageTarget

  init?(_ content: UnsafeBufferPointer<UInt8>) {
    guard content.count >= MessageHead.length, let start = content.baseAddress else { return nil }
    let pid = UnsafeRawPointer(start + 1).loadUnaligned(as: UInt64.self)
    guard let target = MessageTarget(UInt32(content[0]), pid: UInt64(littleEndian: pid)) else {
      return nil
    }
    self.target = target
  }
}
