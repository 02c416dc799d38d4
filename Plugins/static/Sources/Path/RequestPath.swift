/// From the path of a request to the name of a file.
nonisolated enum RequestPath {
  /// Longer paths name no file.
  static let limit = 4096

  /// Decodes what follows the prefix into a name below a folder: `a%20b//c.txt` into `a b/c.txt`.
  ///
  /// - Returns: nil for what is never served: a malformed `%`, bytes that are no UTF-8, controls, NUL,
  ///   a backslash, an encoded slash, `.` and `..` as a segment, a name that begins with a dot
  ///   (unless `allowsDotfiles`; the folder `.well-known` of RFC 8615 always), a slash at the end,
  ///   nothing at all.
  /// - Source: koa-static-cache, with these differences from Egg: `..` is refused and not resolved,
  ///   an encoded slash is no slash, and a dot counts in every segment instead of the last.
  static func decode(_ raw: UnsafeBufferPointer<UInt8>, allowsDotfiles: Bool) -> [UInt8]? {
    guard !raw.isEmpty, raw.count <= limit, raw[raw.count - 1] != UInt8(ascii: "/") else {
      return nil
    }
    var name: [UInt8] = []
    name.reserveCapacity(raw.count + 4)
    var segment = 0
    var at = 0
    while at < raw.count {
      var byte = raw[at]
      at += 1
      if byte == UInt8(ascii: "/") {
        guard isServed(name[segment...], isLast: false, allowsDotfiles) else { return nil }
        if name.count > segment { name.append(byte) }
        segment = name.count
        continue
      }
      if byte == UInt8(ascii: "%") {
        guard at + 1 < raw.count, let high = digit(raw[at]), let low = digit(raw[at + 1]) else {
          return nil
        }
        byte = high << 4 | low
        at += 2
        if byte == UInt8(ascii: "/") { return nil }
      }
      guard byte >= 0x20, byte != 0x7F, byte != UInt8(ascii: "\\") else { return nil }
      name.append(byte)
    }
    guard isServed(name[segment...], isLast: true, allowsDotfiles),
      String(validating: name, as: UTF8.self) != nil
    else { return nil }
    return name
  }

  /// Whether a name below a folder may be served: the same rules for a name that is decoded.
  static func isAllowed(_ name: [UInt8], allowsDotfiles: Bool) -> Bool {
    guard name.allSatisfy({ $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") }),
      String(validating: name, as: UTF8.self) != nil
    else { return false }
    let segments = name.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    return segments.enumerated().allSatisfy { place, segment in
      isServed(segment, isLast: place == segments.count - 1, allowsDotfiles)
    }
  }

  private static func isServed(
    _ segment: ArraySlice<UInt8>, isLast: Bool, _ allowsDotfiles: Bool
  ) -> Bool {
    guard segment.first == UInt8(ascii: ".") else { return !isLast || !segment.isEmpty }
    if segment.count == 1 || (segment.count == 2 && segment.last == UInt8(ascii: ".")) {
      return false
    }
    return allowsDotfiles || (!isLast && segment.elementsEqual(".well-known".utf8))
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    if byte &- 0x30 < 10 { return byte &- 0x30 }
    let letter = byte | 0x20
    return letter &- 0x61 < 6 ? letter &- 0x57 : nil
  }
}
