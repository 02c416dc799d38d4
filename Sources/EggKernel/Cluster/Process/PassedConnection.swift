import Glibc
import LinuxHeaders

/// A connection on its way from the master to a worker (`SCM_RIGHTS`, unix(7)).
enum PassedConnection {
  // The macros of <sys/socket.h> for one descriptor on a 64-bit system: CMSG_SPACE(4), CMSG_LEN(4),
  // and where the data begins.
  private static let controlSpace = 24
  private static let controlLength = 20
  private static let dataOffset = 16

  /// - Returns: false when the worker can't take it now.
  static func send(_ descriptor: Int32, to channel: Int32) -> Bool {
    guard channel >= 0 else { return false }
    return withMessage { message, control in
      control.storeBytes(of: controlLength, toByteOffset: 0, as: Int.self)
      control.storeBytes(of: SOL_SOCKET, toByteOffset: 8, as: Int32.self)
      control.storeBytes(of: Int32(SCM_RIGHTS), toByteOffset: 12, as: Int32.self)
      control.storeBytes(of: descriptor, toByteOffset: dataOffset, as: Int32.self)
      while true {
        if sendmsg(channel, &message, Int32(MSG_DONTWAIT | MSG_NOSIGNAL)) >= 0 { return true }
        if errno != EINTR { return false }
      }
    }
  }

  /// - Returns: the next one; nil when there is none, and `isOpen` false at the end.
  static func receive(from channel: Int32, isOpen: inout Bool) -> Int32? {
    withMessage { message, control in
      while true {
        // 0x40000000 is MSG_CMSG_CLOEXEC.
        let count = recvmsg(channel, &message, Int32(MSG_DONTWAIT) | 0x4000_0000)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else {
          if count == 0 || errno != EAGAIN { isOpen = false }
          return nil
        }
        guard message.msg_controllen >= controlLength,
          control.load(fromByteOffset: 8, as: Int32.self) == SOL_SOCKET
        else { continue }
        return control.load(fromByteOffset: dataOffset, as: Int32.self)
      }
    }
  }

  private static func withMessage<R>(
    _ body: (inout msghdr, UnsafeMutableRawPointer) -> R
  ) -> R {
    withUnsafeTemporaryAllocation(byteCount: controlSpace + 16, alignment: 8) { memory in
      let control = memory.baseAddress!
      memset(control, 0, memory.count)
      var piece = iovec(iov_base: control + controlSpace, iov_len: 1)
      return withUnsafeMutablePointer(to: &piece) { piece in
        var message = msghdr()
        message.msg_iov = piece
        message.msg_iovlen = 1
        message.msg_control = control
        message.msg_controllen = controlSpace
        return body(&message, control)
      }
    }
  }
}

/// Takes connections that the master has accepted.
final class PassedConnections: ReadySource {
  @available(*, unavailable)
  override init() { preconditionFailure("passed connections have a worker") }

  private let worker: Worker
  private let descriptor: Int32

  /// - Throws: `LoopError` when the descriptor can't be watched.
  init(_ worker: Worker, descriptor: Int32) throws(LoopError) {
    self.worker = worker
    self.descriptor = descriptor
    super.init()
    try worker.loop.register(descriptor, [.read], self)
  }

  override func ready(_ events: ReadyEvents) {
    var isOpen = true
    for _ in 0..<64 {
      guard let accepted = PassedConnection.receive(from: descriptor, isOpen: &isOpen) else {
        if !isOpen { worker.loop.deregister(descriptor) }
        return
      }
      _ = fcntl(accepted, F_SETFL, fcntl(accepted, F_GETFL) | O_NONBLOCK)
      var peer = sockaddr_storage()
      var own = sockaddr_storage()
      PassedConnections.address(accepted, &peer, getpeername)
      PassedConnections.address(accepted, &own, getsockname)
      let port = withUnsafeBytes(of: own) {
        own.ss_family == AF_UNIX
          ? 0 : UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
      }
      worker.admit(accepted, &peer, localPort: port)
    }
  }

  private static func address(
    _ descriptor: Int32, _ storage: inout sockaddr_storage,
    _ ask: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
  ) {
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    _ = withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { ask(descriptor, $0, &length) }
    }
  }
}
