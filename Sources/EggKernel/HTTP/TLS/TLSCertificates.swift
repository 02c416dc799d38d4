import COpenSSL
import Glibc

/// One state of the certificate files: a context of OpenSSL's per certificate, and the choice by name.
///
/// It never changes. After the files have changed there is another one for new connections; those that
/// run keep theirs.
final class TLSCertificates {
  let library: UnsafePointer<egg_libssl>
  private var contexts: [Entry] = []
  /// Things worth a warning, such as a certificate that ends soon.
  private(set) var notices: [String] = []

  private struct Entry {
    let context: OpaquePointer
    /// The context owns it.
    let certificate: OpaquePointer
    var keyType: Int32
  }

  /// Of connections whose client names nobody, or somebody we don't know.
  var first: OpaquePointer { contexts[0].context }

  /// - Throws: `.config` naming the key and its place when a file is missing, damaged, or does not fit
  ///   the others.
  init(
    _ settings: TLSSettings, _ library: UnsafePointer<egg_libssl>, tickets: TLSTickets?
  ) throws(BootError) {
    self.library = library
    OpenSSLErrors.clear()
    for identity in settings.identities { try add(identity, settings) }
    if settings.asksClients { try trust(settings) }
    guard let tickets else { return }
    _ = library.pointee.SSL_CTX_set_timeout(first, settings.sessionTimeout / 1000)
    _ = library.pointee.SSL_CTX_set_tlsext_ticket_key_evp_cb(first, tickets.callback)
    guard contexts.count > 1 else { return }
    egg_tls_on_server_name(
      library, first, TLSCertificates.choose, Unmanaged.passUnretained(self).toOpaque())
  }

  deinit {
    // Those that a connection uses live on with it.
    for entry in contexts { library.pointee.SSL_CTX_free(entry.context) }
  }

  // MARK: one certificate

  private func add(
    _ identity: TLSSettings.Identity, _ settings: TLSSettings
  ) throws(BootError) {
    let chain = try PEMFile.certificates(identity.certificate)
    // The first is counted by the context when it takes it; the others are handed over.
    var owned = chain[...]
    defer { owned.forEach { X509_free($0) } }
    let key = try PEMFile.key(identity.key, passphrase: identity.passphrase)
    defer { EVP_PKEY_free(key) }
    guard X509_check_private_key(chain[0], key) == 1 else {
      OpenSSLErrors.clear()
      throw identity.key.refusal(
        "the key in \"\(identity.key.text)\" is not that of the certificate in "
          + "\"\(identity.certificate.text)\"")
    }
    note(chain[0], identity.certificate)
    let type = EVP_PKEY_get_base_id(key)
    let twin = contexts.first { $0.keyType != type && hasSameNames($0.certificate, chain[0]) }
    let context = if let twin { twin.context } else { try makeContext(settings) }
    // From here on `deinit` frees it.
    if twin == nil {
      contexts.append(Entry(context: context, certificate: chain[0], keyType: type))
    }
    guard library.pointee.SSL_CTX_use_certificate(context, chain[0]) == 1 else {
      throw identity.certificate.refusal(
        "the certificate in \"\(identity.certificate.text)\" can't be used: \(OpenSSLErrors.take())"
      )
    }
    guard library.pointee.SSL_CTX_use_PrivateKey(context, key) == 1 else {
      throw identity.key.refusal(
        "the key in \"\(identity.key.text)\" can't be used: \(OpenSSLErrors.take())")
    }
    for one in chain.dropFirst() {
      guard egg_tls_add_chain(library, context, one) == 1 else {
        throw identity.certificate.refusal(
          "a certificate of the chain in \"\(identity.certificate.text)\" can't be used: "
            + OpenSSLErrors.take())
      }
      owned = owned.filter { $0 != one }[...]
    }
  }

  private func makeContext(_ settings: TLSSettings) throws(BootError) -> OpaquePointer {
    guard let context = library.pointee.SSL_CTX_new(library.pointee.TLS_server_method()) else {
      throw BootError(
        .lifecycle, unit: "egg", "OpenSSL makes no context: \(OpenSSLErrors.take())")
    }
    _ = egg_tls_set_versions(library, context, Int(settings.leastVersion), Int(TLS1_3_VERSION))
    egg_tls_set_options(library, context)
    // Buffers are held only while something is in them; a write that was refused is made again from
    // wherever its bytes lie then.
    _ = egg_tls_set_mode(
      library, context,
      Int(
        SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_AUTO_RETRY
          | SSL_MODE_RELEASE_BUFFERS))
    egg_tls_read_ahead(library, context)
    // Sessions live in tickets, which every worker can open, and not in one process's memory.
    egg_tls_set_cache(library, context, Int(SSL_SESS_CACHE_OFF))
    guard library.pointee.SSL_CTX_set_cipher_list(context, settings.ciphers.text) == 1 else {
      let reason = OpenSSLErrors.take()
      library.pointee.SSL_CTX_free(context)
      throw settings.ciphers.refusal(
        "\"\(settings.ciphers.text)\" names no cipher that can be used: \(reason)")
    }
    library.pointee.SSL_CTX_set_alpn_select_cb(context, TLSCertificates.selectProtocol, nil)
    _ = library.pointee.SSL_CTX_set_session_id_context(context, "egg", 3)
    return context
  }

