import PluginABI

/// The made-up request of a context without a connection.
///
/// - Source: Egg, `createAnonymousContext`: GET `/` from 127.0.0.1.
struct AnonymousRequest {
  var method = "GET"
  var url = "/"
  var headers: [(String, String)] = [("Host", "127.0.0.1"), ("X-Forwarded-For", "127.0.0.1")]

  /// Came over TLS, where it stands for a request that did.
  var isSecure = false

  init() {}

  /// Reads `method`, `url`, `headers` and `secure` of a MAP.
  init?(_ value: egg_value) {
    guard value.kind == Kind.map else { return nil }
    if let text = value.member("method"), text.kind == Kind.string { method = text.text.string }
    if let text = value.member("url"), text.kind == Kind.string { url = text.text.string }
    if let flag = value.member("secure"), flag.kind == Kind.bool { isSecure = flag.as.boolean }
    if let map = value.member("headers"), map.kind == Kind.map, let pairs = map.as.pairs {
      for index in 0..<Int(map.count) where pairs[index].value.kind == Kind.string {
        let name = pairs[index].key.string
        headers.removeAll {
          $0.0.utf8.elementsEqual(name.utf8) || $0.0.lowercased() == name.lowercased()
        }
        headers.append((name, pairs[index].value.text.string))
      }
    }
  }

  /// Writes it as a head and parses that, so that everything downstream is the same as for a real one.
  ///
  /// - Returns: false when it is not a request that HTTP could carry.
  func prepare(_ context: Context) -> Bool {
    let buffer = ByteBuffer(capacity: 256)
    buffer.append(method)
    buffer.append(" ")
    buffer.append(url)
    buffer.append(" HTTP/1.1\r\n")
    for (name, value) in headers where !buffer.appendHeader(text: name, value) { return false }
    buffer.appendHeadEnd()
    var parser = RequestParser(limits: context.worker.requestLimits)
    guard
      case .complete = parser.parse(buffer.readPointer, count: buffer.count, into: context.fields)
    else { return false }
    context.head = parser.head
    context.ownHead = buffer
    context.isSecure = isSecure
    context.base = buffer.readPointer
    return true
  }
}
