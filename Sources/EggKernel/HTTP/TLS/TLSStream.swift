import COpenSSL
import Glibc
import LinuxHeaders

/// The encrypted side of one connection: libssl's object, fed from and into the socket.
///
/// The socket is read by us (`socketMethod`), so that one read that leaves it empty is known to have
/// done so, as without TLS: `canRead` of the connection says that this stream may have something,
/// `socketCanRead` that the socket may.
final class TLSStream {
  private let server: TLSServer
  /// Its contexts are chosen from until the handshake is over.
  private let certificates: TLSCertificates
  private let library: UnsafePointer<egg_libssl>
  private unowned(unsafe) let connection: Connection
  private var stream: OpaquePointer?
  private var socketCanRead = true
  /// The socket has ended.
  private var hasEnded = false
  private var isEstablished = false
  /// After an error of the protocol nothing more can be said.
  private var isBroken = false
  private var saysGoodbye = true
  /// A read goes on once the socket can be written, or a write once it has been read: both happen when
  /// the peer renews its keys.
  private var readWaitsForWriting = false
  private(set) var writeWaitsForReading = false
  /// The first byte of the peer; a handshake begins with 22.
  private var firstByte: UInt8?

  /// - Returns: nil without memory.
  init?(_ server: TLSServer, _ connection: Connection) {
    self.server = server
    self.connection = connection
    certificates = server.certificates
    library = server.library
    guard let stream = library.pointee.SSL_new(certificates.first) else { return nil }
    guard let socket = BIO_new(server.socketMethod) else {
      library.pointee.SSL_free(stream)
      return nil
    }
    self.stream = stream
    BIO_set_data(socket, Unmanaged.passUnretained(self).toOpaque())
    BIO_set_init(socket, 1)
    library.pointee.SSL_set_bio(stream, socket, socket)
    library.pointee.SSL_set_accept_state(stream)
  }

  deinit { free() }

  /// Gives the memory back; the stream is not to be used any more.
  func free() {
    guard let stream else { return }
    self.stream = nil
    library.pointee.SSL_free(stream)
  }

  /// Where records of several pieces are put together.
  var record: UnsafeMutableBufferPointer<UInt8> { server.record }

  // MARK: events

  /// The socket has something to read.
  func socketIsReadable() {
    socketCanRead = true
    if writeWaitsForReading {
      writeWaitsForReading = false
      connection.canWrite = true
    }
  }

  /// The socket takes bytes again.
  func socketIsWritable() {
    if readWaitsForWriting {
      readWaitsForWriting = false
      connection.canRead = true
    }
  }

  // MARK: the handshake

  enum Shaking {
    case done
    case wait
    /// The peer speaks HTTP without TLS.
    case plain
    /// With the reason, which is the peer's fault; it has been told, if it listens.
    case failed(String)
    /// The socket is gone.
    case gone
  }

