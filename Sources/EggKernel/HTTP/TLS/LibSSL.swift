import COpenSSL
import Glibc

/// The functions of libssl. The library is opened by who serves HTTPS and by nobody else.
enum LibSSL {
  /// Filled once, never closed.
  nonisolated(unsafe) private static var table: UnsafePointer<egg_libssl>?

  /// Opens the library the first time.
  ///
  /// - Throws: `.lifecycle` when it is not installed, or is another release than the linked libcrypto.
  static func open() throws(BootError) -> UnsafePointer<egg_libssl> {
    if let table { return table }
    let file = String(cString: egg_libssl_file())
    guard let library = dlopen(file, RTLD_NOW | RTLD_LOCAL) else {
      let reason = dlerror().map { String(cString: $0) } ?? "unknown reason"
      throw BootError(
        .lifecycle, unit: "egg",
        "cluster.https needs \(file) (Debian: apt-get install libssl3): \(reason)")
    }
    let fresh = UnsafeMutablePointer<egg_libssl>.allocate(capacity: 1)
    fresh.initialize(to: egg_libssl())
    if let missing = egg_libssl_fill(fresh, library) {
      throw BootError(
        .lifecycle, unit: "egg",
        "\(file) has no function \(String(cString: missing)): expected OpenSSL \(OPENSSL_VERSION_STR)"
      )
    }
    table = UnsafePointer(fresh)
    return UnsafePointer(fresh)
  }
}

/// OpenSSL's list of errors, one per thread. Whoever asks for the reason of a failure has to begin with
/// an empty one.
enum OpenSSLErrors {
  @inline(__always)
  static func clear() {
    if ERR_peek_error() != 0 { ERR_clear_error() }
  }

  /// The reason of the first error, in OpenSSL's words; the list is empty afterwards.
  static func take() -> String {
    let code = ERR_get_error()
    ERR_clear_error()
    guard code != 0 else { return "unknown reason" }
    return ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(code)"
  }
}
