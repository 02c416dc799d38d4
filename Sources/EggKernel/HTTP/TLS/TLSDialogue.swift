import COpenSSL
import Glibc

/// The certificates of an application, for who answers in its place: `egg dev` while the code does not
/// compile.
package final class TLSCertificateSet {
  fileprivate let certificates: TLSCertificates

  /// - Returns: nil when HTTPS is not configured.
  /// - Throws: `.config` for files that can't be used.
  package init?(_ plan: LoadPlan) throws(BootError) {
    guard let settings = try TLSSettings(plan.config, baseDir: plan.info.baseDir) else {
      return nil
    }
    certificates = try TLSCertificates(settings, try LibSSL.open(), tickets: nil)
  }
}

/// The encrypted side of a connection whose bytes somebody else reads and writes.
///
///     let text = dialogue.open(received)   // what the peer said
///     dialogue.seal(answer)
///     send(dialogue.takeSealed())          // also without an answer: TLS has things of its own to say
package final class TLSDialogue {
  private let set: TLSCertificateSet
  private let library: UnsafePointer<egg_libssl>
  private let stream: OpaquePointer
  private let received: OpaquePointer
  private let sealed: OpaquePointer
  /// Nothing can be read any more: the peer has ended, or does not speak TLS.
  package private(set) var isOver = false

  /// - Returns: nil without memory.
  package init?(_ set: TLSCertificateSet) {
    self.set = set
    library = set.certificates.library
    guard let stream = library.pointee.SSL_new(set.certificates.first) else { return nil }
    guard let received = BIO_new(BIO_s_mem()) else {
      library.pointee.SSL_free(stream)
      return nil
    }
    guard let sealed = BIO_new(BIO_s_mem()) else {
      BIO_free(received)
      library.pointee.SSL_free(stream)
      return nil
    }
    self.stream = stream
    self.received = received
    self.sealed = sealed
    // These are the stream's from now on.
    library.pointee.SSL_set_bio(stream, received, sealed)
    library.pointee.SSL_set_accept_state(stream)
  }

  deinit { library.pointee.SSL_free(stream) }

  /// - Returns: what the peer said, as far as it is complete.
  package func open(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    bytes.withUnsafeBytes { _ = BIO_write(received, $0.baseAddress, Int32($0.count)) }
    var text: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: TLSServer.recordLimit)
    while true {
      OpenSSLErrors.clear()
      let count = library.pointee.SSL_read(stream, &piece, Int32(piece.count))
      guard count > 0 else {
        isOver = library.pointee.SSL_get_error(stream, count) != SSL_ERROR_WANT_READ
        return text
      }
      text += piece[..<Int(count)]
    }
  }

  /// Seals the whole of an answer, and says that nothing more comes.
  package func seal(_ bytes: [UInt8]) {
    OpenSSLErrors.clear()
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        library.pointee.SSL_write(stream, $0.baseAddress, Int32($0.count))
      }
      guard count > 0 else { return }
      rest = rest.dropFirst(Int(count))
    }
    _ = library.pointee.SSL_shutdown(stream)
  }

  /// What has to be sent.
  package func takeSealed() -> [UInt8] {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: TLSServer.recordLimit)
    while true {
      let count = BIO_read(sealed, &piece, Int32(piece.count))
      guard count > 0 else { return bytes }
      bytes += piece[..<Int(count)]
    }
  }
}
