/// Which bodies become smaller by compression.
public struct MediaTypes: Sendable {
  private let extra: [[UInt8]]

  /// - Parameter extra: media types beside the usual ones, lower case.
  public init(extra: [String]) { self.extra = extra.map { Array($0.utf8) } }

  /// - Parameter type: the value of `Content-Type`, with or without parameters.
  /// - Returns: false for what is compressed by its nature, and for `text/event-stream`, whose events
  ///   are to arrive when they are sent.
  public func contains(_ type: UnsafeBufferPointer<UInt8>) -> Bool {
    var end = 0
    while end < type.count, type[end] != 0x3B, type[end] != 0x20 { end += 1 }
    let essence = UnsafeBufferPointer(rebasing: type[..<end])
    if Self.starts(essence, "text/") { return !Coding.matches(essence, "text/event-stream") }
    if Self.starts(essence, "application/") {
      let name = UnsafeBufferPointer(rebasing: essence[12...])
      for word in Self.applications where Coding.matches(name, word) { return true }
    }
    for ending in Self.endings where essence.count > ending.utf8CodeUnitCount {
      let tail = UnsafeBufferPointer(rebasing: essence.suffix(ending.utf8CodeUnitCount))
      if Coding.matches(tail, ending) { return true }
    }
    return extra.contains { essence.count == $0.count && essence.elementsEqual($0) }
  }

  private static let applications: [StaticString] = [
    "json", "javascript", "x-javascript", "xml", "x-ndjson", "x-www-form-urlencoded", "rtf",
  ]
  private static let endings: [StaticString] = ["+json", "+xml", "+text"]

  private static func starts(_ text: UnsafeBufferPointer<UInt8>, _ word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    return text.count > count
      && Coding.matches(UnsafeBufferPointer(rebasing: text[..<count]), word)
  }
}
