/// The part of a pattern that can be looked up: its leading whole segments.
///
/// A shape never excludes a path that the pattern matches; it may admit more, because each
/// candidate is matched exactly afterwards.
struct PathShape: Equatable {
  enum Segment: Equatable {
    case literal([UInt8])
    /// Any one segment.
    case any
  }

  var segments: [Segment] = []
  /// True when more segments may follow.
  var isOpen = true
}

extension PathPattern {
  /// - Parameters:
  ///   - strict: a trailing slash counts.
  ///   - end: the pattern covers the whole path, not only its beginning.
  func shape(strict: Bool, end: Bool) -> PathShape {
    var builder = PathShapeBuilder()
    for token in tokens {
      switch token {
      case .literal(let bytes):
        for byte in bytes where !builder.add(byte) { return builder.open() }
      case .parameter(let parameter):
        if !builder.add(parameter) { return builder.open() }
      }
    }
    return builder.finish(strict: strict, end: end)
  }
}

extension PathShape {
  /// The shape of an expression that starts with these bytes.
  init(literalPrefix: [UInt8]) {
    var builder = PathShapeBuilder()
    for byte in literalPrefix where !builder.add(byte) { break }
    self = builder.open()
  }
}

private struct PathShapeBuilder {
  private var segments: [PathShape.Segment] = []
  private var literal: [UInt8] = []
  private var holdsParameter = false
  private var isInside = false

  /// - Returns: false when nothing after this can be looked up.
  mutating func add(_ byte: UInt8) -> Bool {
    if byte == RouteByte.slash {
      close()
      isInside = true
      return true
    }
    literal.append(byte)
    return isInside
  }

  mutating func add(_ parameter: PathPattern.Parameter) -> Bool {
    if parameter.prefix == RouteByte.slash {
      // Optional or not, the segment before ends here: by this slash, another one or the end.
      if parameter.isOptional && !parameter.isPartial {
        close()
        return false
      }
      _ = add(RouteByte.slash)
    }
    if parameter.isOptional || parameter.isRepeated || parameter.mayHoldSlash { return false }
    holdsParameter = true
    return isInside
  }

  /// What is known so far; the segment in hand is not complete.
  func open() -> PathShape { PathShape(segments: segments, isOpen: true) }

  func finish(strict: Bool, end: Bool) -> PathShape {
    var copy = self
    let endsWithSlash = isInside && literal.isEmpty && !holdsParameter
    if endsWithSlash, !strict || !end { return PathShape(segments: segments, isOpen: !end) }
    copy.close()
    return PathShape(segments: copy.segments, isOpen: !end)
  }

  private mutating func close() {
    if isInside { segments.append(holdsParameter ? .any : .literal(literal)) }
    literal = []
    holdsParameter = false
    isInside = false
  }
}
