import EggHTTPSemantics
import Glibc

/// How the bytes of a representation are coded, as in `Content-Encoding`.
nonisolated enum Coding: UInt8 {
  case identity, gzip, brotli

  /// What is behind the name of the file that holds the coded bytes.
  var suffix: StaticString {
    switch self {
    case .identity: ""
    case .gzip: ".gz"
    case .brotli: ".br"
    }
  }

  var token: StaticString {
    switch self {
    case .identity: "identity"
    case .gzip: "gzip"
    case .brotli: "br"
    }
  }
}

/// One version of a file, or of its compressed sibling, with everything an answer needs made ready.
///
/// Immutable. An answer that is being sent holds it, so it outlives its place in the cache.
nonisolated final class Representation {
  let coding: Coding
  let facts: FileFacts
  /// With a NUL at the end.
  let fullPath: [UInt8]
  /// The contents; nil when the file is too large for memory.
  let contents: UnsafeBufferPointer<UInt8>?
  /// Fields of every answer with the whole or a part of it; also of 304, without the first.
  let fields: HeaderFields
  /// In quotes.
  let etag: String
  let lastModified: String
  /// Seconds since 1970.
  let modified: Int
  /// The contents may have changed again without a trace; they are to be read once more.
  let isDoubtful: Bool

  /// - Parameters:
  ///   - contents: taken over.
  ///   - digest: the MD5 of the contents, when they are there.
  ///   - type: the value of `Content-Type`.
  ///   - varies: whether there are other codings of the file.
  init(
    coding: Coding, facts: FileFacts, fullPath: [UInt8],
    contents: UnsafeBufferPointer<UInt8>?, digest: [UInt8]?, type: String, varies: Bool,
    folder: Folder, isDoubtful: Bool
  ) {
    self.coding = coding
    self.facts = facts
    self.fullPath = fullPath
    self.contents = contents
    self.isDoubtful = isDoubtful
    modified = facts.modifiedSeconds
    lastModified = HTTPDate(unixSeconds: facts.modifiedSeconds).text
    let encodedDigest = digest.map(base64)
    etag = "\"\(encodedDigest ?? Self.tag(facts))\""
    var fields: [(StaticString, String)] = [
      ("Content-Type", type), ("Cache-Control", folder.cacheControl), ("ETag", etag),
      ("Last-Modified", lastModified), ("Accept-Ranges", "bytes"),
    ]
    if let encodedDigest, folder.options.sendsContentMD5 {
      fields.append(("Content-MD5", encodedDigest))
    }
    if coding != .identity { fields.append(("Content-Encoding", "\(coding.token)")) }
    if varies { fields.append(("Vary", "Accept-Encoding")) }
    self.fields = HeaderFields(fields)
  }

  deinit { contents?.deallocate() }

  var size: Int { facts.size }

  /// A tag of a file that is not read: other contents are another inode, size or time.
  static func tag(_ facts: FileFacts) -> String {
    let time = facts.modifiedSeconds &* 1_000_000_000 &+ facts.modifiedNanoseconds
    return "\(hexadecimal(facts.inode))-\(hexadecimal(UInt(bitPattern: facts.size)))-"
      + hexadecimal(UInt(bitPattern: time))
  }

  private static func hexadecimal(_ number: UInt) -> String { String(number, radix: 16) }
}

/// Header fields as bytes that stay where they are.
nonisolated final class HeaderFields {
  struct Field {
    let name: UnsafeBufferPointer<UInt8>
    let value: UnsafeBufferPointer<UInt8>
  }

  let all: UnsafeMutableBufferPointer<Field>

  init(_ fields: [(StaticString, String)]) {
    all = .allocate(capacity: fields.count)
    for (place, (name, value)) in fields.enumerated() {
      let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: value.utf8.count)
      _ = bytes.initialize(from: value.utf8)
      let field = Field(
        name: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount),
        value: UnsafeBufferPointer(bytes))
      (all.baseAddress! + place).initialize(to: field)
    }
  }

  deinit {
    for field in all { field.value.deallocate() }
    all.deallocate()
  }

  /// The value of a field, for messages and tests.
  subscript(name: String) -> String? {
    for field in all where String(decoding: field.name, as: UTF8.self) == name {
      return String(decoding: field.value, as: UTF8.self)
    }
    return nil
  }
}

/// RFC 4648 §4, with padding.
private nonisolated func base64(_ bytes: [UInt8]) -> String {
  let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  var out: [UInt8] = []
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let piece = bytes[start..<min(start + 3, bytes.count)]
    var word = 0
    for place in 0..<3 {
      word = word << 8 | (place < piece.count ? Int(piece[start + place]) : 0)
    }
    for place in 0..<4 {
      out.append(place <= piece.count ? digits[word >> (18 - 6 * place) & 63] : 0x3D)
    }
  }
  return String(decoding: out, as: UTF8.self)
}
