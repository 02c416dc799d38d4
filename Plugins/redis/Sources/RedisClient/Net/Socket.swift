import EggRedis
import Glibc

/// A non-blocking stream socket; closed with this object.
nonisolated final class Socket {
  let descriptor: Int32
  private var isOpen = true

  /// Begins to connect; `failure` tells how it went once the socket is writable.
  init(connecting address: SocketAddress) throws(RedisError) {
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    descriptor = socket(address.family, kind, 0)
    guard descriptor >= 0 else { throw RedisError.connect(Self.text(errno)) }
    if address.family != AF_UNIX {
      set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
      set(SOL_SOCKET, SO_KEEPALIVE, 1)
      set(Int32(IPPROTO_TCP), TCP_KEEPIDLE, 30)
    }
    let status = address.bytes.withUnsafeBytes {
      connect(
        descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
    }
    guard status == 0 || errno == EINPROGRESS else {
      let reason = errno
      close()
      throw RedisError.connect(Self.text(reason))
    }
  }

  deinit { close() }

  func close() {
    guard isOpen else { return }
    isOpen = false
    _ = Glibc.close(descriptor)
  }

  private func set(_ level: Int32, _ option: Int32, _ value: Int32) {
    var value = value
    _ = setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
  }

  /// Why the connect failed; nil when it did not.
  var failure: String? {
    var number: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    let status = getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &size)
    if status != 0 { number = errno }
    return number == 0 ? nil : Self.text(number)
  }

  enum Outcome {
    case bytes(Int)
    /// Nothing now.
    case wait
    case end(String)
  }

  func read(_ room: UnsafeMutableBufferPointer<UInt8>) -> Outcome {
    let count = recv(descriptor, room.baseAddress, room.count, 0)
    if count > 0 { return .bytes(count) }
    return count == 0 ? .end("the server closed the connection") : outcome()
  }

  func write(_ bytes: UnsafeBufferPointer<UInt8>) -> Outcome {
    let count = send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
    return count >= 0 ? .bytes(count) : outcome()
  }

  private func outcome() -> Outcome {
    switch errno {
    case EAGAIN, EINTR: .wait
    default: .end(Self.text(errno))
    }
  }

  static func text(_ number: Int32) -> String { String(cString: strerror(number)) }
}
