import Foundation
import Synchronization

/// A server whose every answer is given: for tests of clients.
final class CannedServer: Sendable {
  let port: Int
  private let listener: Int32
  private let requests = Mutex(0)
  private let answers: @Sendable (Int) -> Answer

  struct Answer {
    var bytes: String
    /// Whether the connection is closed after it.
    var closes = false
    /// Microseconds before it is written.
    var delay: useconds_t = 0
  }

  /// How many requests came.
  var count: Int { requests.withLock { $0 } }

  /// - Parameter answers: what to answer to request 0, 1, … in the order of their coming. Each byte
  ///   is one write.
  init(_ answers: @escaping @Sendable (Int) -> Answer) {
    self.answers = answers
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = self.listener
    withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        precondition(bind(listener, $0, size) == 0 && listen(listener, 64) == 0)
        getsockname(listener, $0, &size)
      }
    }
    port = Int(UInt16(bigEndian: address.sin_port))
    Thread.detachNewThread { [self] in
      while true {
        let peer = accept(listener, nil, nil)
        if peer < 0 { return }
        Thread.detachNewThread { [self] in serve(peer) }
      }
    }
  }

  func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  private func serve(_ peer: Int32) {
    defer { close(peer) }
    var one: Int32 = 1
    setsockopt(peer, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    var tail: [UInt8] = []
    var byte: UInt8 = 0
    while recv(peer, &byte, 1, 0) == 1 {
      tail = tail.suffix(3) + [byte]
      guard tail == [13, 10, 13, 10] else { continue }
      tail = []
      let answer = answers(
        requests.withLock { count in
          count += 1
          return count - 1
        })
      if answer.delay > 0 { usleep(answer.delay) }
      for byte in answer.bytes.utf8 {
        var byte = byte
        guard send(peer, &byte, 1, Int32(MSG_NOSIGNAL)) == 1 else { return }
      }
      if answer.closes { return }
    }
  }
}
