/// Ids that nobody can guess: 120 random bits in twenty letters, digits, "-" and "_".
nonisolated public enum SessionID {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  /// The system's generator is one that cryptography may rely on.
  public static func make() -> String {
    var generator = SystemRandomNumberGenerator()
    var (low, high): (UInt64, UInt64) = (generator.next(), generator.next())
    return String(unsafeUninitializedCapacity: 20) { letters in
      for place in 0..<20 {
        if place == 10 { swap(&low, &high) }
        letters[place] = alphabet[Int(low & 63)]
        low >>= 6
      }
      return 20
    }
  }
}
