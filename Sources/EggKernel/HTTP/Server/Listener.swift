import Glibc
import LinuxHeaders

/// Where to listen.
package enum ListenAddress: Sendable, Equatable {
  /// An empty host is every address, of both families. With `reusePort` other sockets of the same
  /// user may listen there too.
  case tcp(host: String, port: UInt16, reusePort: Bool = false)
  case unix(path: String)
  /// A socket that somebody opened before.
  case inherited(ListeningSocket)
}

/// A socket that listens, not yet watched.
package struct ListeningSocket: Sendable, Equatable {
  package let descriptor: Int32
  /// `http://127.0.0.1:7001`, `unix:/run/shop.sock`.
  package let description: String
  /// 0 for a Unix socket.
  package let port: UInt16
  /// Of a Unix socket that this process has to remove.
  package var path: String?

  /// The same socket, described as one that serves HTTPS.
  package var secured: ListeningSocket {
    guard description.hasPrefix("http:") else { return self }
    return ListeningSocket(
      descriptor: descriptor, description: "https" + description.dropFirst(4), port: port,
      path: path)
  }
}

/// Who is at the other end.
struct PeerAddress {
  var text = ""
  var port: UInt32 = 0
  var localPort: UInt32 = 0
}

/// An open listening socket.
final class Listener: ReadySource {
  @available(*, unavailable)
  override init() { preconditionFailure("a listener has a descriptor") }

  private let worker: Worker
  private let opened: ListeningSocket
  private var descriptor: Int32 { opened.descriptor }
  var port: UInt16 { opened.port }
  var socket: Int32 { opened.descriptor }
  var description: String { opened.description }
  private var isPaused = false
  /// Other processes accept from it too.
  private let isShared: Bool
  /// Accepted in one go before other connections get their turn. Of a shared socket one, so that
  /// several connections go to several processes.
  private var batch: Int { isShared ? 1 : 64 }

  init(worker: Worker, _ opened: ListeningSocket, isShared: Bool) {
    self.worker = worker
    self.opened = opened
    self.isShared = isShared
  }

  /// - Throws: `LoopError` when it can't be watched.
  func watch() throws(LoopError) {
    try worker.loop.register(descriptor, isShared ? [.read, .exclusive] : [.read], self)
  }

  override func ready(_ events: ReadyEvents) {
    if isShared, yields() { return }
    accept(atMost: batch)
  }

  private func accept(atMost count: Int) {
    for _ in 0..<count {
      var storage = sockaddr_storage()
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      let accepted = withUnsafeMutablePointer(to: &storage) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          accept4(
            descriptor, $0, &length,
            Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue))
        }
      }
      guard accepted >= 0 else {
        switch errno {
        case EAGAIN: return
        case EINTR, ECONNABORTED, EPROTO: continue
        case EMFILE, ENFILE, ENOBUFS, ENOMEM:
          // Out of descriptors: taking a breath beats spinning on a socket that stays ready.
          pause()
          return
        default:
          worker.log.error("accept: \(String(cString: strerror(errno)))")
          return
        }
      }
      worker.admit(accepted, &storage, localPort: port)
    }
  }

  private func pause() {
    worker.log.warning("no more connections can be accepted: \(String(cString: strerror(errno)))")
    rest(100)
  }

  private func rest(_ milliseconds: Int) {
    guard !isPaused else { return }
    isPaused = true
    worker.loop.deregister(descriptor)
    _ = worker.loop.schedule(after: milliseconds) { [self] in
      isPaused = false
      guard !worker.isDraining else { return }
      try? watch()
    }
  }

  /// Leaves a connection to a process that has fewer. The system wakes whoever asked last, so that
  /// one process would get most of them; it may have none of the others' for more than a moment.
  private func yields() -> Bool {
    guard !hasYielded, worker.isCrowded else {
      hasYielded = false
      return false
    }
    hasYielded = true
    rest(2)
    return true
  }
  private var hasYielded = false

  func close() {
    worker.loop.deregister(descriptor)
    // The system wakes one process for a connection. What `yields` has put off, nobody else hears of.
    if isShared { accept(atMost: 1024) }
    Glibc.close(descriptor)
    if let path = opened.path { unlink(path) }
  }
}

extension Worker {
  /// Makes a connection of an accepted socket.
  func admit(_ accepted: Int32, _ storage: inout sockaddr_storage, localPort: UInt16) {
    var peer = PeerAddress()
    peer.localPort = UInt32(localPort)
    switch Int32(storage.ss_family) {
    case AF_INET:
      withUnsafePointer(to: &storage) {
        $0.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
          peer.port = UInt32(UInt16(bigEndian: $0.pointee.sin_port))
          peer.text = dottedAddress(UInt32(bigEndian: $0.pointee.sin_addr.s_addr))
        }
      }
      setNoDelay(accepted)
    case AF_INET6:
      withUnsafePointer(to: &storage) {
        $0.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
          peer.port = UInt32(UInt16(bigEndian: $0.pointee.sin6_port))
          var address = $0.pointee.sin6_addr
          peer.text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
            inet_ntop(AF_INET6, &address, text.baseAddress, 64) == nil
              ? "" : String(cString: text.baseAddress!)
          }
          if peer.text.hasPrefix("::ffff:") { peer.text = String(peer.text.dropFirst(7)) }
        }
      }
      setNoDelay(accepted)
    default:
      break
    }
    let connection = Connection(worker: self, descriptor: accepted, peer: peer)
    do throws(LoopError) {
      try loop.register(accepted, [.read, .write, .readClosed, .edge], connection)
    } catch {
      Glibc.close(accepted)
      return
    }
    opened(connection)
    if let tls {
      connection.beginTLS(tls)
    } else {
      loop.deadlines.arm(connection, in: timeouts.header)
    }
    // The request is often there already.
    connection.processInOrder()
  }

  private func dottedAddress(_ address: UInt32) -> String {
    "\(address >> 24).\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255)"
  }

  private func setNoDelay(_ descriptor: Int32) {
    var on: Int32 = 1
    setsockopt(
      descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
  }

  /// - Throws: `.lifecycle` when the address can't be listened on, with the reason and the remedy.
  func listen(_ address: ListenAddress) throws(BootError) {
    var isShared = false
    if case .inherited = address { isShared = board.rowCount > 1 }
    let opened = try address.open()
    let listener = Listener(
      worker: self, tls == nil ? opened : opened.secured, isShared: isShared)
    listeners.append(listener)
    do throws(LoopError) {
      try listener.watch()
    } catch {
      throw BootError(.lifecycle, unit: "egg", "can't watch the listening socket: \(error)")
    }
  }
}

