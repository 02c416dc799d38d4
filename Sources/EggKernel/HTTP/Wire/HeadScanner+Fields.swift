import EggHTTPSemantics

/// `*( field-name ":" OWS field-value OWS CRLF ) CRLF`
///
/// - Source: RFC 9112 §5, RFC 9110 §5.5.
extension HeadScanner {
  @inline(__always)
  mutating func scanFields() throws(Stop) {
    var fieldCount = 0
    while true {
      if at >= count { throw .incomplete }
      let nameStart = at
      at = endOfToken(from: nameStart)
      if at >= count { throw .incomplete }
      if bytes[at] != 0x3A || at == nameStart {
        if at == nameStart, bytes[at] == 0x0D {
          try scanLineEnd(otherwise: .invalidFieldName)
          break
        }
        throw .refused(refusalForName(startingAt: nameStart, isFirst: fieldCount == 0))
      }
      let nameEnd = at
      var valueStart = nameEnd &+ 1
      while valueStart < count, bytes[valueStart] == 0x20 || bytes[valueStart] == 0x09 {
        valueStart &+= 1
      }
      at = endOfValue(from: valueStart)
      if at >= count { throw .incomplete }
      var valueEnd = at
      try scanLineEnd(otherwise: .invalidFieldValue)
      while valueEnd > valueStart, bytes[valueEnd &- 1] == 0x20 || bytes[valueEnd &- 1] == 0x09 {
        valueEnd &-= 1
      }
      if at &- fieldsStart > limits.headerBytes || nameEnd &- nameStart > Int(UInt16.max) {
        throw .refused(.headersTooLarge)
      }
      if fieldCount == capacity { throw .refused(.tooManyHeaders) }
      let id = HeaderName(bytes + nameStart, count: nameEnd &- nameStart)
      (entries + fieldCount).initialize(
        to: HeaderField(
          nameOffset: UInt32(truncatingIfNeeded: nameStart),
          valueOffset: UInt32(truncatingIfNeeded: valueStart),
          valueLength: UInt32(truncatingIfNeeded: valueEnd &- valueStart),
          nameLength: UInt16(truncatingIfNeeded: nameEnd &- nameStart), id: id))
      fieldCount &+= 1
      if id.rawValue != 0 && id.rawValue <= HeaderName.upgrade.rawValue {
        try note(id, ByteRange(from: valueStart, to: valueEnd))
      }
    }
    head.headerCount = fieldCount
  }

  /// The first byte from `start` on that is no token byte; `count` if there is none.
  ///
  /// The loops of the scanner run on local variables: `at` lives in memory.
  @inline(__always)
  func endOfToken(from start: Int) -> Int {
    var end = start
    while end < count, ByteClass.token.contains(bytes[end]) { end &+= 1 }
    return end
  }

  /// The first byte from `start` on that may not be in a value: the CR of a proper line.
  ///
  /// Eight bytes a step: a byte below 0x20 borrows from its top bit when 0x20 is taken off, and a
  /// 0x7F becomes zero when flipped. The lowest flagged byte is exact, those above it may not be.
  @inline(__always)
  private func endOfValue(from start: Int) -> Int {
    let ones: UInt64 = 0x0101_0101_0101_0101
    var end = start
    while true {
      while end &+ 8 <= count {
        let word = load64(bytes, end)
        let flipped = word ^ (ones &* 0x7F)
        let low = (word &- ones &* 0x20) & ~word
        let delete = (flipped &- ones) & ~flipped
        let found = (low | delete) & (ones &* 0x80)
        if found != 0 {
          end &+= found.trailingZeroBitCount &>> 3
          break
        }
        end &+= 8
      }
      while end < count, bytes[end] >= 0x20 && bytes[end] != 0x7F { end &+= 1 }
      if end >= count || bytes[end] != 0x09 { return end }
      end &+= 1
    }
  }

  @inline(never)
  private func refusalForName(startingAt start: Int, isFirst: Bool) -> RequestRefusal {
    let byte = bytes[at]
    if at == start {
      switch byte {
      case 0x20, 0x09: return isFirst ? .spaceBeforeFirstField : .foldedField
      case 0x3A: return .emptyFieldName
      case 0x0A: return .bareLineFeed
      default: return .invalidFieldName
      }
    }
    switch byte {
    case 0x20, 0x09: return .spaceBeforeColon
    case 0x0A: return .bareLineFeed
    default: return .invalidFieldName
    }
  }
}
