import Glibc

extension OutputBuffer {
  /// Appends a number as JavaScript prints it.
  @inline(__always)
  mutating func append(number: Double) {
    let integer = Int(truncatingIfNeeded: Int64(exactlyOrZero: number))
    if Double(integer) == number, integer.magnitude < 1 << 53 {
      append(integer: integer)
    } else {
      append(fraction: number)
    }
  }

  @inline(__always)
  mutating func append(integer: Int) {
    reserve(20)
    var rest = UInt(integer.magnitude)
    if integer < 0 {
      base[count] = UInt8(ascii: "-")
      count &+= 1
    }
    if rest < 10 {
      base[count] = 0x30 &+ UInt8(truncatingIfNeeded: rest)
      count &+= 1
      return
    }
    var length = 1
    var power: UInt = 10
    while rest >= power {
      length &+= 1
      if length == 20 { break }
      power = power &* 10
    }
    var at = count &+ length
    count = at
    repeat {
      at &-= 1
      base[at] = 0x30 &+ UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    } while rest > 0
  }

  /// Most fractions in pages have a few decimals; they need no general algorithm: if `x·10ᵏ`
  /// rounds to an integer `n` below 2⁵³ and `n / 10ᵏ` is `x` again, then `n` has the digits.
  @inline(never)
  mutating func append(fraction number: Double) {
    let magnitude = number.magnitude
    if magnitude >= 1e-5, magnitude < 1e9 {
      var scale = 10.0
      var decimals = 1
      while decimals <= 6 {
        let scaled = (magnitude * scale).rounded(.toNearestOrEven)
        if scaled < 9e15, scaled / scale == magnitude {
          let digits = UInt(scaled)
          let unit = UInt(scale)
          if number < 0 { append(UInt8(ascii: "-")) }
          append(integer: Int(digits / unit))
          append(UInt8(ascii: "."))
          var rest = digits % unit
          reserve(decimals)
          var at = count &+ decimals
          count = at
          for _ in 0..<decimals {
            at &-= 1
            base[at] = 0x30 &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
          }
          return
        }
        scale *= 10
        decimals += 1
      }
    }
    var text = formatNumber(number)
    text.withUTF8 { if let start = $0.baseAddress { append(start, $0.count) } }
  }
}

extension Int64 {
  /// The value if it is representable, else 0; never traps.
  @inline(__always)
  init(exactlyOrZero number: Double) {
    self = number > -9.2e18 && number < 9.2e18 ? Int64(number) : 0
  }
}

/// The integer part as JavaScript's ToIntegerOrInfinity would clamp it; NaN is 0.
func clampedInteger(_ number: Double) -> Int {
  if number.isNaN { return 0 }
  if number >= 9e15 { return 9_000_000_000_000_000 }
  if number <= -9e15 { return -9_000_000_000_000_000 }
  return Int(number)
}

/// Shortest decimal digits that read back as `number`, and the decimal exponent of the first.
/// `number` is positive and finite.
func shortestDigits(_ number: Double) -> (digits: [UInt8], exponent: Int) {
  var digits: [UInt8] = []
  var point: Int?
  var exponent = 0
  var seenExponent = false
  var negative = false
  for byte in number.description.utf8 {
    switch byte {
    case UInt8(ascii: "."): point = digits.count
    case UInt8(ascii: "e"): seenExponent = true
    case UInt8(ascii: "-"): negative = true
    case UInt8(ascii: "+"): break
    default:
      if seenExponent {
        exponent = exponent * 10 + Int(byte - 0x30)
      } else {
        digits.append(byte)
      }
    }
  }
  if negative { exponent = -exponent }
  exponent += (point ?? digits.count) - 1
  while digits.count > 1, digits.first == 0x30 {
    digits.removeFirst()
    exponent -= 1
  }
  while digits.count > 1, digits.last == 0x30 { digits.removeLast() }
  return (digits, exponent)
}

/// JavaScript's Number-to-String.
func formatNumber(_ number: Double) -> String {
  if number.isNaN { return "NaN" }
  if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
  if number == 0 { return "0" }
  let sign = number < 0 ? "-" : ""
  let (digits, exponent) = shortestDigits(number.magnitude)
  let text = String(decoding: digits, as: UTF8.self)
  if exponent >= 21 || exponent < -6 {
    let rest = text.dropFirst()
    let mantissa = rest.isEmpty ? text : "\(text.prefix(1)).\(rest)"
    return "\(sign)\(mantissa)e\(exponent < 0 ? "-" : "+")\(exponent.magnitude)"
  }
  if exponent < 0 {
    return sign + "0." + String(repeating: "0", count: -exponent - 1) + text
  }
  if digits.count <= exponent + 1 {
    return sign + text + String(repeating: "0", count: exponent + 1 - digits.count)
  }
  return "\(sign)\(text.prefix(exponent + 1)).\(text.dropFirst(exponent + 1))"
}

