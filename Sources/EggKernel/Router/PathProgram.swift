/// Hand-written matching for the patterns that nearly every route uses: whole-segment literals and
/// parameters, with an optional, repeated or catch-all parameter at the end.
struct PathProgram {
  enum Step: Equatable {
    /// The bytes `pool[range]`.
    case literal(Range<Int>)
    /// One segment that is not empty; captured.
    case segment
    /// `/` and a segment, or nothing; captured without the slash. Last step only.
    case optionalSegment
    /// `/segment` once or more (`optional`: or not at all); captured without the first slash.
    case segments(optional: Bool)
    /// Everything to the end of the path; captured.
    case rest
  }

  enum Finish {
    /// The path ends here.
    case exact
    /// The path ends here, or after one more `/`.
    case slash
    /// The path ends here, or a `/` follows.
    case boundary
    /// Anything may follow.
    case anything
  }

  private var pool: [UInt8] = []
  private var steps: [Step] = []
  private var finish: Finish
  private(set) var captureCount = 0

  /// - Returns: nil for a pattern that needs a regular expression.
  init?(_ pattern: PathPattern, strict: Bool, end: Bool) {
    finish = end ? (strict ? .exact : .slash) : .boundary
    let tokens = pattern.tokens
    for (index, token) in tokens.enumerated() {
      let isLast = index == tokens.count - 1
      switch token {
      case .literal(var bytes):
        if isLast, bytes.last == RouteByte.slash {
          // As path-to-regexp: a final slash is dropped, or with `strict` ends an open pattern.
          if !strict { bytes.removeLast() } else if !end { finish = .anything }
        }
        addLiteral(bytes)
      case .parameter(let parameter):
        guard
          add(
            parameter, isLast: isLast, end: end,
            next: isLast ? nil : tokens[index + 1])
        else { return nil }
      }
    }
  }

  private mutating func add(
    _ parameter: PathPattern.Parameter, isLast: Bool, end: Bool, next: PathPattern.Token?
  ) -> Bool {
    captureCount += 1
    if parameter.isWildcard {
      guard isLast, end, !parameter.isOptional, !parameter.isRepeated else { return false }
      addLiteral(parameter.prefix.map { [$0] } ?? [])
      steps.append(.rest)
      return true
    }
    guard parameter.isPlainSegment else { return false }
    if parameter.isOptional || parameter.isRepeated {
      guard isLast, end else { return false }
      steps.append(
        parameter.isRepeated ? .segments(optional: parameter.isOptional) : .optionalSegment)
      return true
    }
    switch next {
    case nil: break
    case .literal(let bytes): guard bytes.first == RouteByte.slash else { return false }
    case .parameter(let other): guard other.prefix == RouteByte.slash else { return false }
    }
    addLiteral([RouteByte.slash])
    steps.append(.segment)
    return true
  }

  /// Neighbouring literals become one step.
  private mutating func addLiteral(_ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    let begin = pool.count
    pool += bytes
    if case .literal(let range)? = steps.last {
      steps[steps.count - 1] = .literal(range.lowerBound..<pool.count)
    } else {
      steps.append(.literal(begin..<pool.count))
    }
  }

  /// Matches the whole path, or its beginning, and appends one capture for each parameter.
  /// - Returns: false when it does not match; captures that were appended are the caller's to drop.
  func match(_ path: RoutePath, captures: inout [RouteCapture]) -> Bool {
    var position = 0
    let count = path.count
    for step in steps {
      switch step {
      case .literal(let range):
        guard path.holds(pool, range, at: position) else { return false }
        position &+= range.count
      case .segment:
        let begin = position
        position = path.slash(from: begin)
        guard position > begin else { return false }
        captures.append(RouteCapture(begin, position))
      case .optionalSegment:
        let begin = position &+ 1
        let stop = begin < count && path[position] == RouteByte.slash ? path.slash(from: begin) : 0
        if stop > begin {
          captures.append(RouteCapture(begin, stop))
          position = stop
        } else {
          captures.append(.absent)
        }
      case .segments(let isOptional):
        let begin = position &+ 1
        while position &+ 1 < count, path[position] == RouteByte.slash {
          let stop = path.slash(from: position &+ 1)
          guard stop > position &+ 1 else { break }
          position = stop
        }
        if position >= begin {
          captures.append(RouteCapture(begin, position))
        } else if isOptional {
          captures.append(.absent)
        } else {
          return false
        }
      case .rest:
        let begin = position
        while position < count {
          // `.` of a regular expression does not match a line end.
          guard path[position] != 10, path[position] != 13 else { return false }
          position &+= 1
        }
        captures.append(RouteCapture(begin, position))
      }
    }
    switch finish {
    case .exact: return position == count
    case .slash:
      return position == count || (position == count &- 1 && path[position] == RouteByte.slash)
    case .boundary: return position == count || path[position] == RouteByte.slash
    case .anything: return true
    }
  }
}
