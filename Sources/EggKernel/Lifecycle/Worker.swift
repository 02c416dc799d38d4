import Glibc
import PluginABI

/// Everything one process serves an application with. One object, made in `main`, never freed; all of it
/// belongs to the loop's thread.
final class Worker {
  /// The one of this process. C functions without a host table (buffers) and the thread check use it.
  nonisolated(unsafe) private(set) static var current: Worker?

  let loop: EventLoop
  let log = Log()
  let events = Events()
  var errorAnswerers = ErrorAnswerers()
  let turn: Turn
  var calls = CallTable()
  var members = Members()
  let routes = Routes()
  var layers = LayerList([])
  /// Those that units asked for with `path_filter`; their number is the place and one.
  var pathFilters: [PathFilter] = []
  private(set) var kernelUnit: Unit!
  var units: [Unit] = []
  let pool: BlockingPool
  private(set) var messenger: Messenger!
  /// Asks the master to replace the workers; nil without a master.
  var requestReload: ((String) -> Void)?

  // -- HTTP
  var requestLimits = RequestLimits()
  var headerFieldLimit = 100
  var timeouts = Timeouts()
  var buffers = BufferPool()
  var streams = TokenTable<ProducedStream>()
  var takeovers = TokenTable<Takeover>()
  var takeoverLimit = 16 << 20
  private var spareContexts = Spares<Context>()
  private(set) var connections: [ObjectIdentifier: Connection] = [:]
  private var dirty: [Connection] = []
  private var gathered = Gathered()
  private let dateHeader = DateHeader()
  var counters = Counters()
  var listeners: [Listener] = []
  /// What HTTPS needs; nil when HTTP is served.
  var tls: TLSServer?
  /// Of the application, from the master.
  var ticketSecret: TicketSecret?
  var isDraining = false
  /// While draining: connections between two requests stay, because another process has taken over
  /// and a request may be on its way.
  var keepsIdle = false
  /// What this process shows the others.
  var board = Board()
  var row: BoardRow
  /// What answers at `/-/`; nil when it is switched off.
  var health: Health?
  var readinessChecks: [Health.Check] = []
  /// A look at the calls of lost clients is due.
  var isWatchingUnsettled = false
  /// `Server-Timing` on each answer; on in development.
  var measuresLayers = false
  /// `X-Readtime`, Egg's `meta` middleware.
  var showsReadTime = false
  var showsErrorDetails = false
  var notFoundPage = ""
  var siteFiles: SiteFiles?
  var bodySettings = BodyParser.Settings()

  // -- application
  let info: AppInfo
  var config: ConfigTree
  var configTree = egg_value()
  private var configMemory: [ConfigMemory] = []
  var isConfigFrozen = false
  /// Registration is over: the application is ready.
  var isBooted = false
  /// Monotonic: when it had loaded; 0 before.
  var readyAt: UInt64 = 0
  var processKind = UInt32(EGG_PROCESS_SINGLE)
  var published: [String: (table: UnsafeRawPointer, unit: Unit)] = [:]
  var middlewares: [String: RegisteredMiddleware] = [:]
  var directories: [ContributedDirectory] = []
  var exports: [UnitExport] = []
  /// Plugins whose entry says `override`.
  var overriding: Set<String> = []
  var permanentTexts: [StaticText] = []
  let permanent = PermanentMemory()
  let infoTexts: [StaticText]
  /// What `egg_app.config_origin` was asked for.
  private var configOrigins: [String: StaticText] = [:]
  let malformedError: UnsafePointer<egg_error>
  private let wallOffset: UInt64
  var watches = TokenTable<Watch>()

  struct Timeouts {
    // Milliseconds.
    var header = 20_000
    var body = 60_000
    var keepAlive = 75_000
    var write = 60_000
    var lingering = 5_000
  }

  struct Counters {
    /// Begun; those that are answered are counted in `row`.
    var requests: UInt64 = 0
    var active = 0
    var refused: UInt64 = 0
    var accepted: UInt64 = 0
  }

  init(loop: EventLoop, info: AppInfo, config: ConfigTree) {
    self.loop = loop
    row = board.row(0)
    self.info = info
    self.config = config
    turn = Turn(loop: loop)
    pool = BlockingPool(loop, threads: 4, queue: 1024)
    infoTexts = [
      info.name, info.baseDir, info.env, info.scope, info.home, info.root, EggVersion.text,
    ].map { StaticText($0) }
    let error = UnsafeMutablePointer<egg_error>.allocate(capacity: 1)
    error.initialize(to: egg_error())
    error.pointee.size = UInt32(MemoryLayout<egg_error>.size)
    error.pointee.http_status = 500
    error.pointee.code = egg_str("EGG_MALFORMED_ERROR")
    error.pointee.message = egg_str("a unit reported an error that can't be read")
    malformedError = UnsafePointer(error)
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    wallOffset =
      UInt64(now.tv_sec) &* 1_000_000_000 &+ UInt64(now.tv_nsec) &- monotonicNanoseconds()
    kernelUnit = Unit(
      LoadUnit(kind: .framework, name: "egg", directory: nil, version: EggVersion.text),
      worker: self)
    messenger = Messenger(self)
    Worker.current = self
    LoopThread.id = pthread_self()
    loop.afterEvents { [unowned self] in answerGathered() }
    loop.beforeSleep { [unowned self] in
      flushDirty()
      log.flush()
    }
  }

