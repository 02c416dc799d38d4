import EggHTTPSemantics
import Glibc

/// What `checkHost` found.
enum HostCheck: Equatable {
  case empty
  case host(hasPort: Bool)
  case invalid
}

/// Checks `uri-host [ ":" port ]`: a registered name, an IPv4 address, or an IPv6 address in brackets.
///
/// Version and zone forms in brackets (`[v1.x]`, `[fe80::1%25eth0]`) are refused: no server is
/// reached under them. The port is empty or 0 … 65535.
///
/// - Source: RFC 9110 §7.2, RFC 3986 §3.2.2–§3.2.3.
func checkHost(_ text: UnsafeBufferPointer<UInt8>) -> HostCheck {
  guard let bytes = text.baseAddress, text.count > 0 else { return .empty }
  let count = text.count
  var at = 0
  if bytes[0] == 0x5B {
    at = endOfBracketedAddress(bytes, count)
    if at == 0 { return .invalid }
  } else {
    while at < count, bytes[at] != 0x3A {
      if bytes[at] == 0x25 {
        guard at &+ 2 < count, ByteClass.hexadecimal.contains(bytes[at &+ 1]),
          ByteClass.hexadecimal.contains(bytes[at &+ 2])
        else { return .invalid }
        at &+= 3
      } else {
        if !ByteClass.host.contains(bytes[at]) { return .invalid }
        at &+= 1
      }
    }
    if at == 0 { return .invalid }
  }
  if at == count { return .host(hasPort: false) }
  if bytes[at] != 0x3A { return .invalid }
  at &+= 1
  var port = 0
  let portStart = at
  while at < count {
    guard isDigit(bytes[at]) else { return .invalid }
    port = port &* 10 &+ Int(bytes[at] &- 0x30)
    if port > 65535 { return .invalid }
    at &+= 1
  }
  return .host(hasPort: at > portStart)
}

/// A short text that `checkHost` has not refused.
struct HostMemo {
  private static var longest: Int { 32 }
  private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
  private var count = 0

  /// Whether `text` is the one that was kept.
  @inline(__always)
  mutating func holds(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    guard text.count == count, let start = text.baseAddress, count > 0 else { return false }
    return memcmp(start, &words, count) == 0
  }

  mutating func keep(_ text: UnsafeBufferPointer<UInt8>) {
    count = 0
    guard let start = text.baseAddress, text.count <= Self.longest else { return }
    memcpy(&words, start, text.count)
    count = text.count
  }
}

/// The index behind `]`, or 0 if this is no IPv6 address in brackets.
private func endOfBracketedAddress(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int {
  var at = 1
  var colons = 0
  // "[" + 45 characters at most (eight groups, the last two as dotted decimal) + "]"
  while at < min(count, 47) {
    switch bytes[at] {
    case 0x5D: return colons >= 2 ? at &+ 1 : 0
    case 0x3A: colons &+= 1
    case 0x2E: break
    default: if !ByteClass.hexadecimal.contains(bytes[at]) { return 0 }
    }
    at &+= 1
  }
  return 0
}
