import Egg

struct TypedOptions: Decodable {
  var name: String
  var times = 1

  enum CodingKeys: CodingKey { case name }
}

/// Options as a type of its own.
func typed(_ options: TypedOptions) throws -> Middleware {
  { ctx, next in
    ctx.set("X-Typed", options.name)
    try await next()
  }
}
