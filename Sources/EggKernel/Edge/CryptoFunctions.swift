import COpenSSL
import PluginABI

/// `egg.crypto/1`, over the system's libcrypto.
enum CryptoFunctions {
  static var table: egg_crypto {
    egg_crypto(
      size: UInt32(MemoryLayout<egg_crypto>.size), flags: 0, digest: digest, hmac: hmac,
      encrypt: encrypt, decrypt: decrypt, random: random, equal: equal)
  }

  private static func algorithm(_ name: UnsafePointer<CChar>) -> OpaquePointer? {
    switch String(cString: name) {
    case "md5": EVP_md5()
    case "sha1": EVP_sha1()
    case "sha256": EVP_sha256()
    case "sha512": EVP_sha512()
    default: nil
    }
  }

  private static let digest:
    @convention(c) (
      HostTable, UnsafePointer<CChar>, egg_str, UnsafeMutablePointer<UInt8>, Int,
      UnsafeMutablePointer<Int>
    ) -> egg_status = { _, name, data, out, capacity, count in
      guard data.isPlausible, let algorithm = algorithm(name) else { return Status.argument }
      guard capacity >= Int(EVP_MD_get_size(algorithm)) else { return Status.limit }
      var written: UInt32 = 0
      guard EVP_Digest(data.ptr, data.len, out, &written, algorithm, nil) == 1 else {
        return Status.failed
      }
      count.pointee = Int(written)
      return Status.ok
    }

  private static let hmac:
    @convention(c) (
      HostTable, UnsafePointer<CChar>, egg_str, egg_str, UnsafeMutablePointer<UInt8>, Int,
      UnsafeMutablePointer<Int>
    ) -> egg_status = { _, name, key, data, out, capacity, count in
      guard key.isPlausible, data.isPlausible, key.len <= Int(Int32.max),
        let algorithm = algorithm(name)
      else { return Status.argument }
      guard capacity >= Int(EVP_MD_get_size(algorithm)) else { return Status.limit }
      var written: UInt32 = 0
      let bytes = data.bytes.baseAddress ?? UnsafePointer(out)
      guard
        HMAC(
          algorithm, key.ptr.map { UnsafeRawPointer($0) } ?? UnsafeRawPointer(out), Int32(key.len),
          bytes, data.len, out, &written) != nil
      else { return Status.failed }
      count.pointee = Int(written)
      return Status.ok
    }

  private static func cipher(_ name: UnsafePointer<CChar>) -> OpaquePointer? {
    String(cString: name) == "aes-256-cbc" ? EVP_aes_256_cbc() : nil
  }

  private static func run(
    _ encrypts: Bool, _ name: UnsafePointer<CChar>, _ key: egg_str, _ iv: egg_str, _ data: egg_str,
    _ out: UnsafeMutablePointer<UInt8>, _ capacity: Int, _ count: UnsafeMutablePointer<Int>
  ) -> egg_status {
    guard data.isPlausible, data.len <= Int(Int32.max) - 64, let cipher = cipher(name),
      key.len == Int(EVP_CIPHER_get_key_length(cipher)),
      iv.len == Int(EVP_CIPHER_get_iv_length(cipher))
    else { return Status.argument }
    guard capacity >= data.len + 16 else { return Status.limit }
    guard let context = EVP_CIPHER_CTX_new() else { return Status.failed }
    defer { EVP_CIPHER_CTX_free(context) }
    var first: Int32 = 0
    var last: Int32 = 0
    let source = data.bytes.baseAddress ?? UnsafePointer(out)
    guard
      EVP_CipherInit_ex(
        context, cipher, nil, key.bytes.baseAddress, iv.bytes.baseAddress, encrypts ? 1 : 0) == 1,
      EVP_CipherUpdate(context, out, &first, source, Int32(data.len)) == 1,
      EVP_CipherFinal_ex(context, out + Int(first), &last) == 1
    else { return Status.failed }
    count.pointee = Int(first) + Int(last)
    return Status.ok
  }

  private static let encrypt:
    @convention(c) (
      HostTable, UnsafePointer<CChar>, egg_str, egg_str, egg_str, UnsafeMutablePointer<UInt8>, Int,
      UnsafeMutablePointer<Int>
    ) -> egg_status = { _, name, key, iv, data, out, capacity, count in
      run(true, name, key, iv, data, out, capacity, count)
    }

  private static let decrypt:
    @convention(c) (
      HostTable, UnsafePointer<CChar>, egg_str, egg_str, egg_str, UnsafeMutablePointer<UInt8>, Int,
      UnsafeMutablePointer<Int>
    ) -> egg_status = { _, name, key, iv, data, out, capacity, count in
      run(false, name, key, iv, data, out, capacity, count)
    }

  private static let random:
    @convention(c) (HostTable, UnsafeMutablePointer<UInt8>, Int) -> egg_status = { _, out, count in
      guard count >= 0, count <= Int(Int32.max) else { return Status.argument }
      return RAND_bytes(out, Int32(count)) == 1 ? Status.ok : Status.failed
    }

  private static let equal: @convention(c) (HostTable, egg_str, egg_str) -> Bool = { _, a, b in
    guard a.isPlausible, b.isPlausible, a.len == b.len else { return false }
    return a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0
  }
}
