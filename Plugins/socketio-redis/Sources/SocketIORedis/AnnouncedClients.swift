/// How many clients of other servers have been asked, and how many have answered.
public struct AnnouncedClients {
  /// Other servers; nil until they are known.
  public var servers: Int?
  public var answers = 0
  /// Servers that have said how many they ask.
  private var counts = 0
  private var clients = 0

  public init() {}

  /// A server says how many of its clients it asks. Whatever it says, the sum stays a number that can be
  /// waited for in vain, and nothing worse.
  public mutating func count(_ count: Int) {
    counts &+= 1
    clients = min(clients &+ min(max(0, count), 1 << 32), 1 << 40)
  }

  /// Every server has said how many, and so many have answered.
  public var haveAnswered: Bool {
    guard let servers else { return false }
    return counts >= servers && answers >= clients
  }
}
