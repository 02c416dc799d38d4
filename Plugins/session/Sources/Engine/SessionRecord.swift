import Egg

/// A session as a cookie or a store holds it: the members, and what the session keeps for itself, `_expire`
/// and `_maxAge` in milliseconds, or `_session` for one that ends with the browser.
///
/// - Source: koa-session, "context": the same names, so that a session of Egg's can be read.
package struct SessionRecord: Equatable {
  package var members: ValueMap
  package var age: SessionAge
  /// Milliseconds since 1970 up to which it is good; nil when nobody said.
  package var expires: Int?

  package init(_ members: ValueMap, age: SessionAge) {
    self.members = Self.cleaned(members)
    self.age = age
  }

  /// What was read.
  package enum Reading: Equatable {
    case good(SessionRecord)
    case expired
    /// Not a session, whatever it is.
    case invalid
  }

  /// Reads base64 of JSON.
  ///
  /// - Parameters:
  ///   - now: milliseconds since 1970.
  ///   - age: of a record that says none.
  package static func read(cookie text: String, now: Int, age: SessionAge) -> (Reading, Value) {
    guard let json = Base64.decode(text.utf8), let read = try? Value(json: json) else {
      return (.invalid, .text(text))
    }
    let reading = Self.read(read, now: now, age: age)
    return (reading, reading == .invalid ? .text(text) : read)
  }

  /// Reads what a store gave.
  package static func read(_ value: Value, now: Int, age: SessionAge) -> Reading {
    guard let map = value.object else { return .invalid }
    let age = value["_session"].isTruthy ? .browser : SessionAge(value["_maxAge"]) ?? age
    var record = SessionRecord(map, age: age)
    if let end = value["_expire"].int {
      guard end >= now else { return .expired }
      record.expires = end
    }
    return .good(record)
  }

  /// What a store is to hold; sets `expires`.
  package mutating func write(now: Int) -> Value {
    var kept = members
    switch age {
    case .milliseconds(let time):
      let end = now + time
      kept["_expire"] = .integer(end)
      kept["_maxAge"] = .integer(time)
      expires = end
    case .browser:
      kept["_session"] = true
    }
    return .map(kept)
  }

  /// The same for a cookie.
  package static func cookie(_ written: Value) -> String {
    String(decoding: Base64.encode(written.jsonBytes), as: UTF8.self)
  }

  /// Less than half of its time is left.
  package static func isHalfOver(_ expires: Int?, _ age: SessionAge, now: Int) -> Bool {
    guard let expires, case .milliseconds(let time) = age else { return false }
    return expires - now < time / 2
  }

  /// Names that a session keeps for itself.
  package static func isReserved(_ name: String) -> Bool {
    name.hasPrefix("_") || name == "isNew"
  }

  package static func cleaned(_ map: ValueMap) -> ValueMap {
    ValueMap(map.filter { !isReserved($0.key) }.map { ($0.key, $0.value) })
  }
}
