import Egg

struct GreetingOptions: Decodable {
  /// The header field that carries the greeting.
  var header: String
  var name: String?
}

/// Greets in a header. `config.greeting` are its options when the application lists it in
/// `middleware`; a route gives its own: `app.middleware.greeting(["header": "X-Hi"])`.
func greeting(_ options: GreetingOptions) throws -> Middleware {
  guard options.header.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
  else {
    throw EggError("\"header\" is a field's name, found \"\(options.header)\"")
  }
  return { ctx, next in
    try await next()
    ctx.set(options.header, ctx.greet(options.name ?? "you"))
  }
}
