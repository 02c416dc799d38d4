import COpenSSL
import Glibc

/// The secret that session tickets are sealed with, the same in every process of an application.
///
/// It is replaced by its own hash every twelve hours, in all processes at the same time of the monotonic
/// clock and without a word between them: who gets hold of today's can't open what was sealed yesterday.
struct TicketSecret {
  /// Nanoseconds.
  static let period: UInt64 = 12 * 3600 * 1_000_000_000

  private(set) var bytes: [UInt8]
  /// When it came into use; monotonic nanoseconds.
  private(set) var since: UInt64

  init(bytes: [UInt8], since: UInt64) {
    self.bytes = bytes
    self.since = since
  }

  /// A new one.
  init() {
    bytes = [UInt8](repeating: 0, count: 32)
    precondition(RAND_bytes(&bytes, 32) == 1, "the system gives no random bytes")
    since = monotonicNanoseconds()
  }

  /// As text for a process to be started.
  init?(_ value: ConfigValue?) {
    guard let text = value?["secret"]?.string, text.utf8.count == 64,
      let since = value?["since"]?.int
    else { return nil }
    let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
    guard digits.count == 64 else { return nil }
    bytes = (0..<32).map { UInt8(digits[2 * $0] << 4 | digits[2 * $0 + 1]) }
    self.since = UInt64(clamping: since)
  }

  var json: ConfigValue {
    let digits = Array("0123456789abcdef")
    let text = String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    return ["secret": .string(text), "since": .int(Int64(clamping: since))]
  }

  /// Brings it to the period of `time`.
  ///
  /// - Returns: the one of the period before, when that has just ended.
  @discardableResult
  mutating func advance(to time: UInt64) -> TicketSecret? {
    var last: TicketSecret?
    while time >= since &+ TicketSecret.period {
      last = self
      bytes = hash("next")
      since &+= TicketSecret.period
    }
    return last
  }

  /// 32 bytes that follow from it.
  func hash(_ purpose: StaticString) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: 32)
    var count: UInt32 = 0
    let done = HMAC(
      EVP_sha256(), bytes, Int32(bytes.count), purpose.utf8Start, purpose.utf8CodeUnitCount,
      &result,
      &count)
    precondition(done != nil && count == 32, "SHA-256 is part of libcrypto")
    return result
  }
}

/// Seals and opens session tickets: AES-256 and HMAC-SHA-256 (RFC 5077, section 4).
final class TLSTickets {
  /// Of this process; OpenSSL's callback has no other way to it.
  nonisolated(unsafe) private static var current: TLSTickets?

  private struct Keys {
    let name: [UInt8]
    let cipher: [UInt8]
    let mac: [UInt8]

    init(_ secret: TicketSecret) {
      name = Array(secret.hash("ticket name").prefix(16))
      cipher = secret.hash("ticket cipher")
      mac = secret.hash("ticket mac")
    }
  }

  private var secret: TicketSecret
  private var keys: Keys
  /// Of the period before: opens, but no longer seals.
  private var previous: Keys?
  /// Found once: looking an algorithm up by name costs more than using it.
  private let cipher: OpaquePointer?

  /// - Parameter secret: of the application; nil when this process is the whole of it.
  init(_ secret: TicketSecret?) {
    self.secret = secret ?? TicketSecret()
    let last = self.secret.advance(to: monotonicNanoseconds())
    keys = Keys(self.secret)
    previous = last.map(Keys.init)
    cipher = EVP_CIPHER_fetch(nil, "AES-256-CBC", nil)
    TLSTickets.current = self
  }

  private func advance() {
    if let last = secret.advance(to: monotonicNanoseconds()) {
      previous = Keys(last)
      keys = Keys(secret)
    }
  }

  typealias Callback =
    @convention(c) (
      OpaquePointer?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt8>?, OpaquePointer?,
      OpaquePointer?, Int32
    ) -> Int32

  /// - Returns: see SSL_CTX_set_tlsext_ticket_key_evp_cb(3): 0 is an unknown ticket, 2 asks for a new
  ///   one, below 0 ends the handshake.
  let callback: Callback = { _, name, iv, cipher, mac, seals in
    guard let tickets = TLSTickets.current, let name, let iv, let cipher, let mac else { return -1 }
    tickets.advance()
    return seals == 1
      ? tickets.seal(name, iv, cipher, mac) : tickets.open(name, iv, cipher, mac)
  }

  private func seal(
    _ name: UnsafeMutablePointer<UInt8>, _ iv: UnsafeMutablePointer<UInt8>,
    _ context: OpaquePointer,
    _ mac: OpaquePointer
  ) -> Int32 {
    guard RAND_bytes(iv, 16) == 1 else { return -1 }
    memcpy(name, keys.name, 16)
    guard EVP_EncryptInit_ex(context, cipher, nil, keys.cipher, iv) == 1, setUp(mac, keys) else {
      return -1
    }
    return 1
  }

  private func open(
    _ name: UnsafeMutablePointer<UInt8>, _ iv: UnsafeMutablePointer<UInt8>,
    _ context: OpaquePointer,
    _ mac: OpaquePointer
  ) -> Int32 {
    let isCurrent = memcmp(name, keys.name, 16) == 0
    let known = isCurrent ? keys : previous
    guard let known, memcmp(name, known.name, 16) == 0 else { return 0 }
    guard setUp(mac, known), EVP_DecryptInit_ex(context, cipher, nil, known.cipher, iv) == 1 else {
      return -1
    }
    return isCurrent ? 1 : 2
  }

  private func setUp(_ mac: OpaquePointer, _ keys: Keys) -> Bool {
    egg_mac_set_key(mac, keys.mac, keys.mac.count) == 1
  }
}
