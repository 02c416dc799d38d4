import Egg
import EngineIO
import SocketIO

extension DeflateOptions {
  /// `true`, or `{threshold, level, serverNoContextTakeover, clientNoContextTakeover,
  /// serverMaxWindowBits, clientMaxWindowBits}`.
  ///
  /// - Returns: nil for `false`.
  init?(_ key: String, _ value: Value) throws {
    if value.bool == false || value == .null { return nil }
    self.init()
    if value.bool == true { return }
    guard let members = value.object else {
      throw IOSettings.wrong(key, "true, false or an object", value)
    }
    for (name, value) in members {
      func number(_ range: ClosedRange<Int>) throws -> Int {
        guard let number = value.int, range.contains(number) else {
          throw IOSettings.wrong(
            "\(key).\(name)", "\(range.lowerBound) to \(range.upperBound)", value)
        }
        return number
      }
      func flag() throws -> Bool {
        guard let flag = value.bool else {
          throw IOSettings.wrong("\(key).\(name)", "true or false", value)
        }
        return flag
      }
      switch name {
      case "threshold": threshold = try number(0...1 << 30)
      case "level": level = try number(1...9)
      case "serverNoContextTakeover": wishes.serverForgets = try flag()
      case "clientNoContextTakeover": wishes.clientForgets = try flag()
      case "serverMaxWindowBits": wishes.serverWindow = try number(9...15)
      case "clientMaxWindowBits": wishes.clientWindow = try number(8...15)
      default:
        throw IOSettings.wrong(
          key,
          "threshold, level, serverNoContextTakeover, clientNoContextTakeover,"
            + " serverMaxWindowBits or clientMaxWindowBits", .text(name))
      }
    }
  }
}

extension RecoveryOptions {
  /// `true`, or `{maxDisconnectionDuration, skipMiddlewares, maxBytes, maxSessions}`.
  ///
  /// - Returns: nil for `false`.
  init?(_ key: String, _ value: Value) throws {
    if value.bool == false || value == .null { return nil }
    self.init()
    if value.bool == true { return }
    guard let members = value.object else {
      throw IOSettings.wrong(key, "true, false or an object", value)
    }
    for (name, value) in members {
      func number() throws -> Int {
        guard let number = value.int, (1...1 << 40).contains(number) else {
          throw IOSettings.wrong("\(key).\(name)", "a whole number from 1 on", value)
        }
        return number
      }
      switch name {
      case "maxDisconnectionDuration": maxDisconnectionDuration = try number()
      case "maxBytes": maxBytes = try number()
      case "maxSessions": maxSessions = try number()
      case "skipMiddlewares":
        guard let flag = value.bool else {
          throw IOSettings.wrong("\(key).\(name)", "true or false", value)
        }
        skipMiddlewares = flag
      default:
        throw IOSettings.wrong(
          key, "maxDisconnectionDuration, skipMiddlewares, maxBytes or maxSessions", .text(name))
      }
    }
  }
}
