/// The middle of some measurements and how far they spread.
struct Spread: Codable, Equatable {
  let median: Double
  let min: Double
  let max: Double

  /// - Returns: nil for no values. The median of an even count is the mean of the middle two.
  init?(_ values: [Double]) {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    min = sorted[0]
    max = sorted[sorted.count - 1]
  }

  /// The spread of `above[i] / below[i]`: each ratio within one round, so that what slows the whole
  /// machine for a while falls out. Rounds that either side lacks are left out.
  static func ratio(_ above: [Double?], _ below: [Double?]) -> Spread? {
    Spread(
      zip(above, below).compactMap { above, below in
        guard let above, let below, below > 0 else { return nil }
        return above / below
      })
  }

  /// `4.31 [4.20–4.55]`
  func text(_ digits: Int = 2) -> String {
    "\(median.text(digits)) [\(min.text(digits))–\(max.text(digits))]"
  }
}

extension Double {
  /// With a fixed number of digits after the point.
  func text(_ digits: Int = 2) -> String {
    let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
    let scaled = (Swift.abs(self) * scale).rounded()
    guard scaled < 1e15 else { return String(self) }
    let whole = Int64(scaled / scale)
    let sign = self < 0 && scaled > 0 ? "-" : ""
    if digits == 0 { return "\(sign)\(whole)" }
    let fraction = String(Int64(scaled) - whole * Int64(scale))
    return "\(sign)\(whole)." + String(repeating: "0", count: digits - fraction.count) + fraction
  }
}
