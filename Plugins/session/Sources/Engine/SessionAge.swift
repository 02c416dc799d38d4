import Egg

/// How long a session is good.
package enum SessionAge: Equatable {
  case milliseconds(Int)
  /// Until the browser ends.
  case browser

  /// - Returns: nil for what is no age.
  package init?(_ value: Value) {
    if value.string == "session" {
      self = .browser
    } else if let time = value.int, time > 0, time < 1 << 50 {
      self = .milliseconds(time)
    } else {
      return nil
    }
  }

  package var value: Value {
    switch self {
    case .milliseconds(let time): .integer(time)
    case .browser: "session"
    }
  }
}
