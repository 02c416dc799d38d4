/// Telling the four forms of a request target apart.
///
/// - Source: RFC 9112 §3.2.
extension HeadScanner {
  @inline(__always)
  mutating func scanTargetForm() throws(Stop) {
    if head.method == .connect { return try scanAuthorityForm() }
    if bytes[head.target.start] == 0x2F {
      head.targetForm = .origin
      return
    }
    try scanOtherForm()
  }

  @inline(never)
  private mutating func scanOtherForm() throws(Stop) {
    if head.target.length == 1, bytes[head.target.start] == 0x2A {
      if head.method != .options { throw .refused(.asteriskWithoutOptions) }
      head.targetForm = .asterisk
      return
    }
    try scanAbsoluteForm()
  }

  /// `host:port`; the port is required, RFC 9110 §9.3.6.
  @inline(never)
  private mutating func scanAuthorityForm() throws(Stop) {
    guard case .host(let hasPort) = checkHost(head.target.bytes(in: bytes)), hasPort else {
      throw .refused(.connectWithoutAuthority)
    }
    head.targetForm = .authority
    head.host = head.target
    head.path = ByteRange(offset: head.target.start, length: 0)
  }

  /// `http://host:port/path?query`
  private mutating func scanAbsoluteForm() throws(Stop) {
    let start = head.target.start
    let length = head.target.count
    let hostStart: Int
    if length > 7, spellsFolded(bytes + start, "http://", 7) {
      hostStart = start &+ 7
    } else if length > 8, spellsFolded(bytes + start, "https://", 8) {
      hostStart = start &+ 8
    } else {
      throw .refused(.invalidTarget)
    }
    let pathEnd = head.hasQuery ? head.query.start &- 1 : head.target.end
    var hostEnd = hostStart
    while hostEnd < pathEnd, bytes[hostEnd] != 0x2F {
      if bytes[hostEnd] == 0x40 { throw .refused(.userInfoInTarget) }
      hostEnd &+= 1
    }
    let host = ByteRange(from: hostStart, to: hostEnd)
    guard case .host = checkHost(host.bytes(in: bytes)) else { throw .refused(.invalidHost) }
    head.targetForm = .absolute
    head.host = host
    // Without a path it is "/", and the buffer has one in front of the host (RFC 9110 §4.2.3);
    // for OPTIONS it would be "*" (RFC 9112 §3.2.4), which means the same to an origin server.
    head.path =
      hostEnd < pathEnd
      ? ByteRange(from: hostEnd, to: pathEnd) : ByteRange(offset: hostStart &- 1, length: 1)
  }
}
