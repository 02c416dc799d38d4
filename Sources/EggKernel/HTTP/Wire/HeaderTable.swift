/// Where one header field lies in the request's buffer.
package struct HeaderField: Sendable {
  package let nameOffset: UInt32
  package let valueOffset: UInt32
  package let valueLength: UInt32
  package let nameLength: UInt16
  /// The name if it is one of the known ones, else `.other`.
  package let id: HeaderName

  /// The name as the client wrote it; a non-empty token.
  package var name: ByteRange { ByteRange(offset: Int(nameOffset), length: Int(nameLength)) }
  /// The value without surrounding spaces and tabs.
  package var value: ByteRange { ByteRange(offset: Int(valueOffset), length: Int(valueLength)) }
}

/// The header fields of one request in wire order: a fixed array of 16-byte entries, allocated once
/// and used again for request after request.
///
/// Filled by `RequestParser`; valid together with the buffer the request was parsed from. Not
/// thread-safe.
package final class HeaderTable {
  private let fields: UnsafeMutablePointer<HeaderField>
  /// The last `Host` that was found valid: clients repeat themselves.
  let lastHost: UnsafeMutablePointer<HostMemo>
  /// How many fields fit; a request with more is refused with 431.
  package let capacity: Int
  /// How many fields the parsed request has.
  package private(set) var count = 0

  /// - Parameter capacity: 1 … 1000; outside values are moved to the nearer end.
  package init(capacity: Int = 100) {
    self.capacity = min(max(capacity, 1), 1000)
    fields = .allocate(capacity: self.capacity)
    lastHost = .allocate(capacity: 1)
    lastHost.initialize(to: HostMemo())
  }

  deinit {
    fields.deallocate()
    lastHost.deallocate()
  }

  /// Field number `index`, `0 ..< count`.
  package subscript(index: Int) -> HeaderField {
    precondition(index >= 0 && index < count, "header field \(index) of \(count)")
    return fields[index]
  }

  /// The fields as a buffer, for a loop that needs no bounds check.
  package var all: UnsafeBufferPointer<HeaderField> {
    UnsafeBufferPointer(start: fields, count: count)
  }

  /// Forgets all fields and keeps the memory.
  package func reset() { count = 0 }

  /// Takes over the count kept by the parser, which writes the entries itself while it runs.
  @inline(__always)
  func parsed(_ count: Int) { self.count = count }

  /// Where the parser writes its entries; `capacity` of them fit.
  @inline(__always)
  var entries: UnsafeMutablePointer<HeaderField> { fields }
}

/// Looking fields up.
extension HeaderTable {
  /// The value of occurrence number `nth` (from 0) of a known header, or nil.
  package func value(of id: HeaderName, nth: Int = 0) -> ByteRange? {
    var left = nth
    for index in 0..<count where fields[index].id == id {
      if left == 0 { return fields[index].value }
      left &-= 1
    }
    return nil
  }

  /// The value of occurrence number `nth` (from 0) of the header `name`, in any case, or nil.
  ///
  /// - Parameter base: the start of the buffer the request was parsed from.
  package func header(
    named name: UnsafeBufferPointer<UInt8>, nth: Int = 0, in base: UnsafePointer<UInt8>
  ) -> ByteRange? {
    guard let start = name.baseAddress, name.count <= Int(UInt16.max) else { return nil }
    let id = HeaderName(start, count: name.count)
    // Recognition folds case by setting bit 5, which is exact for tokens only; "\r" would be "-".
    if id != .other, equalIgnoringCase(start, id.text.utf8Start, count: name.count) {
      return value(of: id, nth: nth)
    }
    var left = nth
    for index in 0..<count {
      let field = fields[index]
      guard field.id == .other, Int(field.nameLength) == name.count,
        equalIgnoringCase(base + Int(field.nameOffset), start, count: name.count)
      else { continue }
      if left == 0 { return field.value }
      left &-= 1
    }
    return nil
  }

  /// The same for a name that is text.
  package func header(
    named name: String, nth: Int = 0, in base: UnsafePointer<UInt8>
  ) -> ByteRange? {
    var name = name
    return name.withUTF8 { header(named: $0, nth: nth, in: base) }
  }
}
