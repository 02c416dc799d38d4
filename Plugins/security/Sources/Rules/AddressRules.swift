import Glibc

/// Addresses that requests made by the server may not reach: what protects internal services from
/// urls that visitors send.
public struct AddressRules {
  private let denied: [AddressRange]
  private let excepted: [AddressRange]
  private let hostnames: [String]

  public struct Mistake: Error, CustomStringConvertible {
    public let description: String
  }

  /// - Parameters:
  ///   - denied: `10.0.0.0/8`, `127.0.0.1`, `fc00::/7`.
  ///   - excepted: allowed although `denied` holds them.
  ///   - hostnames: hosts that may have any address, as in `isSafeDomain`.
  /// - Throws: `Mistake` that quotes what is no address.
  public init(denied: [String], excepted: [String] = [], hostnames: [String] = []) throws(Mistake) {
    self.denied = try denied.map(AddressRange.init)
    self.excepted = try excepted.map(AddressRange.init)
    self.hostnames = hostnames
  }

  /// - Parameter address: numeric, IPv4 or IPv6, with or without brackets. What is no address is
  ///   not allowed as soon as anything is denied.
  public func allows(_ address: String, hostname: String = "") -> Bool {
    if denied.isEmpty || isSafeDomain(hostname, hostnames) { return true }
    guard let bytes = AddressRange.bytes(address) else { return false }
    return !denied.contains { $0.contains(bytes) } || excepted.contains { $0.contains(bytes) }
  }
}

/// Addresses that begin with the same bits. IPv4 counts as IPv4 also where IPv6 carries it.
private struct AddressRange {
  private let first: [UInt8]
  private let bits: Int

  init(_ text: String) throws(AddressRules.Mistake) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let bytes = Self.bytes(String(parts[0])),
      let bits = parts.count == 2 ? Int(parts[1]) : bytes.count * 8,
      (0...bytes.count * 8).contains(bits)
    else {
      throw AddressRules.Mistake(
        description: "expected an address such as \"10.0.0.0/8\" or \"fc00::/7\", found \"\(text)\""
      )
    }
    first = bytes
    self.bits = bits
  }

  func contains(_ address: [UInt8]) -> Bool {
    guard address.count == first.count else { return false }
    for place in 0..<bits / 8 where address[place] != first[place] { return false }
    let rest = bits % 8
    return rest == 0 || (address[bits / 8] ^ first[bits / 8]) >> (8 - UInt8(rest)) == 0
  }

  /// 4 or 16 bytes; nil when the text is no address.
  static func bytes(_ text: String) -> [UInt8]? {
    var text = text
    if text.hasPrefix("["), text.hasSuffix("]") { text = String(text.dropFirst().dropLast()) }
    if let zone = text.firstIndex(of: "%") { text = String(text[..<zone]) }
    var bytes = [UInt8](repeating: 0, count: 16)
    if inet_pton(AF_INET, text, &bytes) == 1 { return Array(bytes.prefix(4)) }
    guard inet_pton(AF_INET6, text, &bytes) == 1 else { return nil }
    // ::ffff:a.b.c.d, 64:ff9b::a.b.c.d and ::a.b.c.d reach the IPv4 address.
    let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
    let isTranslated = bytes[..<12].elementsEqual([0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0])
    let isCompatible =
      bytes[..<12].allSatisfy { $0 == 0 } && !bytes[12...].elementsEqual([0, 0, 0, 1])
      && !bytes[12...].elementsEqual([0, 0, 0, 0])
    return isMapped || isTranslated || isCompatible ? Array(bytes[12...]) : bytes
  }
}
