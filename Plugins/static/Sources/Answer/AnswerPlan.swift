import EggHTTPSemantics

/// What a request says about the version or part that it wants; views, nil where a field is absent.
nonisolated struct Conditions {
  typealias Text = UnsafeBufferPointer<UInt8>

  var ifNoneMatch: Text?
  var ifModifiedSince: Text?
  var cacheControl: Text?
  var range: Text?
  var ifRange: Text?

  /// Most requests: the whole file is wanted, whatever its version.
  @inline(__always)
  var isEmpty: Bool { ifNoneMatch == nil && ifModifiedSince == nil && range == nil }
}

/// How a file is answered with.
nonisolated enum AnswerPlan: Equatable {
  /// 200
  case whole
  /// 304
  case notModified
  /// 206 with `Content-Range`
  case part(ContentRange)
  /// 206 as `multipart/byteranges`
  case parts([ContentRange])
  /// 416
  case unsatisfiable

  /// - Parameter partLimit: bytes that parts may have together; the whole is sent when they have
  ///   more, which RFC 9110 §14.2 allows.
  /// - Source: RFC 9110 §13.2.2 for the order: `If-None-Match`, `If-Modified-Since`, then ranges.
  init(_ conditions: Conditions, for file: Representation, partLimit: Int) {
    if Self.isFresh(conditions, file) {
      self = .notModified
      return
    }
    guard let range = conditions.range,
      ifRangeHolds(
        conditions.ifRange.map { text($0) }, etag: file.etag, lastModified: file.lastModified)
    else {
      self = .whole
      return
    }
    switch rangeRequest(text(range), size: file.size) {
    case .everything: self = .whole
    case .unsatisfiable: self = .unsatisfiable
    case .ranges(let ranges) where ranges.count == 1: self = .part(ranges[0])
    case .ranges(let ranges):
      // `rangeRequest` answers with everything when the sum is more than the file.
      let sum = ranges.reduce(0) { $0 + $1.length }
      self = sum <= partLimit ? .parts(ranges) : .whole
    }
  }

  private static func isFresh(_ conditions: Conditions, _ file: Representation) -> Bool {
    guard conditions.ifNoneMatch != nil || conditions.ifModifiedSince != nil else { return false }
    return EggHTTPSemantics.isFresh(
      ifNoneMatch: conditions.ifNoneMatch.map { text($0) },
      ifModifiedSince: conditions.ifModifiedSince.map { text($0) },
      cacheControl: conditions.cacheControl.map { text($0) },
      etag: file.etag, lastModified: file.lastModified)
  }
}

private nonisolated func text(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
  String(decoding: bytes, as: UTF8.self)
}
