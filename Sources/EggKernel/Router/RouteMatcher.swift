/// A compiled pattern, ready to run: what the table keeps for each route on the request path.
///
/// Immutable, so that a match costs no exclusivity checks.
final class RouteMatcher {
  enum Outcome { case matched, unmatched, exhausted }

  /// Empty for a `use` layer.
  let methods: RouteMethodSet
  let shape: PathShape
  let isCaseSensitive: Bool
  private let program: PathProgram?
  private let regex: RouteRegex?
  /// What stands before the part that `regex` sees; a `/` or the end follows it.
  private let subjectPrefix: [UInt8]
  /// A layer without a path: its captures are nobody's parameters.
  private let dropsCaptures: Bool

  init(
    methods: RouteMethodSet, shape: PathShape, isCaseSensitive: Bool, program: PathProgram?,
    regex: RouteRegex?, subjectPrefix: [UInt8] = [], dropsCaptures: Bool = false
  ) {
    self.methods = methods
    self.shape = shape
    self.isCaseSensitive = isCaseSensitive
    self.program = program
    self.regex = regex
    self.subjectPrefix = subjectPrefix
    self.dropsCaptures = dropsCaptures
  }

  /// Appends one capture for each parameter name when it matches; otherwise nothing.
  /// - Parameter stepLimit: how many instructions a regular expression may execute.
  func match(
    _ subject: RoutePath, stepLimit: Int, captures: inout [RouteCapture],
    scratch: inout RegexScratch
  ) -> Outcome {
    let first = captures.count
    let outcome: Outcome
    if let program {
      outcome = program.match(subject, captures: &captures) ? .matched : .unmatched
    } else if let regex {
      outcome = match(
        regex, subject, stepLimit: stepLimit, captures: &captures, scratch: &scratch)
    } else {
      outcome = .matched  // every path
    }
    if dropsCaptures || outcome != .matched, captures.count > first {
      captures.removeLast(captures.count &- first)
    }
    return outcome
  }

  private func match(
    _ regex: RouteRegex, _ subject: RoutePath, stepLimit: Int, captures: inout [RouteCapture],
    scratch: inout RegexScratch
  ) -> Outcome {
    let start = subjectPrefix.count
    if start > 0 {
      guard subject.holds(subjectPrefix, 0..<start, at: 0),
        start == subject.count || subject[start] == RouteByte.slash
      else { return .unmatched }
    }
    switch regex.match(subject, from: start, limit: stepLimit, scratch: &scratch) {
    case .unmatched: return .unmatched
    case .exhausted: return .exhausted
    case .matched: break
    }
    for group in 0..<regex.groupCount {
      let range = scratch.capture(group + 1)
      captures.append(range.map { RouteCapture($0.lowerBound, $0.upperBound) } ?? .absent)
    }
    return .matched
  }
}
