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
    case "file": ctx.body = FileBody(ctx.query["path"] ?? "")
    case "stream": ctx.body = pieces(text, of: Int(ctx.query["piece"] ?? "") ?? 1000)
    case "broken":
      ctx.body = StreamBody { writer in
        try await writer.write(text)
        throw EggError("the source has dried up")
      }
    case "held":
      ctx.body = StreamBody { writer in
        try await writer.write(text)
        await withCheckedContinuation { Self.held = $0 }
        try await writer.write("the end")
      }
    case "release":
      Self.held?.resume()
      Self.held = nil
      ctx.body = nil
    default: ctx.body = text
    }
  }

  /// Who waits for `release`.
  private static var held: CheckedContinuation<Void, Never>?

  private func pieces(_ text: String, of size: Int) -> StreamBody {
    let bytes = Array(text.utf8)
    return StreamBody(length: ctx.query["length"].flatMap { Int($0) }) { writer in
      var start = 0
      while start < bytes.count {
        let end = min(start + size, bytes.count)
        try await writer.write(Array(bytes[start..<end]))
        start = end
      }
    }
  }
}
