import EggKernel
import Glibc

/// Answers in place of a worker while there is none because of a problem: every request gets the
/// problem, with status 500.
final class StandIn {
  private let loop: EventLoop
  private let sockets: [ListeningSocket]
  /// Of an application that serves HTTPS.
  private let certificates: TLSCertificateSet?
  private var isOpen = false
  private(set) var page: ProblemPage?

  private static let headLimit = 16384

  init(_ sockets: [ListeningSocket], certificates: TLSCertificateSet?, loop: EventLoop) {
    self.sockets = sockets
    self.certificates = certificates
    self.loop = loop
  }

  /// Begins to accept, or shows another page.
  func open(_ page: ProblemPage) {
    self.page = page
    guard !isOpen else { return }
    isOpen = true
    for socket in sockets {
      try? loop.register(
        socket.descriptor, [.read],
        ReadyHandler { [weak self] _ in self?.accept(socket.descriptor) })
    }
  }

  /// Leaves new connections alone until `open`: a worker comes, or they wait.
  func pause() {
    guard isOpen else { return }
    isOpen = false
    for socket in sockets { loop.deregister(socket.descriptor) }
  }

  /// Leaves new connections to a worker.
  func close() {
    pause()
    page = nil
  }

  private func accept(_ listening: Int32) {
    while true {
      let descriptor = Glibc.accept(listening, nil, nil)
      guard descriptor >= 0 else { return }
      _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
      _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
      Visitor(descriptor, self, certificates.flatMap(TLSDialogue.init), loop: loop).begin()
    }
  }

  /// The whole answer to a request whose head begins so.
  func answer(_ head: [UInt8]) -> [UInt8] {
    let text = String(decoding: head, as: UTF8.self)
    guard let page else { return Array("HTTP/1.1 503 Service Unavailable\r\n\r\n".utf8) }
    let words = text.prefix { $0 != "\r\n" && $0 != "\n" }.split(separator: " ")
    var (status, type, body) = ("500 Internal Server Error", "text/plain", page.text)
    if words.count > 1, words[1].prefix(while: { $0 != "?" }) == ProblemPage.statePath {
      (status, type, body) = ("200 OK", "application/json", ProblemPage.state(page.number))
    } else if text.lowercased().contains("text/html") {
      (type, body) = ("text/html", page.html)
    }
    let isHead = words.first == "HEAD"
    return Array(
      """
      HTTP/1.1 \(status)\r
      Content-Type: \(type); charset=utf-8\r
      Content-Length: \(body.utf8.count)\r
      Cache-Control: no-store\r
      Connection: close\r
      \r
      \(isHead ? "" : body)
      """.utf8)
  }

  /// One connection with one request.
  private final class Visitor {
    private let descriptor: Int32
    private let standIn: StandIn
    private let loop: EventLoop
    private let tls: TLSDialogue?
    private var head: [UInt8] = []
    private var answer: ArraySlice<UInt8> = []
    private var isAnswering = false
    private var isOpen = true

    init(_ descriptor: Int32, _ standIn: StandIn, _ tls: TLSDialogue?, loop: EventLoop) {
      self.descriptor = descriptor
      self.standIn = standIn
      self.tls = tls
      self.loop = loop
    }

    func begin() {
      do throws(LoopError) {
        try loop.register(descriptor, [.read], ReadyHandler { [self] _ in turn() })
      } catch {
        Glibc.close(descriptor)
        return
      }
      _ = loop.schedule(after: 5_000) { [self] in close() }
    }

    private func turn() {
      var piece = [UInt8](repeating: 0, count: 4096)
      while isOpen {
        let count = read(descriptor, &piece, piece.count)
        if count < 0, errno == EINTR { continue }
        if count < 0, errno == EAGAIN { break }
        guard count > 0 else { return close() }
        // What follows the head, a body for instance, is read and dropped.
        guard !isAnswering else { continue }
        head += tls?.open(piece[..<count]) ?? Array(piece[..<count])
        if head.count > headLimit || isComplete { begin(answering: standIn.answer(head)) }
      }
      guard isOpen else { return }
      if let tls {
        answer += tls.takeSealed()
        if tls.isOver, answer.isEmpty { return close() }
      }
      if isAnswering || !answer.isEmpty { send() }
    }

    private var isComplete: Bool {
      let end: [UInt8] = [13, 10, 13, 10]
      return head.count >= 4
        && head.indices.dropLast(3).contains { head[$0..<($0 + 4)].elementsEqual(end) }
    }

    private func begin(answering bytes: [UInt8]) {
      isAnswering = true
      if let tls {
        tls.seal(bytes)
        answer += tls.takeSealed()
      } else {
        answer = bytes[...]
      }
      send()
    }

    private func send() {
      while !answer.isEmpty {
        let count = answer.withUnsafeBytes {
          Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        if count < 0, errno == EINTR { continue }
        if count < 0, errno == EAGAIN {
          try? loop.modify(descriptor, [.read, .write])
          return
        }
        guard count > 0 else { return close() }
        answer = answer.dropFirst(count)
      }
      // Closing with unread bytes would reset the connection; its end closes it.
      try? loop.modify(descriptor, [.read])
      // A handshake is not the answer yet.
      guard isAnswering else { return }
      shutdown(descriptor, Int32(SHUT_WR))
    }

    private func close() {
      guard isOpen else { return }
      isOpen = false
      loop.deregister(descriptor)
      Glibc.close(descriptor)
    }

    private var headLimit: Int { StandIn.headLimit }
  }
}
