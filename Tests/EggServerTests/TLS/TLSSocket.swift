import COpenSSL
import Foundation

/// What a client of the tests asks for.
struct TLSOptions: Sendable {
  var least = TLS1_2_VERSION
  var most = TLS1_3_VERSION
  var name: String? = "localhost"
  var protocols: [String] = []
  /// The certificate that the client shows, and its key.
  var identity: TestCertificate?
  /// Of an earlier connection, to be taken up again.
  var session: TLSSocket.Session?

  /// With `EGG_SERVER_TLS=1` every test of this bundle speaks HTTPS, so that all that is promised of
  /// HTTP is proved of it too.
  static let standard: TLSOptions? =
    ProcessInfo.processInfo.environment["EGG_SERVER_TLS"] == "1" ? TLSOptions() : nil
  /// A number of connections for a test: a handshake costs as much as many requests.
  static func scaled(_ count: Int) -> Int { standard == nil ? count : max(1, count / 10) }

  static let standardServer: String? = standard.map { _ in TestCertificate.localhost.config }
}

/// The client's side of TLS over a connected socket that blocks.
final class TLSSocket {
  /// A session that a server has given a ticket for.
  ///
  /// `@unchecked Sendable`: OpenSSL counts references to it atomically, and nobody changes it.
  final class Session: @unchecked Sendable {
    fileprivate let pointer: OpaquePointer
    fileprivate init(_ pointer: OpaquePointer) { self.pointer = pointer }
    deinit { SSL_SESSION_free(pointer) }
  }

  private let descriptor: Int32
  private let stream: OpaquePointer

  /// - Throws: what OpenSSL says when nothing could be agreed on.
  init(_ descriptor: Int32, _ options: TLSOptions) throws {
    // OpenSSL writes without asking for quiet.
    signal(SIGPIPE, SIG_IGN)
    self.descriptor = descriptor
    let context = SSL_CTX_new(TLS_client_method())
    defer { SSL_CTX_free(context) }
    SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(options.least), nil)
    SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(options.most), nil)
    if let identity = options.identity {
      SSL_CTX_use_certificate_chain_file(context, identity.certificate)
      SSL_CTX_use_PrivateKey_file(context, identity.key, SSL_FILETYPE_PEM)
    }
    stream = SSL_new(context)
    SSL_set_fd(stream, descriptor)
    if let name = options.name {
      var text = Array(name.utf8CString)
      SSL_ctrl(
        stream, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name), &text)
    }
    if !options.protocols.isEmpty {
      let offered = options.protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
      SSL_set_alpn_protos(stream, offered, UInt32(offered.count))
    }
    if let session = options.session { SSL_set_session(stream, session.pointer) }
    let result = SSL_connect(stream)
    guard result == 1 else {
      throw Failure("handshake: \(TLSSocket.reason())")
    }
  }

  deinit { SSL_free(stream) }

  private static func reason() -> String {
    let code = ERR_get_error()
    ERR_clear_error()
    guard code != 0 else { return "the connection ended" }
    return ERR_reason_error_string(code).map { String(cString: $0) } ?? "\(code)"
  }

  // MARK: what was agreed on

  var version: String { String(cString: SSL_get_version(stream)) }
  var isResumed: Bool { SSL_session_reused(stream) == 1 }

  var chosenProtocol: String {
    var text: UnsafePointer<UInt8>?
    var count: UInt32 = 0
    SSL_get0_alpn_selected(stream, &text, &count)
    return String(decoding: UnsafeBufferPointer(start: text, count: Int(count)), as: UTF8.self)
  }

  /// The common name in the server's certificate.
  var serverName: String {
    guard let certificate = SSL_get1_peer_certificate(stream) else { return "" }
    defer { X509_free(certificate) }
    var text = [CChar](repeating: 0, count: 256)
    X509_NAME_get_text_by_NID(
      X509_get_subject_name(certificate), NID_commonName, &text, Int32(text.count))
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// After something was read: TLS 1.3 sends tickets behind the handshake.
  var session: Session? { SSL_get1_session(stream).map(Session.init) }

  // MARK: bytes

  func send(_ bytes: [UInt8]) throws {
    var at = 0
    while at < bytes.count {
      let sent = bytes.withUnsafeBytes {
        SSL_write(stream, $0.baseAddress! + at, Int32(bytes.count - at))
      }
      guard sent > 0 else { throw Failure("send: \(TLSSocket.reason())") }
      at += Int(sent)
    }
  }

  /// Sends what the system takes at once.
  func sendSome(_ bytes: [UInt8]) -> Int {
    let flags = fcntl(descriptor, F_GETFL)
    _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
    defer { _ = fcntl(descriptor, F_SETFL, flags) }
    SSL_ctrl(
      stream, SSL_CTRL_MODE,
      Int(SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER), nil)
    var at = 0
    while at < bytes.count {
      let sent = bytes.withUnsafeBytes {
        SSL_write(stream, $0.baseAddress! + at, Int32(bytes.count - at))
      }
      guard sent > 0 else { break }
      at += Int(sent)
    }
    ERR_clear_error()
    return at == 0 ? -1 : at
  }

  /// The server did not say that it had said everything.
  private(set) var wasCut = false

  /// - Returns: bytes; 0 at the end; -1 with `errno` after an error of the socket.
  func receive(_ place: inout [UInt8]) -> Int {
    errno = 0
    let got = SSL_read(stream, &place, Int32(place.count))
    if got > 0 { return Int(got) }
    let kind = SSL_get_error(stream, got)
    let system = errno
    let code = ERR_peek_error()
    ERR_clear_error()
    if kind == SSL_ERROR_ZERO_RETURN { return 0 }
    wasCut = true
    if kind == SSL_ERROR_SYSCALL, system != 0 {
      errno = system
      return -1
    }
    lastReason = ERR_reason_error_string(code).map { String(cString: $0) } ?? ""
    return 0
  }
  /// Why nothing more could be read.
  private(set) var lastReason = ""

  /// Says that nothing more comes.
  func goodbye() {
    SSL_shutdown(stream)
    ERR_clear_error()
  }

  /// Asks for new keys of both sides (TLS 1.3).
  func updateKeys() { SSL_key_update(stream, SSL_KEY_UPDATE_REQUESTED) }

  /// Asks for a new handshake on this connection (TLS 1.2).
  ///
  /// - Returns: whether the server went along.
  func renegotiate() -> Bool {
    SSL_renegotiate(stream)
    defer { ERR_clear_error() }
    return SSL_do_handshake(stream) == 1
  }
}
