import Glibc

extension Renderer {
  func numberMethod(
    _ value: Double, _ method: String, _ call: TemplateCall
  ) throws(TemplateError) -> Value? {
    switch method {
    case "toString":
      let radix = call[0].isUndefined ? 10 : clampedInteger(try number(call[0]))
      if radix < 2 || radix > 36 { throw .range("toString() radix must be between 2 and 36") }
      return try makeText(radix == 10 ? formatNumber(value) : formatNumber(value, radix: radix))
    case "toFixed":
      let digits = clampedInteger(try number(call[0]))
      if digits < 0 || digits > 100 {
        throw .range("toFixed() digits argument must be between 0 and 100")
      }
      if !(value.magnitude < 1e21) { return try makeText(formatNumber(value)) }
      return try makeText(fixed(value, digits))
    case "toPrecision":
      if call[0].isUndefined || !value.isFinite { return try makeText(formatNumber(value)) }
      let digits = clampedInteger(try number(call[0]))
      if digits < 1 || digits > 100 {
        throw .range("toPrecision() argument must be between 1 and 100")
      }
      return try makeText(precision(value, digits))
    case "toExponential":
      if !value.isFinite { return try makeText(formatNumber(value)) }
      let digits = clampedInteger(try number(call[0]))
      if digits < 0 || digits > 100 {
        throw .range("toExponential() argument must be between 0 and 100")
      }
      return try makeText(exponential(value, call[0].isUndefined ? nil : digits))
    case "toLocaleString": return try makeText(grouped(value))
    case "valueOf": return .number(value)
    default: return nil
    }
  }

  /// Exact decimal digits of `value` rounded half up at `decimals` places, as JavaScript rounds.
  private func fixed(_ value: Double, _ decimals: Int) -> String {
    let (digits, point) = exactDigits(value.magnitude)
    var kept = Array(digits.prefix(max(0, point + decimals)))
    let cut = point + decimals
    var pointAt = point
    if cut < 0 {
      kept = []
    } else if cut < digits.count, digits[cut] >= 5 {
      var index = kept.count - 1
      while index >= 0, kept[index] == 9 {
        kept[index] = 0
        index -= 1
      }
      if index >= 0 {
        kept[index] += 1
      } else {
        kept.insert(1, at: 0)
        pointAt += 1
      }
    }
    while kept.count < pointAt + decimals { kept.append(0) }
    var text = ""
    let whole = kept.prefix(max(0, pointAt))
    text += whole.isEmpty ? "0" : whole.map(String.init).joined()
    if decimals > 0 {
      var fraction = kept.dropFirst(max(0, pointAt)).map(String.init).joined()
      if pointAt < 0 {
        fraction = String(repeating: "0", count: min(-pointAt, decimals)) + fraction
      }
      fraction = String(fraction.prefix(decimals))
      fraction += String(repeating: "0", count: decimals - fraction.count)
      text += "." + fraction
    }
    return value < 0 ? "-" + text : text
  }

  /// The full decimal expansion: digits, and how many of them stand before the point.
  private func exactDigits(_ value: Double) -> (digits: [UInt8], point: Int) {
    if value == 0 { return ([], 0) }
    var mantissa = value.significandBitPattern
    var exponent = Int(value.exponentBitPattern) - 1075
    if value.exponentBitPattern == 0 { exponent += 1 } else { mantissa |= 1 << 52 }
    // Big number in base 10⁹, least significant first.
    var limbs: [UInt64] = []
    while mantissa > 0 {
      limbs.append(mantissa % 1_000_000_000)
      mantissa /= 1_000_000_000
    }
    func multiply(_ factor: UInt64) {
      var carry: UInt64 = 0
      for index in limbs.indices {
        let product = limbs[index] * factor + carry
        limbs[index] = product % 1_000_000_000
        carry = product / 1_000_000_000
      }
      if carry > 0 { limbs.append(carry) }
    }
    var fractionDigits = 0
    while exponent > 0 {
      let step = min(exponent, 20)
      multiply(1 << UInt64(step))
      exponent -= step
    }
    while exponent < 0 {
      // n·2⁻¹ = n·5·10⁻¹
      multiply(5)
      fractionDigits += 1
      exponent += 1
    }
    var digits: [UInt8] = []
    for (index, limb) in limbs.reversed().enumerated() {
      let text = String(limb)
      if index > 0 {
        digits += [UInt8](repeating: 0, count: 9 - text.utf8.count)
      }
      digits += text.utf8.map { $0 - 0x30 }
    }
    return (digits, digits.count - fractionDigits)
  }

