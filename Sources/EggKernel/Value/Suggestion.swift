/// Finds what somebody probably meant to write.
///
///     Suggestion.closest(to: "enabled", among: ["enable", "env"])  // "enable"
package enum Suggestion {
  /// The candidate that differs least from `word`, if it differs little: by a third of its
  /// letters at most, and never by more than three. Case counts as no difference.
  package static func closest(
    to word: String, among candidates: some Sequence<String>
  ) -> String? {
    let wanted = lowered(word)
    guard !wanted.isEmpty, wanted.count <= 64 else { return nil }
    var best: String?
    var bestDistance = min(max(1, wanted.count / 3), 3) + 1
    for candidate in candidates where candidate != word && candidate.utf8.count <= 64 {
      let distance = distance(wanted, lowered(candidate))
      if distance < bestDistance {
        best = candidate
        bestDistance = distance
      }
    }
    return best
  }

  /// ` (did you mean "enable"?)`, or nothing.
  package static func phrase(
    for word: String, among candidates: some Sequence<String>
  ) -> String {
    closest(to: word, among: candidates).map { " (did you mean \"\($0)\"?)" } ?? ""
  }

  /// Letters to insert, delete, replace or swap with their neighbour.
  static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    if left.isEmpty || right.isEmpty { return max(left.count, right.count) }
    var beforeLast = [Int](repeating: 0, count: right.count + 1)
    var last = Array(0...right.count)
    for row in 1...left.count {
      var current = [row] + last.dropFirst()
      for column in 1...right.count {
        let same = left[row - 1] == right[column - 1]
        var cost = min(last[column] + 1, current[column - 1] + 1)
        cost = min(cost, last[column - 1] + (same ? 0 : 1))
        if row > 1, column > 1, left[row - 1] == right[column - 2],
          left[row - 2] == right[column - 1]
        {
          cost = min(cost, beforeLast[column - 2] + 1)
        }
        current[column] = cost
      }
      beforeLast = last
      last = current
    }
    return last[right.count]
  }

  private static func lowered(_ text: String) -> [UInt8] {
    text.utf8.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
  }
}
