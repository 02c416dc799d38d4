import Foundation
import Testing

@testable import EggKernel

/// A raw request from `Tests/Fixtures/http`, and for a valid one what its `.expected` file says.
///
/// `refused-CASE-N.http` is named after the `RequestRefusal` it must end in.
struct HTTPFixture: CustomTestStringConvertible, Sendable {
  let name: String
  let bytes: [UInt8]
  /// Lines of `.expected`, cut at the first space.
  let expected: [(key: String, value: String)]

  var testDescription: String { name }

  static let valid = load(prefix: "valid-")
  static let refused = load(prefix: "refused-")

  private static func load(prefix: String) -> [HTTPFixture] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/http")
    let names = try! FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasPrefix(prefix) && $0.hasSuffix(".http") }.sorted()
    precondition(!names.isEmpty, "no \(prefix)*.http in \(folder.path)")
    return names.map { name in
      let file = folder.appending(path: name)
      let sheet = try? String(
        contentsOf: file.deletingPathExtension().appendingPathExtension("expected"),
        encoding: .utf8)
      let lines = (sheet ?? "").split(separator: "\n").map { line in
        let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        return (key: String(parts[0]), value: parts.count > 1 ? String(parts[1]) : "")
      }
      return HTTPFixture(
        name: String(name.dropLast(5)), bytes: [UInt8](try! Data(contentsOf: file)),
        expected: lines)
    }
  }

  /// The case in the name of a `refused-` fixture.
  var refusalName: String { String(name.split(separator: "-")[1]) }
}

/// One parse with its buffer and fields, for reading the result as text.
final class ParsedRequest {
  let memory: UnsafeMutablePointer<UInt8>
  let count: Int
  let fields: HeaderTable
  var parser: RequestParser
  private(set) var outcome = ParseOutcome.needMore

  /// Parses `bytes` in pieces that end at `cuts` and at the end, each time in fresh memory of exactly
  /// the size read so far. Stops at the first outcome that is not `.needMore`.
  init(
    _ bytes: [UInt8], cuts: [Int] = [], limits: RequestLimits = RequestLimits(), fields: Int = 100
  ) {
    memory = .allocate(capacity: max(bytes.count, 1))
    memory.initialize(from: bytes, count: bytes.count)
    count = bytes.count
    self.fields = HeaderTable(capacity: fields)
    parser = RequestParser(limits: limits)
    for end in cuts + [bytes.count] {
      let piece = UnsafeMutablePointer<UInt8>.allocate(capacity: max(end, 1))
      piece.initialize(from: bytes, count: end)
      outcome = parser.parse(piece, count: end, into: self.fields)
      piece.deallocate()
      if outcome != .needMore { break }
    }
  }

  convenience init(_ text: String, limits: RequestLimits = RequestLimits(), fields: Int = 100) {
    self.init(Array(text.utf8), limits: limits, fields: fields)
  }

  deinit { memory.deallocate() }

  var head: RequestHead { parser.head }

  func text(_ range: ByteRange) -> String { range.string(in: memory) }

  func header(_ name: String, nth: Int = 0) -> String? {
    fields.header(named: name, nth: nth, in: memory).map(text)
  }

  /// The fact of the parsed head that an `.expected` file calls `key`.
  func fact(_ key: String) -> String {
    switch key {
    case "method": text(head.methodName)
    case "target": text(head.target)
    case "path": text(head.path)
    case "query": text(head.query)
    case "host": text(head.host)
    case "form": "\(head.targetForm)"
    case "version": "\(head.minorVersion)"
    case "keepAlive": "\(head.keepAlive)"
    case "expectContinue": "\(head.expectContinue)"
    case "wantsUpgrade": "\(head.wantsUpgrade)"
    case "rest": "\(count - head.length)"
    case "framing":
      switch head.framing {
      case .none: "none"
      case .chunked: "chunked"
      case .contentLength(let length): "contentLength \(length)"
      }
    default: "no such fact: \(key)"
    }
  }
}