  var isOnLoop: Bool { LoopThread.isCurrent }

  func wallMilliseconds() -> Int64 {
    Int64(truncatingIfNeeded: (loop.now &+ wallOffset) / 1_000_000)
  }

  func dateLine() -> UnsafeBufferPointer<UInt8> { dateHeader.line(at: loop.wallSeconds) }

  // MARK: contexts

  /// Whoever takes it gives it back. Nobody counts: connections, calls and layers refer to it as it is, and
  /// it lives until the pool lets it go.
  func takeContext() -> Unmanaged<Context> {
    spareContexts.takeReference() ?? .passRetained(Context(worker: self))
  }

  func giveBack(_ context: Context) {
    context.reset()
    let reference = Unmanaged.passUnretained(context)
    if !spareContexts.isFull { return spareContexts.giveBack(reference) }
    calls.giveBack(context.chainCall)
    // Functions of it may still be running.
    turn.push(.run { reference.release() })
  }

  /// A context that nobody asked for over HTTP.
  func makeAnonymous(for unit: Unit, _ request: AnonymousRequest) -> egg_call? {
    let context = takeContext().takeUnretainedValue()
    guard request.prepare(context) else {
      giveBack(context)
      return nil
    }
    return context.beginAnonymous(for: unit)
  }

  /// Memory and identity for something that is not part of a request: a phase, a call without context.
  func makeBackground() -> Context {
    let context = takeContext().takeUnretainedValue()
    _ = AnonymousRequest().prepare(context)
    context.isChainOver = true
    context.isConnectionOver = true
    context.startedNanoseconds = loop.now
    return context
  }

  /// Everyone who holds a call of this context is told to hurry.
  func tellCancelled(_ context: Context) {
    for call in calls.held() where call.context === context {
      guard let hook = call.cancelHook else { continue }
      call.cancelHook = nil
      hook(call.cancelState)
    }
  }

  // MARK: connections

  func opened(_ connection: Connection) {
    connections[ObjectIdentifier(connection)] = connection
    counters.accepted &+= 1
    row[.accepted] &+= 1
    row[.connections] &+= 1
  }

  func connectionClosed(_ connection: Connection) {
    // The batch of events that runs may still name it.
    turn.push(.run { withExtendedLifetime(connection) {} })
    connections[ObjectIdentifier(connection)] = nil
    row[.connections] &-= 1
  }

  /// Something waits to be sent, or bytes of a next request wait to be looked at.
  func markDirty(_ connection: Connection) {
    guard !connection.isDirty else { return }
    connection.isDirty = true
    dirty.append(connection)
  }

  /// A request of this connection has been read and waits.
  @inline(__always)
  func gather(_ connection: Connection) {
    gathered.append(connection)
    if gathered.isFull { answerGathered() }
  }

  /// All requests that one batch of events brought: read one after the other, then run, then answered.
  /// The code of each step stays in the processor's caches for all of them.
  func answerGathered() {
    if gathered.isEmpty { return }
    gathered.drain(each: { $0.goOn() }, thenEach: { $0.flush() })
  }

  private func flushDirty() {
    while !dirty.isEmpty {
      let batch = dirty
      dirty.removeAll(keepingCapacity: true)
      for connection in batch {
        connection.isDirty = false
        connection.process()
        connection.flush()
      }
    }
  }

  // MARK: configuration

  /// The tree that units read, made anew after a change.
  func publishConfig() {
    let memory = ConfigMemory()
    configTree = config.value.tree(in: &memory.arena)
    configMemory.append(memory)
  }

  /// The place of the last writer of a path, in memory that stays.
  func configOrigin(of path: String) -> StaticText? {
    if let known = configOrigins[path] { return known }
    guard let writer = config.writers(of: path).last else { return nil }
    let text = StaticText(writer.place)
    configOrigins[path] = text
    return text
  }

  func configValue(at path: egg_str) -> egg_value? {
    guard path.len > 0 else { return configTree }
    var value = configTree
    var start = 0
    let bytes = path.bytes
    while true {
      var end = start
      while end < bytes.count, bytes[end] != UInt8(ascii: ".") { end += 1 }
      guard let next = value.member(UnsafeBufferPointer(rebasing: bytes[start..<end])) else {
        return nil
      }
      value = next
      if end == bytes.count { return value }
      start = end + 1
    }
  }
}

/// What units export and their objects, kept as long as the process.
final class PermanentMemory {
  var arena = Arena()
  var objects: [UnsafeMutablePointer<egg_object>] = []
}

/// Earlier trees stay: units may hold pointers into them.
private final class ConfigMemory {
  var arena = Arena()
}

/// The thread that the loop runs on, in a global of its own: every function of the ABI asks, and the
/// way through the loop's objects would cost more than what most of them do.
enum LoopThread {
  nonisolated(unsafe) static var id: pthread_t = 0

  @inline(__always)
  static var isCurrent: Bool { pthread_self() == id }
}

package enum EggVersion {
  package static let text = "0.1.0"
}