extension ListenAddress {
  /// Opens the socket.
  ///
  /// - Throws: `.lifecycle` when the address can't be listened on, with the reason and the remedy.
  package func open() throws(BootError) -> ListeningSocket {
    switch self {
    case .tcp(let host, let port, let reusePort): try openTCP(host, port, reusePort)
    case .unix(let path): try openUnix(path)
    case .inherited(let socket): socket
    }
  }

  private func openTCP(
    _ host: String, _ port: UInt16, _ reusePort: Bool
  ) throws(BootError) -> ListeningSocket {
    var hints = addrinfo()
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    // One socket of the newer family serves both, unless a host says which.
    hints.ai_family = host.isEmpty ? AF_INET6 : AF_UNSPEC
    var list: UnsafeMutablePointer<addrinfo>?
    var code = getaddrinfo(host.isEmpty ? nil : host, String(port), &hints, &list)
    if code != 0, host.isEmpty {
      hints.ai_family = AF_INET
      code = getaddrinfo(nil, String(port), &hints, &list)
    }
    guard code == 0, let first = list else {
      throw BootError(
        .lifecycle, unit: "egg",
        "can't listen on \"\(host)\": \(String(cString: gai_strerror(code)))")
    }
    defer { freeaddrinfo(list) }
    var candidate: UnsafeMutablePointer<addrinfo>? = first
    var reason: Int32 = 0
    while let info = candidate {
      candidate = info.pointee.ai_next
      if let descriptor = open(info.pointee, reusePort, &reason) {
        let actual = port == 0 ? boundPort(descriptor) : port
        let shown = host.isEmpty ? "127.0.0.1" : host.contains(":") ? "[\(host)]" : host
        return ListeningSocket(
          descriptor: descriptor, description: "http://\(shown):\(actual)", port: actual)
      }
      if host.isEmpty, info.pointee.ai_family == AF_INET6, reason == EAFNOSUPPORT {
        return try openTCP("0.0.0.0", port, reusePort)
      }
    }
    let remedy =
      reason == EADDRINUSE
      ? "; another process has the port, stop it or give --port"
      : reason == EACCES ? "; ports below 1024 need privileges" : ""
    throw BootError(
      .lifecycle, unit: "egg",
      "can't listen on \(host.isEmpty ? "*" : host):\(port): \(String(cString: strerror(reason)))\(remedy)"
    )
  }

  private func open(_ info: addrinfo, _ reusePort: Bool, _ reason: inout Int32) -> Int32? {
    let descriptor = socket(
      info.ai_family,
      Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else {
      reason = errno
      return nil
    }
    var on: Int32 = 1
    var off: Int32 = 0
    let size = socklen_t(MemoryLayout<Int32>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, size)
    if reusePort { setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, size) }
    if info.ai_family == AF_INET6 {
      setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &off, size)
    }
    guard bind(descriptor, info.ai_addr, info.ai_addrlen) == 0, Glibc.listen(descriptor, 4096) == 0
    else {
      reason = errno
      Glibc.close(descriptor)
      return nil
    }
    return descriptor
  }

  private func boundPort(_ descriptor: Int32) -> UInt16 {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        guard getsockname(descriptor, address, &length) == 0 else { return 0 }
        return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
          UInt16(bigEndian: $0.pointee.sin_port)
        }
      }
    }
  }

  private func openUnix(_ path: String) throws(BootError) -> ListeningSocket {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let capacity = MemoryLayout.size(ofValue: address.sun_path)
    guard path.utf8.count < capacity else {
      throw BootError(
        .lifecycle, unit: "egg",
        "the path of a Unix socket has at most \(capacity - 1) bytes, found \(path.utf8.count)")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { place in
      place.copyBytes(from: path.utf8)
    }
    // A file that nobody listens behind is left over; a server that runs keeps its socket.
    if var live = UnixPath(path), live.answers() {
      throw BootError(
        .lifecycle, unit: "egg",
        "can't listen on \"\(path)\": another process listens there; stop it or give another path")
    }
    unlink(path)
    let descriptor = socket(
      AF_UNIX,
      Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard descriptor >= 0, bound == 0, Glibc.listen(descriptor, 4096) == 0 else {
      let reason = String(cString: strerror(errno))
      if descriptor >= 0 { Glibc.close(descriptor) }
      throw BootError(.lifecycle, unit: "egg", "can't listen on \"\(path)\": \(reason)")
    }
    return ListeningSocket(descriptor: descriptor, description: "unix:\(path)", port: 0, path: path)
  }
}
