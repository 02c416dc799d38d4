/// What an application says of a request that would begin a session.
nonisolated public enum EngineAdmission: Sendable {
  /// - Parameter id: what the client is to be known by; nil: an id that nobody can guess.
  case admitted(id: String?)
  /// Error 4, with this text.
  case refused(message: String)
  /// Error 3: it could not decide, or make an id.
  case failed

  /// Whether a text may be an id: it stands in cookies, in JSON, and in front of `#` in other ids.
  public static func isID(_ text: String) -> Bool {
    (1...128).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "a")...UInt8(ascii: "z"):
          true
        default: "-_.:~@".utf8.contains(byte)
        }
      }
  }
}
