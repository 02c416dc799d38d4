import Glibc
import PluginABI

/// `match` and `ignore` of options: where a layer, or a part of a plugin, applies.
///
/// | written | holds for |
/// | --- | --- |
/// | `"/admin"` | a path prefix, compared by whole segments |
/// | `{"regexp": "\\.json$", "flags": "i"}` | paths that the expression finds something in |
/// | `{"context": "isInner"}` | requests for which this member of the context is true |
/// | a list | whatever one of its entries holds for |
///
/// - Source: Egg, "Using middleware", where they are text, RegExp and function; JSON has no functions, so
///   a member that a unit adds to the context takes their place.
final class PathFilter {
  private let prefixes: [[UInt8]]
  private let rules: [Rule]
  private let isIgnore: Bool
  private var scratch = RegexScratch()

  private enum Rule {
    case regex(RouteRegex)
    case member(Member)
  }

  private init(_ prefixes: [[UInt8]], _ rules: [Rule], isIgnore: Bool) {
    self.prefixes = prefixes
    self.rules = rules
    self.isIgnore = isIgnore
  }

  /// Whether the layer runs for a request. A rule that can't be answered lets it run: what protects is
  /// not to be switched off by an error.
  func admits(_ context: Context) -> Bool {
    let path = context.head.path.bytes(in: context.base)
    for prefix in prefixes where covers(prefix, path) { return !isIgnore }
    for rule in rules {
      guard let holds = holds(rule, path, context) else { return true }
      if holds { return !isIgnore }
    }
    return isIgnore
  }

  private func covers(_ prefix: [UInt8], _ path: UnsafeBufferPointer<UInt8>) -> Bool {
    guard path.count >= prefix.count else { return false }
    guard prefix.isEmpty || memcmp(path.baseAddress!, prefix, prefix.count) == 0 else {
      return false
    }
    return path.count == prefix.count || prefix.last == UInt8(ascii: "/")
      || path[prefix.count] == UInt8(ascii: "/")
  }

  private func holds(_ rule: Rule, _ path: UnsafeBufferPointer<UInt8>, _ context: Context) -> Bool?
  {
    switch rule {
    case .regex(let regex):
      switch regex.match(RoutePath(path), scratch: &scratch) {
      case .matched: return true
      case .unmatched: return false
      case .exhausted: return nil
      }
    case .member(let member): return context.value(of: member).map(\.isTruthy)
    }
  }
}

// MARK: reading

extension PathFilter {
  /// Why options make no sense, for people; the name of the options is in it.
  struct Mistake: Error {
    let message: String
  }

  /// - Parameter name: where the options stand, without "config.".
  /// - Returns: nil when the options have neither.
  /// - Throws: for both at once, and for what is none of the forms.
  static func read(_ options: ConfigValue?, of name: String, in members: Members)
    throws(Mistake) -> PathFilter?
  {
    // The value `null` is how a later file takes an earlier one's away.
    let match = options?["match"].flatMap { $0.isNull ? nil : $0 }
    let ignore = options?["ignore"].flatMap { $0.isNull ? nil : $0 }
    if match != nil, ignore != nil {
      throw Mistake(message: "options.match and options.ignore of \(name) can not both present")
    }
    guard let value = match ?? ignore else { return nil }
    let key = "config.\(name).\(match == nil ? "ignore" : "match")"
    var entries = [value]
    if case .array(let list) = value { entries = list }
    var prefixes: [[UInt8]] = []
    var rules: [Rule] = []
    for entry in entries {
      if let text = entry.string {
        guard text.isEmpty || text.hasPrefix("/") else {
          throw Mistake(message: "\(key): a path begins with \"/\", but there is \"\(text)\"")
        }
        prefixes.append(Array(text.utf8))
      } else {
        rules.append(try rule(entry, key, members))
      }
    }
    return PathFilter(prefixes, rules, isIgnore: match == nil)
  }

  private static func rule(_ entry: ConfigValue, _ key: String, _ members: Members)
    throws(Mistake) -> Rule
  {
    if let source = entry["regexp"]?.string {
      do {
        return .regex(try RouteRegex(source, flags: entry["flags"]?.string ?? ""))
      } catch {
        throw Mistake(
          message: "\(key): \"\(source)\" is no regular expression: \(error.message) at position"
            + " \(error.offset)")
      }
    }
    guard let name = entry["context"]?.string else {
      throw Mistake(
        message: "\(key) must be a path or a list of paths, {\"regexp\": …} or {\"context\": …},"
          + " but is \(entry.kindName)")
    }
    guard let member = members.find(UInt32(EGG_ON_CONTEXT), name) else {
      throw Mistake(
        message: "\(key): no unit adds \"\(name)\" to the context; write it in"
          + " app/extend/context.swift")
    }
    if case .method(let method) = member.body, method.flags & UInt32(EGG_METHOD_IMMEDIATE) == 0 {
      throw Mistake(message: "\(key): ctx.\(name) is async, and this is asked at once")
    }
    return .member(member)
  }
}

extension egg_value {
  /// As JavaScript sees it.
  fileprivate var isTruthy: Bool {
    switch kind {
    case Kind.undefined, Kind.null: false
    case Kind.bool: `as`.boolean
    case Kind.int: `as`.integer != 0
    case Kind.double: `as`.number != 0 && !`as`.number.isNaN
    case Kind.string: count > 0
    default: true
    }
  }
}

extension Context {
  /// A property of the context, or what a method without arguments gives at once.
  ///
  /// - Returns: nil when it failed, with a line in the log.
  fileprivate func value(of member: Member) -> egg_value? {
    guard let call = worker.calls.take(for: self, holder: member.unit, .method) else { return nil }
    holds &+= 1
    call.isImmediate = true
    defer {
      call.isImmediate = false
      worker.calls.giveBack(call)
      holds &-= 1
    }
    let token = call.issue(to: member.unit, mayGoOn: false)
    var result = egg_value()
    switch member.body {
    case .property(let property):
      let status = property.get(property.`self`, token, &result)
      guard status != Status.ok else { return result }
      worker.log.warning("ctx.\(member.name) of \(member.unit.name): \(Status.name(status))")
    case .method(let method):
      let step = method.invoke(method.`self`, token, nil, 0, &result)
      if !call.isHeld, call.failure == nil { return call.result }
      if step == Step.done, call.failure == nil { return result }
      let reason = call.failure?.pointee.message.string ?? "it lost its call"
      worker.log.warning("ctx.\(member.name) of \(member.unit.name): \(reason)")
    }
    return nil
  }
}