  func shakeHands() -> Shaking {
    guard let stream else { return .gone }
    OpenSSLErrors.clear()
    let result = library.pointee.SSL_do_handshake(stream)
    if result == 1 {
      isEstablished = true
      return .done
    }
    switch library.pointee.SSL_get_error(stream, result) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .wait
    default:
      isBroken = true
      let reason = OpenSSLErrors.take()
      if hasEnded { return .gone }
      // A method of HTTP; what TLS sends first is 22, or 128 and more in its oldest form.
      if let firstByte, firstByte >= UInt8(ascii: "A"), firstByte <= UInt8(ascii: "Z") {
        return .plain
      }
      return .failed(reason)
    }
  }

  /// Runs `body` with the certificate of the client and whether an authority of ours has signed it; nil
  /// when it sent none.
  func withPeerCertificate<R>(_ body: (OpaquePointer, _ isAuthorized: Bool) -> R) -> R? {
    guard let stream, isEstablished,
      let certificate = library.pointee.SSL_get1_peer_certificate(stream)
    else { return nil }
    defer { X509_free(certificate) }
    return body(certificate, library.pointee.SSL_get_verify_result(stream) == Int(X509_V_OK))
  }

  // MARK: reading

  enum Read {
    case bytes(Int)
    case nothing
    /// The peer said that it sends no more.
    case end
    /// The socket ended, and the peer did not say so: something may be missing.
    case cut
    case failed
  }

  /// Bytes have been decrypted, or wait for it, that the socket no longer shows.
  var hasPending: Bool {
    guard let stream else { return false }
    return library.pointee.SSL_has_pending(stream) == 1
  }

  /// Reads what fits of one record.
  func read(into start: UnsafeMutablePointer<UInt8>, count: Int) -> Read {
    guard let stream, isEstablished, !isBroken else { return .failed }
    OpenSSLErrors.clear()
    let got = library.pointee.SSL_read(stream, start, Int32(clamping: count))
    if got > 0 {
      connection.canRead = socketCanRead || hasPending
      return .bytes(Int(got))
    }
    connection.canRead = false
    switch library.pointee.SSL_get_error(stream, got) {
    case SSL_ERROR_WANT_READ:
      return .nothing
    case SSL_ERROR_WANT_WRITE:
      readWaitsForWriting = true
      return .nothing
    case SSL_ERROR_ZERO_RETURN:
      return hasEnded ? .cut : .end
    default:
      isBroken = true
      return .failed
    }
  }

  // MARK: writing

  enum Written {
    case bytes(Int)
    case blocked
    case failed
  }

  /// Sends one record with as many of the bytes as it holds.
  ///
  /// After `.blocked` the next call has to begin with the same bytes; they may lie elsewhere, and more
  /// may follow.
  func write(_ bytes: UnsafeBufferPointer<UInt8>) -> Written {
    guard let stream, isEstablished, !isBroken else { return .failed }
    OpenSSLErrors.clear()
    let sent = library.pointee.SSL_write(stream, bytes.baseAddress, Int32(clamping: bytes.count))
    if sent > 0 { return .bytes(Int(sent)) }
    switch library.pointee.SSL_get_error(stream, sent) {
    case SSL_ERROR_WANT_WRITE:
      return .blocked
    case SSL_ERROR_WANT_READ:
      writeWaitsForReading = true
      return .blocked
    default:
      isBroken = true
      return .failed
    }
  }

  /// Says that nothing more comes (`close_notify`), once.
  ///
  /// - Returns: false when the socket does not take it now.
  func sayGoodbye() -> Bool {
    guard let stream, isEstablished, !isBroken, saysGoodbye else { return true }
    OpenSSLErrors.clear()
    let result = library.pointee.SSL_shutdown(stream)
    if result < 0, library.pointee.SSL_get_error(stream, result) == SSL_ERROR_WANT_WRITE {
      return false
    }
    saysGoodbye = false
    return true
  }

  // MARK: the socket

  /// The functions by which libssl reads and writes sockets.
  static func makeSocketMethod() -> OpaquePointer {
    let kind = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK
    guard let method = BIO_meth_new(kind, "egg socket"),
      BIO_meth_set_read_ex(method, readSocket) == 1,
      BIO_meth_set_write_ex(method, writeSocket) == 1,
      BIO_meth_set_ctrl(method, controlSocket) == 1
    else { preconditionFailure("out of memory for a method of OpenSSL's") }
    return method
  }

  private static func of(_ socket: OpaquePointer?) -> Unmanaged<TLSStream>? {
    BIO_get_data(socket).map { Unmanaged.fromOpaque($0) }
  }

  private static let readSocket:
    @convention(c) (
      OpaquePointer?, UnsafeMutablePointer<CChar>?, Int, UnsafeMutablePointer<Int>?
    ) -> Int32 = { socket, place, count, got in
      guard let own = of(socket), let place, let got else { return 0 }
      egg_bio_no_retry(socket)
      return own._withUnsafeGuaranteedRef { own in
        switch own.readSocket(place, count) {
        case 0: return 0
        case let number where number > 0:
          got.pointee = number
          return 1
        default:
          egg_bio_retry(socket, BIO_FLAGS_READ)
          return 0
        }
      }
    }

  /// - Returns: bytes; 0 at the end and after an error; -1 when nothing is there.
  private func readSocket(_ place: UnsafeMutablePointer<CChar>, _ count: Int) -> Int {
    guard socketCanRead else { return hasEnded ? 0 : -1 }
    while true {
      let got = Glibc.read(connection.descriptor, place, count)
      if got > 0 {
        if firstByte == nil { firstByte = UInt8(bitPattern: place[0]) }
        // A short read has emptied the socket; the end, if it was announced, still has to be read.
        if got < count, !connection.isReadClosed { socketCanRead = false }
        return got
      }
      if got < 0, errno == EINTR { continue }
      socketCanRead = false
      if got < 0, errno == EAGAIN { return -1 }
      if got < 0 { isBroken = true }
      hasEnded = true
      return 0
    }
  }

  private static let writeSocket:
    @convention(c) (OpaquePointer?, UnsafePointer<CChar>?, Int, UnsafeMutablePointer<Int>?) -> Int32 =
      { socket, bytes, count, sent in
        guard let own = of(socket), let bytes, let sent else { return 0 }
        egg_bio_no_retry(socket)
        return own._withUnsafeGuaranteedRef { own in
          let number = own.writeSocket(bytes, count)
          if number > 0 {
            sent.pointee = number
            return 1
          }
          if number < 0 { egg_bio_retry(socket, BIO_FLAGS_WRITE) }
          return 0
        }
      }

  /// - Returns: bytes; 0 after an error; -1 when the socket takes nothing.
  private func writeSocket(_ bytes: UnsafePointer<CChar>, _ count: Int) -> Int {
    guard connection.canWrite else { return -1 }
    while true {
      let sent = Glibc.send(connection.descriptor, bytes, count, Int32(MSG_NOSIGNAL))
      if sent >= 0 {
        if sent < count { connection.canWrite = false }
        return sent
      }
      if errno == EINTR { continue }
      if errno != EAGAIN { return 0 }
      connection.canWrite = false
      return -1
    }
  }

  private static let controlSocket:
    @convention(c) (OpaquePointer?, Int32, Int, UnsafeMutableRawPointer?) -> Int = {
      socket, command, _, _ in
      switch command {
      case BIO_CTRL_FLUSH, BIO_CTRL_DUP: 1
      case BIO_CTRL_EOF: of(socket)?._withUnsafeGuaranteedRef { $0.hasEnded ? 1 : 0 } ?? 1
      default: 0
      }
    }
}
