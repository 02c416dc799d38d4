import EggRedis
import Glibc

/// Where a server listens.
nonisolated public enum Endpoint: Hashable, Sendable, CustomStringConvertible {
  case tcp(host: String, port: Int)
  /// A Unix socket.
  case unix(path: String)

  public var description: String {
    switch self {
    case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix(let path): path
    }
  }

  public var host: String {
    switch self {
    case .tcp(let host, _): host
    case .unix: "localhost"
    }
  }
}

/// An address that can be connected to.
nonisolated struct SocketAddress: Sendable {
  let family: Int32
  let bytes: [UInt8]

  /// - Throws: `EGG_REDIS_CONNECT` for a path that is too long for a socket's address.
  static func unix(_ path: String) throws(RedisError) -> SocketAddress {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let path = Array(path.utf8)
    guard !path.isEmpty, path.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw RedisError.connect("a socket's path has 1 to 107 bytes, this one \(path.count)")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
    return SocketAddress(family: AF_UNIX, bytes: withUnsafeBytes(of: address) { Array($0) })
  }

  /// The addresses of a host. A name is looked up, which blocks.
  ///
  /// - Parameter numericOnly: nothing is looked up; a name has no addresses then.
  static func tcp(_ host: String, _ port: Int, numericOnly: Bool) throws(RedisError)
    -> [SocketAddress]
  {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = numericOnly ? AI_NUMERICHOST | AI_NUMERICSERV : AI_NUMERICSERV
    var list: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, String(port), &hints, &list)
    defer { if let list { freeaddrinfo(list) } }
    guard status == 0 else {
      if numericOnly { return [] }
      throw RedisError.connect("\(host): \(String(cString: gai_strerror(status)))")
    }
    var addresses: [SocketAddress] = []
    var next = list
    while let info = next?.pointee {
      let bytes = UnsafeRawBufferPointer(start: info.ai_addr, count: Int(info.ai_addrlen))
      addresses.append(SocketAddress(family: info.ai_family, bytes: Array(bytes)))
      next = info.ai_next
    }
    return addresses
  }
}
