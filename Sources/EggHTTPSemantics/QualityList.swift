/// One element of an `Accept…` header.
struct QualityItem {
  /// The element without parameters, in the client's spelling.
  let name: Bytes
  /// Parameters before `q`: names in lower case, values without quotes.
  let parameters: [(name: String, value: String)]
  /// Weight in thousandths, 0 … 1000. A malformed one counts as 0: not acceptable.
  let quality: Int
  /// Position in the header.
  let index: Int
}

/// The elements of an `Accept…` header, in order; those after the first hundred are ignored, so that
/// a header made of commas does not cost more than it may.
///
/// - Source: RFC 9110 §12.4.2, §12.5; the `negotiator` module, which ignores what follows `q`.
func qualityItems(_ header: String) -> [QualityItem] {
  var items: [QualityItem] = []
  for element in Bytes(header).list(separator: 0x2C).prefix(100) {
    var pieces = element.list(separator: 0x3B)[...]
    guard element.first != 0x3B, let name = pieces.popFirst() else { continue }
    var quality = 1000
    var parameters: [(name: String, value: String)] = []
    for piece in pieces {
      let (key, value) = piece.cut(at: 0x3D) ?? (piece, [])
      if key.lowercasedText == "q" {
        quality = thousandths(value)
        break
      }
      parameters.append((key.lowercasedText, value.unquoted.text))
    }
    if name.contains(where: { $0 == 0x20 || $0 == 0x09 }) { continue }
    items.append(
      QualityItem(name: name, parameters: parameters, quality: quality, index: items.count))
  }
  return items
}

/// `0.8` is 800. More than 1 is 1000, what starts with no number is 0.
private func thousandths(_ text: Bytes) -> Int {
  var value = 0
  var scale = 0
  var hasDigits = false
  for byte in text {
    if byte == 0x2E, scale == 0 {
      scale = 1000
    } else if byte &- 0x30 < 10 {
      hasDigits = true
      let digit = Int(byte &- 0x30)
      if scale == 0 {
        value = min(value * 10 + digit * 1000, 1000)
      } else {
        scale /= 10
        value += digit * scale
        if scale == 0 { scale = 1 }
      }
    } else {
      break
    }
  }
  return hasDigits ? min(value, 1000) : 0
}

/// How well one offer fits: more specific first, then the weight of the element that says so.
struct Fit {
  /// The best fitting element's weight, specificity and position; the offer's own position.
  var quality = 0
  var specificity = 0
  var order = -1
  var index = 0

  /// Whether `other` describes the same offer more specifically.
  func yields(to other: Fit) -> Bool {
    (specificity, quality, order) < (other.specificity, other.quality, other.order)
  }

  static func isBetter(_ left: Fit, _ right: Fit) -> Bool {
    if left.quality != right.quality { return left.quality > right.quality }
    if left.specificity != right.specificity { return left.specificity > right.specificity }
    if left.order != right.order { return left.order < right.order }
    return left.index < right.index
  }
}

/// The offers the client accepts, the most welcome first.
///
/// - Parameter specificity: how exactly an element describes an offer; nil if not at all.
func accepted(
  _ offers: [String], by items: [QualityItem], specificity: (String, QualityItem) -> Int?
) -> [String] {
  var fits: [Fit] = []
  for (index, offer) in offers.enumerated() {
    var best = Fit(index: index)
    for item in items {
      guard let exactness = specificity(offer, item) else { continue }
      let fit = Fit(
        quality: item.quality, specificity: exactness, order: item.index, index: index)
      if best.yields(to: fit) { best = fit }
    }
    if best.quality > 0 { fits.append(best) }
  }
  return fits.sorted(by: Fit.isBetter).map { offers[$0.index] }
}

/// The elements themselves, the most welcome first, without those of weight 0.
func preferred(_ items: [QualityItem]) -> [String] {
  items.filter { $0.quality > 0 }
    .sorted { ($0.quality, $1.index) > ($1.quality, $0.index) }
    .map(\.name.text)
}
