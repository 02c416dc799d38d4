/// The request methods the kernel names; any other token is `.other` and read from its range.
///
/// - Source: RFC 9110 §9.3, RFC 5789 (PATCH). Methods are case-sensitive.
package enum RequestMethod: UInt8, Sendable, CaseIterable {
  case other, get, head, post, put, delete, patch, options, connect, trace

  /// `"GET"`; empty for `.other`.
  package var name: StaticString {
    switch self {
    case .other: ""
    case .get: "GET"
    case .head: "HEAD"
    case .post: "POST"
    case .put: "PUT"
    case .delete: "DELETE"
    case .patch: "PATCH"
    case .options: "OPTIONS"
    case .connect: "CONNECT"
    case .trace: "TRACE"
    }
  }

  /// Which method `count` bytes at `bytes` name.
  @inline(__always)
  package init(_ bytes: UnsafePointer<UInt8>, count: Int) {
    switch count {
    case 3:
      if spells(bytes, "GET", 3) {
        self = .get
      } else if spells(bytes, "PUT", 3) {
        self = .put
      } else {
        self = .other
      }
    case 4:
      if spells(bytes, "POST", 4) {
        self = .post
      } else if spells(bytes, "HEAD", 4) {
        self = .head
      } else {
        self = .other
      }
    case 5:
      if spells(bytes, "PATCH", 5) {
        self = .patch
      } else if spells(bytes, "TRACE", 5) {
        self = .trace
      } else {
        self = .other
      }
    case 6: self = spells(bytes, "DELETE", 6) ? .delete : .other
    case 7:
      if spells(bytes, "OPTIONS", 7) {
        self = .options
      } else if spells(bytes, "CONNECT", 7) {
        self = .connect
      } else {
        self = .other
      }
    default: self = .other
    }
  }
}
