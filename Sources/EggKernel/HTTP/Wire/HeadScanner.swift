/// One pass over a request head: the request line, then the fields.
///
/// A value that lives for one call of `RequestParser.parse`. `at` is always the next byte to look at.
struct HeadScanner {
  /// Why the pass ended before the end of the head.
  enum Stop: Error {
    case incomplete
    case refused(RequestRefusal)
  }

  let bytes: UnsafePointer<UInt8>
  let count: Int
  let limits: RequestLimits
  let entries: UnsafeMutablePointer<HeaderField>
  let capacity: Int
  let lastHost: UnsafeMutablePointer<HostMemo>

  var head = RequestHead()
  var at = 0
  /// Start of the request line, and of the first field once that is known.
  var lineStart = 0
  var fieldsStart = -1
  var seen = SeenFields()

  @inline(__always)
  init(
    bytes: UnsafePointer<UInt8>, count: Int, limits: RequestLimits, fields: HeaderTable
  ) {
    self.bytes = bytes
    // Ranges are 32 bits wide; limits end a head long before that.
    self.count = min(count, Int(UInt32.max))
    self.limits = limits
    entries = fields.entries
    capacity = fields.capacity
    lastHost = fields.lastHost
  }

  @inline(__always)
  mutating func scan() throws(Stop) {
    try scanEmptyLines()
    try scanRequestLine()
    try scanFields()
    try decide()
    head.length = at
  }

  /// For a head that is not complete: how many bytes it may grow to before it is over a limit, and the
  /// refusal that is due then. The CRLF that ends the line or the head does not count.
  var growth: (limit: Int, refusal: RequestRefusal) {
    fieldsStart >= 0
      ? (addingUpToMax(fieldsStart &+ 2, limits.headerBytes), .headersTooLarge)
      : (addingUpToMax(lineStart &+ 2, limits.requestLine), .requestLineTooLong)
  }

  @inline(__always)
  private mutating func scanEmptyLines() throws(Stop) {
    var lines = 0
    while true {
      if at >= count { throw .incomplete }
      if bytes[at] != 0x0D {
        if bytes[at] == 0x0A { throw .refused(.bareLineFeed) }
        break
      }
      if at &+ 1 >= count { throw .incomplete }
      if bytes[at &+ 1] != 0x0A { throw .refused(.bareCarriageReturn) }
      lines &+= 1
      if lines > limits.leadingEmptyLines { throw .refused(.tooManyEmptyLines) }
      at &+= 2
    }
    lineStart = at
  }

  /// Steps over CR LF, when `at` is at the byte that ended a line's text.
  @inline(__always)
  mutating func scanLineEnd(otherwise refusal: RequestRefusal) throws(Stop) {
    switch bytes[at] {
    case 0x0D:
      if at &+ 1 >= count { throw .incomplete }
      if bytes[at &+ 1] != 0x0A { throw .refused(.bareCarriageReturn) }
      at &+= 2
    case 0x0A: throw .refused(.bareLineFeed)
    default: throw .refused(refusal)
    }
  }
}

private func addingUpToMax(_ left: Int, _ right: Int) -> Int {
  let (sum, overflow) = left.addingReportingOverflow(right)
  return overflow ? .max : sum
}