  private func hasSameNames(_ one: OpaquePointer, _ other: OpaquePointer) -> Bool {
    guard let first = TLSCertificates.names(one), let second = TLSCertificates.names(other) else {
      return false
    }
    return ASN1_OCTET_STRING_cmp(first, second) == 0
  }

  /// The extension with the alternative names, as it stands in the certificate.
  private static func names(_ certificate: OpaquePointer) -> UnsafePointer<ASN1_OCTET_STRING>? {
    let place = X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1)
    guard place >= 0, let found = X509_get_ext(certificate, place) else { return nil }
    return UnsafePointer(X509_EXTENSION_get_data(found))
  }

  private func note(_ certificate: OpaquePointer, _ setting: TLSSettings.Setting) {
    var days: Int32 = 0
    var seconds: Int32 = 0
    guard ASN1_TIME_diff(&days, &seconds, nil, X509_get0_notAfter(certificate)) == 1 else { return }
    if days < 0 || seconds < 0 {
      notices.append("\(setting.name): the certificate in \"\(setting.text)\" has expired")
    } else if days < 7 {
      notices.append(
        "\(setting.name): the certificate in \"\(setting.text)\" expires in \(days) days")
    }
  }

  // MARK: certificates of clients

  private func trust(_ settings: TLSSettings) throws(BootError) {
    let mode = SSL_VERIFY_PEER | (settings.refusesStrangers ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0)
    let digest = EVP_MD_CTX_new()
    defer { EVP_MD_CTX_free(digest) }
    EVP_DigestInit_ex(digest, EVP_sha256(), nil)
    for setting in settings.authorities {
      let certificates = try PEMFile.certificates(setting)
      defer { certificates.forEach { X509_free($0) } }
      for certificate in certificates {
        for entry in contexts {
          let store = library.pointee.SSL_CTX_get_cert_store(entry.context)
          guard X509_STORE_add_cert(store, certificate) == 1,
            library.pointee.SSL_CTX_add_client_CA(entry.context, certificate) == 1
          else {
            throw setting.refusal(
              "a certificate in \"\(setting.text)\" can't be used: \(OpenSSLErrors.take())")
          }
        }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(EVP_MAX_MD_SIZE)) { place in
          var count: UInt32 = 0
          X509_digest(certificate, EVP_sha256(), place.baseAddress, &count)
          EVP_DigestUpdate(digest, place.baseAddress, Int(count))
        }
      }
    }
    // A session remembers that its client was checked: one from under other authorities is no good.
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(EVP_MAX_MD_SIZE)) { place in
      var count: UInt32 = 0
      EVP_DigestFinal_ex(digest, place.baseAddress, &count)
      for entry in contexts {
        _ = library.pointee.SSL_CTX_set_session_id_context(entry.context, place.baseAddress, count)
      }
    }
    for entry in contexts {
      library.pointee.SSL_CTX_set_verify(
        entry.context, mode, settings.refusesStrangers ? nil : { _, _ in 1 })
    }
  }

  // MARK: what a client asks for

  /// The context for a name: one that has it exactly before one that has it by a wildcard.
  func context(for name: UnsafePointer<CChar>) -> OpaquePointer? {
    for flags in [X509_CHECK_FLAG_NO_WILDCARDS, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS] {
      for entry in contexts
      where X509_check_host(entry.certificate, name, 0, UInt32(flags), nil) == 1 {
        return entry.context
      }
    }
    return nil
  }

  private static let choose:
    @convention(c) (OpaquePointer?, UnsafeMutablePointer<Int32>?, UnsafeMutableRawPointer?) -> Int32 =
      { connection, _, state in
        guard let connection, let state else { return SSL_TLSEXT_ERR_NOACK }
        let own = Unmanaged<TLSCertificates>.fromOpaque(state).takeUnretainedValue()
        guard
          let name = own.library.pointee.SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name),
          let context = own.context(for: name)
        else { return SSL_TLSEXT_ERR_NOACK }
        _ = own.library.pointee.SSL_set_SSL_CTX(connection, context)
        return SSL_TLSEXT_ERR_OK
      }

  /// ALPN: we speak HTTP/1.1. Who offers other protocols only is told so (RFC 7301, section 3.2).
  private static let selectProtocol:
    @convention(c) (
      OpaquePointer?, UnsafeMutablePointer<UnsafePointer<UInt8>?>?, UnsafeMutablePointer<UInt8>?,
      UnsafePointer<UInt8>?, UInt32, UnsafeMutableRawPointer?
    ) -> Int32 = { _, chosen, length, offered, count, _ in
      guard let chosen, let length, let offered else { return SSL_TLSEXT_ERR_ALERT_FATAL }
      for wanted: StaticString in ["http/1.1", "http/1.0"] {
        var at = 0
        while at < Int(count) {
          let size = Int(offered[at])
          guard at + 1 + size <= Int(count) else { break }
          if size == wanted.utf8CodeUnitCount, memcmp(offered + at + 1, wanted.utf8Start, size) == 0
          {
            chosen.pointee = offered + at + 1
            length.pointee = UInt8(size)
            return SSL_TLSEXT_ERR_OK
          }
          at += 1 + size
        }
      }
      return SSL_TLSEXT_ERR_ALERT_FATAL
    }
}
