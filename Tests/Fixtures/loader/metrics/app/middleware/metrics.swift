import Egg
func metrics(_ options: Value) -> Middleware { { ctx, next in try await next() } }
