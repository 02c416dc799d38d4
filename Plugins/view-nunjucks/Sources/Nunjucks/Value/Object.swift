/// What a template can reach that is more than data: helpers, `ctx`, functions, the `loop` object.
///
/// Subclass it to give templates an object. The base class is an object without members.
open class TemplateObject {
  public init() {}

  /// The member `name`, or `.undefined`. May throw any error; the render fails with its text.
  open func member(_ name: TextView) throws -> TemplateValue { .undefined }

  /// Whether `object(…)` makes sense.
  open var isCallable: Bool { false }

  /// Calls the object as a function.
  open func call(_ call: TemplateCall) throws -> TemplateValue {
    throw TemplateError("this object is not a function")
  }

  /// Calls a method. The default reads the member and calls that.
  /// - Returns: nil if there is no such method.
  open func invoke(_ method: TextView, _ call: TemplateCall) throws -> TemplateValue? {
    guard case .object(let function) = try member(method), function.isCallable else { return nil }
    return try function.call(call)
  }

  /// Whether `name` exists, for `in`.
  open func has(_ name: TextView) throws -> Bool { try !member(name).isUndefined }

  /// The names a loop over the object visits.
  open var keys: [String] { [] }

  /// Hands over the values that it holds, because it goes.
  func surrender(to remains: inout Remains) {}

  /// What printing the object gives.
  open var text: String { isCallable ? "function () { [native code] }" : "[object Object]" }
}

/// The arguments of a call from a template, and the render that makes it.
///
/// Borrowed: good until the called function returns. What is kept longer must be `owned()`.
public struct TemplateCall {
  let renderer: Renderer
  let base: UnsafeMutablePointer<TemplateValue>
  public let count: Int

  /// The argument at `index`, or `.undefined` past the end, as in JavaScript.
  @inline(__always)
  public subscript(index: Int) -> TemplateValue { index < count ? base[index] : .undefined }

  public var arguments: [TemplateValue] { Array(UnsafeBufferPointer(start: base, count: count)) }

  /// The keyword arguments (`f(a, b=1)`): the last argument, if it is such a map.
  public var keywords: TemplateMap? {
    if count > 0, case .map(let map) = base[count - 1], map.isKeywords { return map }
    return nil
  }

  /// A variable of the rendering context.
  public func variable(_ name: String) -> TemplateValue { renderer.contextVariable(name) }

  /// The argument's text as templates would print it.
  public func string(_ index: Int) throws -> String { try renderer.string(self[index]) }
}

extension TemplateMap {
  var isKeywords: Bool { find(TextView("__keywords")) >= 0 }
}

/// A function written in Swift.
public final class TemplateFunction: TemplateObject {
  let body: (TemplateCall) throws -> TemplateValue

  public init(_ body: @escaping (TemplateCall) throws -> TemplateValue) { self.body = body }

  public override var isCallable: Bool { true }
  public override func call(_ call: TemplateCall) throws -> TemplateValue { try body(call) }
}

/// A point in time from a C tree (kind 10); prints as a JavaScript date does, in UTC.
final class TemplateTime: TemplateObject {
  let milliseconds: Int64

  init(milliseconds: Int64) { self.milliseconds = milliseconds }

  override func invoke(_ method: TextView, _ call: TemplateCall) throws -> TemplateValue? {
    let parts = CalendarParts(milliseconds)
    switch method.string {
    case "getTime", "valueOf": return .number(Double(milliseconds))
    case "getFullYear", "getUTCFullYear": return .number(Double(parts.year))
    case "getMonth", "getUTCMonth": return .number(Double(parts.month - 1))
    case "getDate", "getUTCDate": return .number(Double(parts.day))
    case "getDay", "getUTCDay": return .number(Double(parts.weekday))
    case "getHours", "getUTCHours": return .number(Double(parts.hour))
    case "getMinutes", "getUTCMinutes": return .number(Double(parts.minute))
    case "getSeconds", "getUTCSeconds": return .number(Double(parts.second))
    case "getMilliseconds", "getUTCMilliseconds": return .number(Double(parts.millisecond))
    case "toISOString", "toJSON": return TemplateValue(parts.iso)
    case "toString": return TemplateValue(text)
    default: return nil
    }
  }

  override func member(_ name: TextView) throws -> TemplateValue {
    let name = name.string
    return .object(
      TemplateFunction { [self] call in
        var name = name
        return try name.withUTF8 {
          try invoke(TextView($0.baseAddress ?? emptyBytes, count: $0.count), call) ?? .undefined
        }
      })
  }

  override var text: String { CalendarParts(milliseconds).javaScript }
}

/// A UTC calendar date, computed with the days-from-civil algorithm.
struct CalendarParts {
  let year: Int, month: Int, day: Int, weekday: Int
  let hour: Int, minute: Int, second: Int, millisecond: Int

  init(_ milliseconds: Int64) {
    let limit: Int64 = 8_640_000_000_000_000
    let clamped = min(max(milliseconds, -limit), limit)
    var days = clamped / 86_400_000
    var rest = clamped % 86_400_000
    if rest < 0 {
      rest += 86_400_000
      days -= 1
    }
    weekday = Int((days % 7 + 11) % 7)
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthIndex = (5 * dayOfYear + 2) / 153
    day = Int(dayOfYear - (153 * monthIndex + 2) / 5 + 1)
    month = Int(monthIndex < 10 ? monthIndex + 3 : monthIndex - 9)
    year = Int(yearOfEra + era * 400 + (month <= 2 ? 1 : 0))
    hour = Int(rest / 3_600_000)
    minute = Int(rest / 60_000 % 60)
    second = Int(rest / 1000 % 60)
    millisecond = Int(rest % 1000)
  }

  private func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(abs(number))
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  private var clock: String { "\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))" }

  var iso: String {
    let shown =
      (0...9999).contains(year) ? padded(year, 4) : (year < 0 ? "-" : "+") + padded(year, 6)
    return "\(shown)-\(padded(month, 2))-\(padded(day, 2))T\(clock).\(padded(millisecond, 3))Z"
  }

  var javaScript: String {
    let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    return "\(weekdays[weekday]) \(months[month - 1]) \(padded(day, 2)) "
      + "\(year < 0 ? "-" : "")\(padded(year, 4)) \(clock) GMT+0000 (Coordinated Universal Time)"
  }
}