/// Reads the number at the start of `bytes`, decimal with optional exponent.
/// - Returns: the value and how many bytes it took; nil if there is none.
func scanDecimal(_ bytes: UnsafeBufferPointer<UInt8>) -> (Double, Int)? {
  var at = 0
  func digit(_ index: Int) -> Bool { index < bytes.count && bytes[index] &- 0x30 <= 9 }
  if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") { at += 1 }
  if bytes.count - at >= 8, memcmp(bytes.baseAddress! + at, "Infinity", 8) == 0 {
    return (bytes[0] == UInt8(ascii: "-") ? -Double.infinity : .infinity, at + 8)
  }
  let start = at
  while digit(at) { at += 1 }
  var digits = at - start
  if at < bytes.count, bytes[at] == UInt8(ascii: "."), digits > 0 || digit(at + 1) {
    at += 1
    let fraction = at
    while digit(at) { at += 1 }
    digits += at - fraction
  }
  if digits == 0 { return nil }
  if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
    var next = at + 1
    if next < bytes.count, bytes[next] == UInt8(ascii: "+") || bytes[next] == UInt8(ascii: "-") {
      next += 1
    }
    if digit(next) {
      while digit(next) { next += 1 }
      at = next
    }
  }
  let text = String(decoding: bytes[0..<at], as: UTF8.self)
  return (strtod(text, nil), at)
}

/// JavaScript's String-to-Number: the whole text, white space around it allowed.
func parseNumber(_ text: TextView) -> Double {
  let trimmed = text.trimmed()
  let bytes = trimmed.bytes
  if bytes.isEmpty { return 0 }
  if bytes.count > 2, bytes[0] == 0x30 {
    let radix: Double? =
      switch bytes[1] | 0x20 {
      case UInt8(ascii: "x"): 16
      case UInt8(ascii: "o"): 8
      case UInt8(ascii: "b"): 2
      default: nil
      }
    if let radix {
      var number = 0.0
      for byte in bytes.dropFirst(2) {
        guard let digit = digitValue(byte), Double(digit) < radix else { return .nan }
        number = number * radix + Double(digit)
      }
      return number
    }
  }
  guard let (number, length) = scanDecimal(bytes), length == bytes.count else { return .nan }
  return number
}

func digitValue(_ byte: UInt8) -> Int? {
  switch byte {
  case 0x30...0x39: Int(byte - 0x30)
  case 0x41...0x5A: Int(byte - 0x41) + 10
  case 0x61...0x7A: Int(byte - 0x61) + 10
  default: nil
  }
}

/// JavaScript's `parseInt`.
func parseInteger(_ text: TextView, radix given: Double) -> Double {
  var bytes = text.trimmed().bytes[...]
  var sign = 1.0
  if let first = bytes.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
    if first == UInt8(ascii: "-") { sign = -1 }
    bytes = bytes.dropFirst()
  }
  var radix = clampedInteger(given)
  if radix != 0, radix < 2 || radix > 36 { return .nan }
  if radix == 0 || radix == 16, bytes.count >= 2, bytes.first == 0x30,
    bytes[bytes.startIndex + 1] | 0x20 == UInt8(ascii: "x")
  {
    bytes = bytes.dropFirst(2)
    radix = 16
  }
  if radix == 0 { radix = 10 }
  var number = 0.0
  var digits: [UInt8] = []
  for byte in bytes {
    guard let digit = digitValue(byte), digit < radix else { break }
    number = number * Double(radix) + Double(digit)
    digits.append(byte)
  }
  if digits.isEmpty { return .nan }
  if radix == 10, digits.count > 15 {
    digits.withUnsafeBufferPointer { number = scanDecimal($0)?.0 ?? number }
  }
  return sign * number
}

/// JavaScript's `parseFloat`.
func parseFloat(_ text: TextView) -> Double {
  scanDecimal(text.trimmed(right: false).bytes)?.0 ?? .nan
}
