import CCurl
import Egg

/// Connections and the requests on them, driven by the application's loop: libcurl's interface of
/// sockets and one timer.
///
/// - Source: libcurl, `curl_multi_socket_action`.
public final class CurlPool {
  public struct Limits: Sendable {
    public var free = 256
    public var perHost = 0
    public var total = 0
    /// Milliseconds.
    public var freeTimeout = 4000

    public init() {}
  }

  let multi: UnsafeMutableRawPointer
  let limits: Limits
  let app: ApplicationBase
  private var watches: [curl_socket_t: Watch] = [:]
  private var timer: LoopTimer?
  private var running: Set<CurlExchange> = []
  private var isClosed = false

  /// - Returns: nil when there is no memory.
  public init?(_ app: ApplicationBase, _ limits: Limits) {
    guard curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK, let multi = curl_multi_init()
    else { return nil }
    self.multi = multi
    self.limits = limits
    self.app = app
    egg_multi_start(
      multi, Unmanaged.passUnretained(self).toOpaque(), socketWanted, timeoutWanted)
    _ = egg_multi_number(multi, CURLMOPT_MAXCONNECTS, limits.free)
    _ = egg_multi_number(multi, CURLMOPT_MAX_HOST_CONNECTIONS, limits.perHost)
    _ = egg_multi_number(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, limits.total)
  }

  /// Sends a request.
  ///
  /// - Returns: the exchange, which tells how it goes on.
  /// - Throws: `CurlFailure` for options that make no sense.
  public func send(_ request: CurlRequest) throws -> CurlExchange {
    guard !isClosed else { throw CurlFailure(.cancelled, "the application ends") }
    let exchange = try CurlExchange(request, self)
    running.insert(exchange)
    guard curl_multi_add_handle(multi, exchange.handle) == CURLM_OK else {
      running.remove(exchange)
      throw CurlFailure(.argument, "the request cannot be begun")
    }
    return exchange
  }

  /// Ends everything; who waits is told that it is cancelled.
  public func close() {
    guard !isClosed else { return }
    isClosed = true
    for exchange in running { exchange.cancel() }
    timer?.cancel()
    curl_multi_cleanup(multi)
    for watch in watches.values { watch.end() }
    watches = [:]
  }

  func remove(_ exchange: CurlExchange) {
    guard running.remove(exchange) != nil else { return }
    curl_multi_remove_handle(multi, exchange.handle)
  }

  // MARK: the loop

  fileprivate func want(_ socket: curl_socket_t, _ what: Int32) {
    guard what != CURL_POLL_REMOVE else {
      watches.removeValue(forKey: socket)?.end()
      return
    }
    var events: Watch.Events = []
    if what & CURL_POLL_IN != 0 { events.insert(.read) }
    if what & CURL_POLL_OUT != 0 { events.insert(.write) }
    if let watch = watches[socket] { return watch.change(events) }
    watches[socket] = try? app.loop.watch(socket, events) { [unowned self] ready in
      var mask: Int32 = 0
      if ready.contains(.read) { mask |= CURL_CSELECT_IN }
      if ready.contains(.write) { mask |= CURL_CSELECT_OUT }
      if ready.contains(.closed) { mask |= CURL_CSELECT_IN | CURL_CSELECT_ERR }
      act(socket, mask)
    }
  }

  fileprivate func want(timeout milliseconds: Int) {
    timer?.cancel()
    timer = nil
    guard milliseconds >= 0, !isClosed else { return }
    timer = try? app.loop.timer(after: .milliseconds(milliseconds)) { [unowned self] in
      timer = nil
      act(curl_socket_t(-1), 0)
    }
  }

  func act(_ socket: curl_socket_t, _ mask: Int32) {
    guard !isClosed else { return }
    var count: Int32 = 0
    curl_multi_socket_action(multi, socket, mask, &count)
    var result = CURLE_OK
    while !isClosed, let handle = egg_multi_done(multi, &result) {
      guard let state = egg_curl_info_private(handle) else { continue }
      let exchange = Unmanaged<CurlExchange>.fromOpaque(state).takeUnretainedValue()
      exchange.ended(result)
    }
  }
}

// libcurl calls these on the loop's thread, which is the main actor.

private let socketWanted = unsafeBitCast(
  { _, socket, what, state, _ in
    guard let state else { return 0 }
    Unmanaged<CurlPool>.fromOpaque(state).takeUnretainedValue().want(socket, what)
    return 0
  }
    as @MainActor @convention(c) (
      UnsafeMutableRawPointer?, curl_socket_t, Int32, UnsafeMutableRawPointer?,
      UnsafeMutableRawPointer?
    ) -> Int32,
  to: curl_socket_callback.self)

private let timeoutWanted = unsafeBitCast(
  { _, milliseconds, state in
    guard let state else { return 0 }
    Unmanaged<CurlPool>.fromOpaque(state).takeUnretainedValue().want(timeout: milliseconds)
    return 0
  } as @MainActor @convention(c) (UnsafeMutableRawPointer?, Int, UnsafeMutableRawPointer?) -> Int32,
  to: curl_multi_timer_callback.self)