  /// `count` significant digits, rounded half up, and the exponent of the first.
  private func significant(_ value: Double, _ count: Int) -> (digits: [UInt8], exponent: Int) {
    if value == 0 { return ([UInt8](repeating: 0, count: count), 0) }
    var (digits, point) = exactDigits(value)
    let zeros = digits.prefix { $0 == 0 }.count
    digits.removeFirst(zeros)
    point -= zeros
    var exponent = point - 1
    var kept = Array(digits.prefix(count))
    if digits.count > count, digits[count] >= 5 {
      var index = kept.count - 1
      while index >= 0, kept[index] == 9 {
        kept[index] = 0
        index -= 1
      }
      if index >= 0 {
        kept[index] += 1
      } else {
        kept.insert(1, at: 0)
        kept.removeLast()
        exponent += 1
      }
    }
    while kept.count < count { kept.append(0) }
    return (kept, exponent)
  }

  private func exponential(_ value: Double, _ decimals: Int?) -> String {
    var digits: [UInt8]
    var exponent: Int
    if let decimals {
      (digits, exponent) = significant(value.magnitude, decimals + 1)
    } else if value == 0 {
      (digits, exponent) = ([0], 0)
    } else {
      let shortest = shortestDigits(value.magnitude)
      digits = shortest.digits.map { $0 - 0x30 }
      exponent = shortest.exponent
    }
    let text = digits.map { String($0) }
    let rest = text.dropFirst().joined()
    return (value < 0 ? "-" : "") + text[0] + (rest.isEmpty ? "" : "." + rest)
      + "e\(exponent < 0 ? "-" : "+")\(exponent.magnitude)"
  }

  private func precision(_ value: Double, _ count: Int) -> String {
    let (digits, exponent) = significant(value.magnitude, count)
    if exponent < -6 || exponent >= count { return exponential(value, count - 1) }
    let text = digits.map { String($0) }
    let sign = value < 0 ? "-" : ""
    if exponent == count - 1 { return sign + text.joined() }
    if exponent >= 0 {
      return sign + text[...exponent].joined() + "." + text[(exponent + 1)...].joined()
    }
    return sign + "0." + String(repeating: "0", count: -exponent - 1) + text.joined()
  }

  /// English grouping with up to three decimals.
  private func grouped(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-\u{221E}" : "\u{221E}" }
    if value.magnitude >= 1e21 { return formatNumber(value) }
    let text = fixed(value.magnitude, 3)
    let parts = text.split(separator: ".")
    var whole = ""
    for (index, digit) in parts[0].enumerated() {
      if index > 0, (parts[0].count - index) % 3 == 0 { whole += "," }
      whole.append(digit)
    }
    var fraction = parts.count > 1 ? String(parts[1]) : ""
    while fraction.hasSuffix("0") { fraction.removeLast() }
    let sign = value < 0 && !(whole == "0" && fraction.isEmpty) ? "-" : ""
    return sign + whole + (fraction.isEmpty ? "" : "." + fraction)
  }
}

/// A number in another base than ten, with as many fraction digits as tell it from its neighbours.
func formatNumber(_ value: Double, radix: Int) -> String {
  if !value.isFinite || value == 0 { return formatNumber(value) }
  let digits = Array("0123456789abcdefghijklmnopqrstuvwxyz".utf8)
  let base = Double(radix)
  var whole = value.magnitude.rounded(.down)
  var fraction = value.magnitude - whole
  var delta = max(0.5 * (value.magnitude.nextUp - value.magnitude), Double.leastNonzeroMagnitude)
  var fractionDigits: [Int] = []
  if fraction >= delta {
    repeat {
      fraction *= base
      delta *= base
      let digit = Int(fraction)
      fractionDigits.append(digit)
      fraction -= Double(digit)
      if fraction > 0.5 || fraction == 0.5 && digit & 1 == 1, fraction + delta > 1 {
        while true {
          if fractionDigits.isEmpty {
            whole += 1
            break
          }
          let last = fractionDigits.removeLast() + 1
          if last < radix {
            fractionDigits.append(last)
            break
          }
        }
        break
      }
    } while fraction >= delta
  }
  var text: [UInt8] = []
  while whole.exponent >= 53, whole > 0 {
    whole /= base
    text.append(0x30)
  }
  repeat {
    let rest = fmod(whole, base)
    text.append(digits[Int(rest)])
    whole = (whole - rest) / base
  } while whole > 0
  var result = (value < 0 ? "-" : "") + String(decoding: text.reversed(), as: UTF8.self)
  if !fractionDigits.isEmpty {
    result += "." + String(decoding: fractionDigits.map { digits[$0] }, as: UTF8.self)
  }
  return result
}
