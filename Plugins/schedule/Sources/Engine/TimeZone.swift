import Glibc

/// What clocks on the wall show somewhere, at any time: the offsets of a zone and when they change.
///
/// - Source: RFC 9636 (TZif, versions 1 to 4) for the file; its footer is a `TZ` string of POSIX.
public struct TimeZone: Sendable {
  public let name: String
  /// When an offset begins, in seconds since 1970, ascending.
  let transitions: [(at: Int, offset: Int)]
  /// Before the first transition.
  let first: Int
  /// Behind the last transition.
  let rule: POSIXRule?

  public static let utc = TimeZone(name: "UTC", transitions: [], first: 0, rule: nil)

  /// The one that this process has: `TZ`, else `/etc/localtime`, else UTC.
  public static var local: TimeZone {
    if let text = getenv("TZ") {
      let name = String(cString: text)
      if let zone = try? TimeZone(named: name.hasPrefix(":") ? String(name.dropFirst()) : name) {
        return zone
      }
      if let rule = POSIXRule(name) {
        return TimeZone(name: name, transitions: [], first: rule.standard, rule: rule)
      }
    }
    guard let bytes = read("/etc/localtime") else { return .utc }
    return (try? TimeZone(name: "local", file: bytes)) ?? .utc
  }

  /// A zone of the system's database.
  ///
  /// - Parameter name: `Asia/Shanghai`, `UTC`.
  /// - Throws: `ScheduleMistake` for a name that the database does not have.
  public init(named name: String) throws(ScheduleMistake) {
    if name == "UTC" || name == "GMT" || name == "Etc/UTC" {
      self = .utc
      return
    }
    let isName = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
        UInt8(ascii: "+"), UInt8(ascii: "/"):
        true
      default: false
      }
    }
    guard isName, !name.isEmpty, !name.hasPrefix("/"), name.utf8.count < 100,
      let bytes = Self.read("/usr/share/zoneinfo/\(name)")
    else {
      throw ScheduleMistake(
        "no time zone \"\(name)\": expected a name of /usr/share/zoneinfo such as \"Asia/Shanghai\" (Debian's package tzdata)"
      )
    }
    try self.init(name: name, file: bytes)
  }

  private init(name: String, transitions: [(at: Int, offset: Int)], first: Int, rule: POSIXRule?) {
    self.name = name
    self.transitions = transitions
    self.first = first
    self.rule = rule
  }

  /// - Parameter file: a TZif file.
  /// - Throws: `ScheduleMistake` for anything else.
  public init(name: String, file: [UInt8]) throws(ScheduleMistake) {
    let mistake = ScheduleMistake("the file of time zone \"\(name)\" is not one")
    var reader = TZifReader(file)
    guard var header = reader.header() else { throw mistake }
    var width = 4
    if header.version >= UInt8(ascii: "2") {
      // The same again with times of 64 bits.
      guard reader.skip(header.size(4)), let second = reader.header() else { throw mistake }
      header = second
      width = 8
    }
    guard let data = reader.data(header, width) else { throw mistake }
    self.init(
      name: name, transitions: data.transitions, first: data.first,
      rule: width == 8 ? reader.footer().flatMap { POSIXRule($0) } : nil)
  }

  private static func read(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 256 * 1024)
    var count = 0
    while count < bytes.count {
      let room = bytes.count - count
      let got = bytes.withUnsafeMutableBytes {
        Glibc.read(descriptor, $0.baseAddress! + count, room)
      }
      if got <= 0 { break }
      count += got
    }
    return count > 44 ? Array(bytes[..<count]) : nil
  }

  // MARK: what it answers

  /// Seconds that the zone is ahead of UTC at an instant.
  public func offset(at instant: Int) -> Int {
    if let rule, transitions.isEmpty || instant >= transitions[transitions.count - 1].at {
      return rule.offset(at: instant)
    }
    guard let last = transitions.partitionPoint(instant) else { return first }
    return transitions[last].offset
  }

  public func civil(at instant: Int) -> CivilTime {
    CivilTime(seconds: instant + offset(at: instant))
  }

  /// The first change of the offset behind an instant; nil when there is none.
  func change(after instant: Int) -> Int? {
    let next = transitions.partitionPoint(instant).map { $0 + 1 } ?? 0
    for index in next..<max(next, transitions.count) {
      let before = index == 0 ? first : transitions[index - 1].offset
      if transitions[index].offset != before { return transitions[index].at }
    }
    guard let rule else { return nil }
    return rule.change(after: max(instant, transitions.last?.at ?? instant))
  }

  /// The last change of the offset at or before an instant, when that is less than a day ago.
  func change(dayBefore instant: Int) -> Int? {
    var change = change(after: instant - 86400)
    var found: Int?
    while let at = change, at <= instant {
      found = at
      change = self.change(after: at)
    }
    return found
  }
}

extension Array where Element == (at: Int, offset: Int) {
  /// The last element that is not behind `instant`.
  fileprivate func partitionPoint(_ instant: Int) -> Int? {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if self[middle].at <= instant { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? nil : low - 1
  }
}

/// Something in a schedule that is not what it must be; the text says what was expected.
public struct ScheduleMistake: Error, Equatable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
