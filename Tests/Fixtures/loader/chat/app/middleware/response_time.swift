import Egg

struct ResponseTimeOptions: Decodable {
  var header: String?
}

func responseTime(options: ResponseTimeOptions) throws -> Middleware {
  return { ctx, next in try await next() }
}
