import Foundation

/// A port of this machine where nobody accepts and the queue is full: who connects is not answered.
nonisolated final class FullListener {
  let port: Int
  private let listener: Int32
  private var queued: [Int32] = []

  struct Failure: Error {
    let errno: Int32
  }

  init() throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = Self.address(0)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, size) == 0 && listen(listener, 0) == 0
          ? getsockname(listener, $0, &size) : -1
      }
    }
    guard status == 0 else { throw Failure(errno: errno) }
    self.listener = listener
    port = Int(UInt16(bigEndian: address.sin_port))
    // The system keeps one more than the queue's length.
    for _ in 0..<2 { queued.append(Self.connect(port)) }
  }

  deinit { close() }

  func close() {
    for descriptor in queued + [listener] { Glibc.close(descriptor) }
    queued = []
  }

  private static func address(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }

  private static func connect(_ port: Int) -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
    var address = address(port)
    _ = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    return descriptor
  }
}
