internal import PluginABI

/// The query of a url: `ctx.query["page"]`, `ctx.query.page`. Every value is text; of a repeated
/// key the first counts; brackets mean nothing; an empty key is dropped.
@dynamicMemberLookup
public struct Query: Sequence {
  private let items: [(name: String, value: String)]

  init(_ items: [(String, String)]) { self.items = items.filter { !$0.0.isEmpty } }

  public subscript(name: String) -> String? { items.first { $0.name == name }?.value }
  public subscript(dynamicMember name: String) -> String? { self[name] }

  public var isEmpty: Bool { items.isEmpty }
  /// Every pair as the client sent it.
  public func makeIterator() -> Array<(name: String, value: String)>.Iterator {
    items.makeIterator()
  }

  /// The first value of every key, as a value for templates and validation.
  public var value: Value {
    var map = ValueMap()
    for (name, value) in items where map[name] == nil { map[name] = .text(value) }
    return .map(map)
  }

  /// The query as one of your types whose members are texts.
  public func decode<T: Decodable>(_ type: T.Type = T.self) throws -> T {
    do {
      return try value.decode(type)
    } catch let error as DecodingError {
      throw EggError(status: 422, code: "invalid_param", error.summary)
    }
  }

  var lists: [String: [String]] {
    var lists: [String: [String]] = [:]
    for (name, value) in items {
      lists[name, default: []].append(value)
      if name.hasSuffix("[]"), name.utf8.count > 2 {
        lists[String(name.dropLast(2)), default: []].append(value)
      }
    }
    return lists
  }
}

/// The parameters of the route: `ctx.params["id"]`, `ctx.params.id`; percent-decoded.
@dynamicMemberLookup
public struct Params {
  let ctx: Context

  /// "" for an optional parameter that is not there.
  public subscript(name: String) -> String { self.get(name) ?? "" }
  /// An unnamed group, from 0.
  public subscript(place: Int) -> String { self[String(place)] }
  public subscript(dynamicMember name: String) -> String { self[name] }

  public func get(_ name: String) -> String? {
    if let known = ctx.lazyIfAny?.params { return known[name]?.string }
    var out = egg_str()
    let host = ctx.kernel
    let status = name.withEggString { host.http.pointee.param(host.table, ctx.token, $0, &out) }
    return status == Status.ok ? out.string : nil
  }

  /// All of them, in the order of the path.
  public var value: Value {
    if let known = ctx.lazyIfAny?.params { return .map(known) }
    var map = ValueMap()
    var (name, value) = (egg_str(), egg_str())
    let host = ctx.kernel
    var place: UInt32 = 0
    while host.http.pointee.param_at(host.table, ctx.token, place, &name, &value) == Status.ok {
      map[name.string] = .text(value.string)
      place += 1
    }
    return .map(map)
  }
}

/// A route as `ctx.matched` lists it.
public struct MatchedRoute: Equatable, Sendable {
  /// "" when the route has none.
  public let name: String
  /// The pattern: "/user/:id".
  public let path: String
}
