import Glibc

/// Parts of a `multipart/form-data` body, found while it arrives.
///
///     var parser = MultipartParser(boundary: "x")
///     try parser.feed(bytes) { event in … }
///     try parser.finish()
///
/// Keeps no more than a part's head and the length of one delimiter; the content of parts is handed on
/// as it comes.
///
/// - Source: RFC 2046 §5.1.1 for delimiters, RFC 7578 for the fields of a part.
public struct MultipartParser {
  public enum Event {
    case part(PartHead)
    /// A piece of the current part; lent for the call.
    case content(ArraySlice<UInt8>)
    case partEnd
  }

  /// Longest head of a part, in bytes.
  public static let headLimit = 16 << 10
  /// Spaces that may stand between a delimiter and its line end.
  private static let paddingLimit = 64

  private enum State { case preamble, boundaryEnd, head, content, epilogue }

  /// What a look at the bytes came to.
  private enum Step {
    /// Goes on at this place.
    case on(Int)
    /// Needs more; what stands before this place is done with.
    case wait(Int)
  }

  /// CRLF, two hyphens, and the boundary.
  private let delimiter: [UInt8]
  private var state = State.preamble
  /// What is not decided yet. The first delimiter may stand at the very beginning; the line break in
  /// front of it is put there.
  private var kept: [UInt8] = [0x0D, 0x0A]

  /// - Parameter boundary: of the content type, see `MultipartParser.boundary(of:)`.
  public init(boundary: String) {
    delimiter = [0x0D, 0x0A, 0x2D, 0x2D] + Array(boundary.utf8)
  }

  /// - Throws: `MultipartFailure.malformed`, and what `event` throws; the parser is of no use then.
  public mutating func feed(_ bytes: some Collection<UInt8>, _ event: (Event) throws -> Void) throws
  {
    kept += bytes
    var place = 0
    while true {
      switch try step(from: place, event) {
      case .on(let next): place = next
      case .wait(let done): return kept.removeFirst(done)
      }
    }
  }

  /// The body has ended.
  ///
  /// - Throws: `.malformed` when the last delimiter has not come.
  public func finish() throws {
    guard state == .epilogue else {
      throw MultipartFailure.malformed("the body ends before its last boundary")
    }
  }

  // MARK: steps

  private mutating func step(from start: Int, _ event: (Event) throws -> Void) throws -> Step {
    switch state {
    case .preamble:
      guard let found = position(of: delimiter, from: start) else {
        return .wait(undecided(start))
      }
      state = .boundaryEnd
      return .on(found + delimiter.count)
    case .boundaryEnd: return try boundaryEnd(from: start)
    case .head: return try head(from: start, event)
    case .content:
      let found = position(of: delimiter, from: start)
      let end = found ?? undecided(start)
      if start < end { try event(.content(kept[start..<end])) }
      guard found != nil else { return .wait(end) }
      try event(.partEnd)
      state = .boundaryEnd
      return .on(end + delimiter.count)
    case .epilogue: return .wait(kept.count)
    }
  }

  /// The end of what has come may be the beginning of a delimiter.
  private func undecided(_ start: Int) -> Int { max(start, kept.count - delimiter.count + 1) }

  /// Behind a delimiter: two hyphens end the body, a line break begins a part.
  private mutating func boundaryEnd(from start: Int) throws -> Step {
    guard kept.count >= start + 2 else { return .wait(start) }
    if kept[start] == 0x2D, kept[start + 1] == 0x2D {
      state = .epilogue
      return .on(start + 2)
    }
    var place = start
    while place < kept.count, kept[place] == 0x20 || kept[place] == 0x09 { place += 1 }
    guard place - start <= Self.paddingLimit else { throw Self.noLineEnd }
    guard kept.count >= place + 2 else { return .wait(start) }
    guard kept[place] == 0x0D, kept[place + 1] == 0x0A else { throw Self.noLineEnd }
    state = .head
    // The line break stays: behind it may be the blank line of a part without head fields.
    return .on(place)
  }

  private static let noLineEnd = MultipartFailure.malformed(
    "a boundary is not followed by a line end")

  private mutating func head(from start: Int, _ event: (Event) throws -> Void) throws -> Step {
    guard let end = position(of: [0x0D, 0x0A, 0x0D, 0x0A], from: start) else {
      guard kept.count - start <= Self.headLimit else {
        throw MultipartFailure.malformed("the head of a part is larger than 16 KiB")
      }
      return .wait(start)
    }
    guard end - start <= Self.headLimit else {
      throw MultipartFailure.malformed("the head of a part is larger than 16 KiB")
    }
    try event(.part(PartHead(kept[min(start + 2, end)..<end])))
    state = .content
    return .on(end + 4)
  }

  private func position(of pattern: [UInt8], from start: Int) -> Int? {
    kept.withUnsafeBytes { bytes -> Int? in
      guard let base = bytes.baseAddress else { return nil }
      var place = start
      while place + pattern.count <= bytes.count {
        let rest = bytes.count - pattern.count - place + 1
        // Every pattern begins with CR, which content seldom has.
        guard let found = memchr(base + place, Int32(pattern[0]), rest) else { return nil }
        place = UnsafeRawPointer(found) - base
        if memcmp(found, pattern, pattern.count) == 0 { return place }
        place += 1
      }
      return nil
    }
  }
}
