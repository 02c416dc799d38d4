import COpenSSL
import Glibc
import PluginABI

/// A client's certificate as units read it.
///
/// - Source: Node, `tlsSocket.getPeerCertificate()`, whose names are kept; the times are milliseconds.
enum ClientCertificate {
  /// - Parameter certificate: still the caller's.
  /// - Returns: a map in the context's memory.
  static func value(
    of certificate: OpaquePointer, isAuthorized: Bool, in context: Context
  ) -> egg_value {
    var facts = ConfigObject()
    facts["subject"] = name(X509_get_subject_name(certificate))
    facts["issuer"] = name(X509_get_issuer_name(certificate))
    facts["serialNumber"] = .string(serialNumber(certificate))
    facts["fingerprint256"] = .string(fingerprint(certificate))
    facts["validFrom"] = milliseconds(X509_get0_notBefore(certificate))
    facts["validTo"] = milliseconds(X509_get0_notAfter(certificate))
    facts["authorized"] = .bool(isAuthorized)
    let known = ConfigValue.object(facts).tree(in: &context.arena)
    guard known.kind == Kind.map, let first = known.as.pairs,
      let pairs = context.arena.array(of: egg_pair.self, count: Int(known.count) + 1)
    else { return known }
    for index in 0..<Int(known.count) { pairs[index] = first[index] }
    pairs[Int(known.count)] = egg_pair(key: egg_str("raw"), value: raw(certificate, context))
    return egg_value(pairs: pairs, count: Int(known.count) + 1)
  }

  /// `{"CN": "ada", "OU": ["a", "b"]}`
  private static func name(_ name: OpaquePointer?) -> ConfigValue {
    var parts = ConfigObject()
    for place in 0..<X509_NAME_entry_count(name) {
      let entry = X509_NAME_get_entry(name, place)
      let kind = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry))
      var bytes: UnsafeMutablePointer<UInt8>?
      let count = ASN1_STRING_to_UTF8(&bytes, X509_NAME_ENTRY_get_data(entry))
      guard kind != NID_undef, let short = OBJ_nid2sn(kind), count >= 0, let bytes else { continue }
      defer { CRYPTO_free(bytes, "", 0) }
      let text = ConfigValue.string(
        String(decoding: UnsafeBufferPointer(start: bytes, count: Int(count)), as: UTF8.self))
      let key = String(cString: short)
      switch parts[key] {
      case nil: parts[key] = text
      case .array(let several): parts[key] = .array(several + [text])
      case let one?: parts[key] = .array([one, text])
      }
    }
    return .object(parts)
  }

  private static func serialNumber(_ certificate: OpaquePointer) -> String {
    let number = X509_get0_serialNumber(certificate)
    guard let bytes = ASN1_STRING_get0_data(number) else { return "" }
    return hexadecimal(
      UnsafeBufferPointer(start: bytes, count: Int(ASN1_STRING_length(number))), between: "")
  }

  private static func fingerprint(_ certificate: OpaquePointer) -> String {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(EVP_MAX_MD_SIZE)) { place in
      var count: UInt32 = 0
      guard X509_digest(certificate, EVP_sha256(), place.baseAddress, &count) == 1 else {
        return ""
      }
      return hexadecimal(UnsafeBufferPointer(rebasing: place[..<Int(count)]), between: ":")
    }
  }

  private static func hexadecimal(
    _ bytes: UnsafeBufferPointer<UInt8>, between separator: String
  ) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }
      .joined(separator: separator)
  }

  private static func milliseconds(_ time: UnsafePointer<ASN1_TIME>?) -> ConfigValue {
    var parts = tm()
    guard ASN1_TIME_to_tm(time, &parts) == 1 else { return .null }
    return .int(Int64(timegm(&parts)) * 1000)
  }

  private static func raw(_ certificate: OpaquePointer, _ context: Context) -> egg_value {
    let size = i2d_X509(certificate, nil)
    guard size > 0, let memory = context.arena.array(of: UInt8.self, count: Int(size)) else {
      return .null
    }
    var end: UnsafeMutablePointer<UInt8>? = memory
    guard i2d_X509(certificate, &end) == size else { return .null }
    return egg_value(bytes: UnsafeBufferPointer(start: memory, count: Int(size)))
  }
}
