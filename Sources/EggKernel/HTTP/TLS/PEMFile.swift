import COpenSSL
import Glibc

/// What OpenSSL reads out of a file in PEM form. The file is read once, by us, so that a reload sees
/// one state of it and a problem names the setting.
enum PEMFile {
  /// Larger files are no certificates.
  private static let limit = 4 << 20

  private static func open(
    _ setting: TLSSettings.Setting, _ what: String
  ) throws(BootError) -> OpaquePointer {
    let bytes: [UInt8]?
    do throws(BootError) {
      bytes = try FileReader.contents(of: setting.text, limit: limit, unit: setting.source.unit)
    } catch {
      throw setting.refusal("\"\(setting.text)\": \(error.message)")
    }
    guard let bytes else {
      throw setting.refusal("expected \(what) in PEM form, found no file \"\(setting.text)\"")
    }
    let memory = bytes.withUnsafeBytes { source -> OpaquePointer? in
      guard let memory = BIO_new(BIO_s_mem()) else { return nil }
      if source.count > 0,
        BIO_write(memory, source.baseAddress, Int32(source.count)) != source.count
      {
        BIO_free(memory)
        return nil
      }
      return memory
    }
    guard let memory else { throw setting.refusal("no memory for \"\(setting.text)\"") }
    return memory
  }

  /// - Returns: all certificates, in order; the caller frees them.
  static func certificates(
    _ setting: TLSSettings.Setting
  ) throws(BootError) -> [OpaquePointer] {
    let memory = try open(setting, "a certificate")
    defer { BIO_free(memory) }
    OpenSSLErrors.clear()
    var found: [OpaquePointer] = []
    while let one = PEM_read_bio_X509(memory, nil, noPassphrase, nil) { found.append(one) }
    // It ends with "no start line"; any other reason is a damaged certificate.
    let reason = ERR_GET_REASON(ERR_peek_last_error())
    let text = OpenSSLErrors.take()
    if reason != PEM_R_NO_START_LINE || found.isEmpty {
      found.forEach { X509_free($0) }
      throw setting.refusal(
        "expected a certificate in PEM form (-----BEGIN CERTIFICATE-----) in \"\(setting.text)\": \(text)"
      )
    }
    return found
  }

  /// - Returns: the caller frees it.
  static func key(
    _ setting: TLSSettings.Setting, passphrase: String?
  ) throws(BootError) -> OpaquePointer {
    let memory = try open(setting, "a private key")
    defer { BIO_free(memory) }
    OpenSSLErrors.clear()
    var answer = Passphrase(text: Array((passphrase ?? "").utf8))
    let key = withUnsafeMutablePointer(to: &answer) {
      PEM_read_bio_PrivateKey(memory, nil, givePassphrase, $0)
    }
    let text = OpenSSLErrors.take()
    if let key { return key }
    if answer.wasAsked {
      throw setting.refusal(
        passphrase == nil
          ? "the key in \"\(setting.text)\" is encrypted; give its passphrase as \"passphrase\""
          : "\"passphrase\" does not open the key in \"\(setting.text)\": \(text)")
    }
    throw setting.refusal(
      "expected a private key in PEM form (-----BEGIN PRIVATE KEY-----) in \"\(setting.text)\": \(text)"
    )
  }

  private struct Passphrase {
    let text: [UInt8]
    var wasAsked = false
  }

  private typealias PassphraseCallback =
    @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32

  /// Without these two OpenSSL would ask at the terminal.
  private static let noPassphrase: PassphraseCallback = { _, _, _, _ in 0 }
  private static let givePassphrase: PassphraseCallback = { place, capacity, _, state in
    guard let place, let state else { return 0 }
    let answer = state.assumingMemoryBound(to: Passphrase.self)
    answer.pointee.wasAsked = true
    let text = answer.pointee.text
    guard text.count <= Int(capacity) else { return 0 }
    for (index, byte) in text.enumerated() { place[index] = CChar(bitPattern: byte) }
    return Int32(text.count)
  }
}
