internal import PluginABI

/// Signing and encrypting cookies as Egg does, so that both read each other's.
nonisolated enum CookieCrypto {
  /// HMAC-SHA256, base64 for URLs without padding.
  static func signature(_ text: String, _ key: String, _ host: Host) throws -> String {
    let digest = try hmac("sha256", Array(key.utf8), Array(text.utf8), host)
    return String(decoding: Base64.encode(digest, url: true, padded: false), as: UTF8.self)
  }

  /// In time that does not depend on where the texts differ.
  static func equal(_ a: String, _ b: String, _ host: Host) -> Bool {
    guard let crypto = host.crypto else { return false }
    return withEggStrings(a, b) { crypto.pointee.equal(host.table, $0, $1) }
  }

  /// AES-256-CBC; key and start vector from the passphrase (`EVP_BytesToKey`, MD5, no salt, one
  /// round), as Node's old `createCipher` made them.
  static func encrypt(_ data: [UInt8], _ passphrase: String, _ host: Host) throws -> [UInt8] {
    guard let result = try cipher(data, passphrase, host, encrypts: true) else {
      throw EggError("the cookie cannot be encrypted")
    }
    return result
  }

  /// Nil when the key is another one.
  static func decrypt(_ data: [UInt8], _ passphrase: String, _ host: Host) throws -> [UInt8]? {
    guard !data.isEmpty, data.count % 16 == 0 else { return nil }
    return try cipher(data, passphrase, host, encrypts: false)
  }

  private static func cipher(
    _ data: [UInt8], _ passphrase: String, _ host: Host, encrypts: Bool
  ) throws -> [UInt8]? {
    let crypto = try table(host)
    var material: [UInt8] = []
    var block: [UInt8] = []
    while material.count < 48 {
      block = try digest("md5", block + Array(passphrase.utf8), host)
      material += block
    }
    var out = [UInt8](repeating: 0, count: data.count + 32)
    let capacity = out.count
    var count = 0
    let run = encrypts ? crypto.pointee.encrypt : crypto.pointee.decrypt
    let status = Array(material[..<32]).withEggString { key in
      Array(material[32..<48]).withEggString { vector in
        data.withEggString { data in
          run(host.table, "aes-256-cbc", key, vector, data, &out, capacity, &count)
        }
      }
    }
    return status == Status.ok ? Array(out.prefix(count)) : nil
  }

  static func digest(_ algorithm: String, _ data: [UInt8], _ host: Host) throws -> [UInt8] {
    let crypto = try table(host)
    var out = [UInt8](repeating: 0, count: 64)
    var count = 0
    let status = data.withEggString {
      crypto.pointee.digest(host.table, algorithm, $0, &out, 64, &count)
    }
    try Status.check(status, algorithm)
    return Array(out.prefix(count))
  }

  static func hmac(_ algorithm: String, _ key: [UInt8], _ data: [UInt8], _ host: Host) throws
    -> [UInt8]
  {
    let crypto = try table(host)
    var out = [UInt8](repeating: 0, count: 64)
    var count = 0
    let status = key.withEggString { key in
      data.withEggString { data in
        crypto.pointee.hmac(host.table, algorithm, key, data, &out, 64, &count)
      }
    }
    try Status.check(status, "hmac-\(algorithm)")
    return Array(out.prefix(count))
  }

  static func random(_ count: Int, _ host: Host) throws -> [UInt8] {
    let crypto = try table(host)
    var out = [UInt8](repeating: 0, count: count)
    try Status.check(crypto.pointee.random(host.table, &out, count), "random bytes")
    return out
  }

  private static func table(_ host: Host) throws -> UnsafePointer<egg_crypto> {
    guard let crypto = host.crypto else { throw EggError("this kernel offers no cryptography") }
    return crypto
  }
}

/// Digests and random bytes, for plugins. From the system's OpenSSL, through the kernel.
public struct Crypto {
  let host: Host

  /// - Parameter algorithm: "md5", "sha1", "sha256" or "sha512".
  public func digest(_ algorithm: String, _ data: [UInt8]) throws -> [UInt8] {
    try CookieCrypto.digest(algorithm, data, host)
  }
  public func hmac(_ algorithm: String, key: [UInt8], _ data: [UInt8]) throws -> [UInt8] {
    try CookieCrypto.hmac(algorithm, key, data, host)
  }
  public func random(_ count: Int) throws -> [UInt8] { try CookieCrypto.random(count, host) }
  /// In time that does not depend on where the texts differ.
  public func equal(_ a: String, _ b: String) -> Bool { CookieCrypto.equal(a, b, host) }
}

extension ApplicationBase {
  public var crypto: Crypto { Crypto(host: host) }
}
