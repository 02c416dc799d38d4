import CRedisTLS
import EggRedis
import Glibc

/// How to prove and demand identities on an encrypted connection. Files are PEM.
nonisolated public struct TLSOptions: Sendable, Equatable {
  /// Authorities to trust in place of the system's.
  public var ca: String?
  /// Our certificate and its key, when the server asks for one.
  public var cert: String?
  public var key: String?
  /// The name that the server's certificate must have; the host unless set.
  public var servername: String?
  /// False: any certificate will do. For tests.
  public var rejectUnauthorized = true

  public init() {}
}

/// One encrypted stream. Bytes come and go through memory, so that the socket stays ours.
nonisolated final class TLSSession {
  private let context: OpaquePointer
  private let ssl: OpaquePointer
  private let input: OpaquePointer
  private let output: OpaquePointer

  /// - Throws: `EGG_REDIS_CONNECT` for a file that cannot be read or is not what it should be.
  init(_ options: TLSOptions, host: String) throws(RedisError) {
    guard let context = SSL_CTX_new(TLS_client_method()) else { throw Self.failure("TLS") }
    do throws(RedisError) {
      try Self.configure(context, options)
      guard let ssl = SSL_new(context) else { throw Self.failure("TLS") }
      guard let input = BIO_new(BIO_s_mem()), let output = BIO_new(BIO_s_mem()) else {
        SSL_free(ssl)
        throw Self.failure("TLS")
      }
      SSL_set_bio(ssl, input, output)
      SSL_set_connect_state(ssl)
      Self.demand(options.servername ?? host, of: ssl)
      (self.context, self.ssl, self.input, self.output) = (context, ssl, input, output)
    } catch {
      SSL_CTX_free(context)
      throw error
    }
  }

  deinit {
    SSL_free(ssl)
    SSL_CTX_free(context)
  }

  private static func configure(_ context: OpaquePointer, _ options: TLSOptions)
    throws(RedisError)
  {
    _ = redis_tls_oldest_version(context)
    _ = redis_tls_partial_writes(context)
    SSL_CTX_set_verify(context, options.rejectUnauthorized ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
    if let file = options.ca {
      guard SSL_CTX_load_verify_locations(context, file, nil) == 1 else {
        throw failure("tls.ca \(file)")
      }
    } else {
      _ = SSL_CTX_set_default_verify_paths(context)
    }
    if let file = options.cert {
      guard SSL_CTX_use_certificate_chain_file(context, file) == 1 else {
        throw failure("tls.cert \(file)")
      }
    }
    if let file = options.key {
      guard SSL_CTX_use_PrivateKey_file(context, file, SSL_FILETYPE_PEM) == 1 else {
        throw failure("tls.key \(file)")
      }
    }
  }

  /// An address is compared with the certificate's addresses, a name with its names.
  private static func demand(_ name: String, of ssl: OpaquePointer) {
    let parameters = SSL_get0_param(ssl)
    if X509_VERIFY_PARAM_set1_ip_asc(parameters, name) == 1 { return }
    _ = redis_tls_server_name(ssl, name)
    _ = SSL_set1_host(ssl, name)
  }

  private static func failure(_ what: String) -> RedisError {
    var text = [CChar](repeating: 0, count: 256)
    let number = ERR_get_error()
    ERR_error_string_n(number, &text, text.count)
    let reason = ERR_reason_error_string(number).map { String(cString: $0) }
    ERR_clear_error()
    let whole = String(
      decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return .connect("\(what): \(reason ?? whole)")
  }

  // MARK: bytes

  /// Bytes that came from the socket.
  func received(_ bytes: UnsafeBufferPointer<UInt8>) {
    _ = BIO_write(input, bytes.baseAddress, Int32(clamping: bytes.count))
  }

  /// Bytes that the socket should send, appended to `bytes`.
  func takeOutput(into bytes: inout [UInt8]) {
    let waiting = BIO_ctrl_pending(output)
    guard waiting > 0 else { return }
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: waiting))
    let count = bytes.withUnsafeMutableBytes {
      BIO_read(output, $0.baseAddress! + start, Int32(clamping: waiting))
    }
    bytes.removeLast(waiting - max(0, Int(count)))
  }

  /// - Returns: true when both sides are satisfied.
  func handshake() throws(RedisError) -> Bool {
    ERR_clear_error()
    let status = SSL_do_handshake(ssl)
    if status == 1 { return true }
    switch SSL_get_error(ssl, status) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return false
    default:
      let verified = SSL_get_verify_result(ssl)
      if verified != Int(X509_V_OK) {
        let reason = String(cString: X509_verify_cert_error_string(verified))
        throw RedisError.connect("the server's certificate: \(reason)")
      }
      throw Self.failure("TLS handshake")
    }
  }

  func read(_ room: UnsafeMutableBufferPointer<UInt8>) -> Socket.Outcome {
    ERR_clear_error()
    let count = SSL_read(ssl, room.baseAddress, Int32(clamping: room.count))
    if count > 0 { return .bytes(Int(count)) }
    switch SSL_get_error(ssl, count) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .wait
    case SSL_ERROR_ZERO_RETURN: return .end("the server closed the connection")
    default: return .end(Self.failure("TLS").message)
    }
  }

  /// Encrypts everything; memory takes what it is given.
  func write(_ bytes: UnsafeBufferPointer<UInt8>) throws(RedisError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      ERR_clear_error()
      let part = UnsafeBufferPointer(rebasing: rest)
      let count = SSL_write(ssl, part.baseAddress, Int32(clamping: part.count))
      guard count > 0 else { throw Self.failure("TLS") }
      rest = rest.dropFirst(Int(count))
    }
  }
}
