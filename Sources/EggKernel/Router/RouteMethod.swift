/// A request method that the router knows, as a small number.
///
/// The order is the one in which `Allow` and the route dump list methods.
///
/// - Source: RFC 9110 section 9 and the WebDAV, UPnP and cache methods that HTTP libraries know.
package enum RouteMethod: UInt8, CaseIterable, Sendable {
  case head, options, get, put, patch, post, delete
  case acl, bind, checkout, connect, copy, link, lock, mSearch, merge, mkactivity, mkcalendar, mkcol
  case move, notify, propfind, proppatch, purge, query, rebind, report, search, source, subscribe
  case trace, unbind, unlink, unlock, unsubscribe

  /// The method as it stands on the request line.
  package var name: String {
    switch self {
    case .head: "HEAD"
    case .options: "OPTIONS"
    case .get: "GET"
    case .put: "PUT"
    case .patch: "PATCH"
    case .post: "POST"
    case .delete: "DELETE"
    case .acl: "ACL"
    case .bind: "BIND"
    case .checkout: "CHECKOUT"
    case .connect: "CONNECT"
    case .copy: "COPY"
    case .link: "LINK"
    case .lock: "LOCK"
    case .mSearch: "M-SEARCH"
    case .merge: "MERGE"
    case .mkactivity: "MKACTIVITY"
    case .mkcalendar: "MKCALENDAR"
    case .mkcol: "MKCOL"
    case .move: "MOVE"
    case .notify: "NOTIFY"
    case .propfind: "PROPFIND"
    case .proppatch: "PROPPATCH"
    case .purge: "PURGE"
    case .query: "QUERY"
    case .rebind: "REBIND"
    case .report: "REPORT"
    case .search: "SEARCH"
    case .source: "SOURCE"
    case .subscribe: "SUBSCRIBE"
    case .trace: "TRACE"
    case .unbind: "UNBIND"
    case .unlink: "UNLINK"
    case .unlock: "UNLOCK"
    case .unsubscribe: "UNSUBSCRIBE"
    }
  }

  private static let byName: [String: RouteMethod] = Dictionary(
    uniqueKeysWithValues: allCases.map { ($0.name, $0) })

  /// The method with this name; names are case-sensitive (RFC 9110 section 9.1).
  /// - Returns: nil for a method the router does not know, which is answered with 501.
  package init?(name: String) {
    guard let method = RouteMethod.byName[name] else { return nil }
    self = method
  }
}

/// A set of request methods, one bit each.
package struct RouteMethodSet: OptionSet, Hashable, Sendable {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
  package init(_ method: RouteMethod) { rawValue = 1 << UInt64(method.rawValue) }

  package static let head = RouteMethodSet(.head)
  package static let options = RouteMethodSet(.options)
  package static let get = RouteMethodSet(.get)
  package static let put = RouteMethodSet(.put)
  package static let patch = RouteMethodSet(.patch)
  package static let post = RouteMethodSet(.post)
  package static let delete = RouteMethodSet(.delete)
  /// Every method the router knows.
  package static let all = RouteMethodSet(
    rawValue: (1 << UInt64(RouteMethod.allCases.count)) - 1)
  /// The methods a router implements without being told: others are answered with 501 until a
  /// route names them.
  package static let common: RouteMethodSet = [
    .head, .options, .get, .put, .patch, .post, .delete,
  ]

  package func contains(_ method: RouteMethod) -> Bool {
    rawValue & (1 << UInt64(method.rawValue)) != 0
  }

  /// The names in dump order, for example `["HEAD", "GET"]`.
  package var names: [String] {
    RouteMethod.allCases.filter { contains($0) }.map(\.name)
  }

  /// The value of an `Allow` header, for example `HEAD, GET` (RFC 9110 section 10.2.1).
  package var allowHeader: String { names.joined(separator: ", ") }
}
