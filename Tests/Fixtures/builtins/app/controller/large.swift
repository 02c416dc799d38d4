import Egg

/// Bodies of every kind and size.
final class LargeController: Controller {
  func body() {
    let size = Int(ctx.params["size"]) ?? 0
    let text = String(repeating: "0123456789", count: size / 10)
    for name in ["type", "etag", "cache-control", "content-encoding", "vary", "content-range"] {
      if let value = ctx.query[name] { ctx.set(name, value) }
    }
    if let status = ctx.query["status"].flatMap({ Int($0) }) { ctx.status = status }
    if let type = ctx.query["type"] { ctx.type = type }
    switch ctx.params["kind"] {
    case "json": ctx.body = ["text": text]
    case "html": ctx.body = "<p>" + text
    case "bytes": ctx.body = Array(text.utf8)
    default: ctx.body = text
    }
  }
}
