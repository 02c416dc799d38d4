import Egg

/// What templates read of the framework's own context and request, by name.
///
/// - Parameters:
///   - kind: 0 the context, 1 the request.
///   - args: of a call; none for reading.
/// - Returns: `.undefined` for a name that is not for templates.
func contextMember(_ ctx: Context, of kind: Int, named name: String, _ args: [Value]) throws
  -> Value
{
  let request = ctx.request
  switch name {
  case "method": return .text(request.method)
  case "url", "originalUrl": return .text(request.url)
  case "path": return .text(request.path)
  case "querystring": return .text(request.querystring)
  case "search": return .text(request.search)
  case "query": return ctx.query.value
  case "queries": return Value(ctx.queries)
  case "headers", "header": return .map(request.headers)
  case "host": return .text(request.host)
  case "hostname": return .text(request.hostname)
  case "protocol": return .text(request.protocol)
  case "secure": return .boolean(request.secure)
  case "origin": return .text(request.origin)
  case "href": return .text(request.href)
  case "ip": return .text(request.ip)
  case "ips": return .list(request.ips.map { .text($0) })
  case "subdomains": return .list(request.subdomains.map { .text($0) })
  case "get" where args.first?.string != nil: return .text(ctx.get(args[0].string ?? ""))
  case "body" where kind == 1: return request.body
  case _ where kind == 0: return contextOnlyMember(ctx, named: name)
  default: return .undefined
  }
}

private func contextOnlyMember(_ ctx: Context, named name: String) -> Value {
  switch name {
  case "params": ctx.params.value
  case "status": .integer(ctx.status)
  case "starttime": .integer(ctx.starttime)
  case "state", "locals": ctx.state[""]
  default: .undefined
  }
}
