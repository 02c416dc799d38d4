import Egg
import EggSocketIO

/// Lets in who knows the secret, from the payload of CONNECT or the query.
func token(_ app: Application) -> Middleware {
  return { ctx, next in
    let handshake = ctx.socket.handshake
    let token = handshake.auth.token.string ?? handshake.query.token.string
    guard token == "secret" else {
      var error = EggError("not authorized")
      error.properties["data"] = ["code": 401]
      throw error
    }
    try await next()
  }
}
