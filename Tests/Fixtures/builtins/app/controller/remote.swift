import Egg
import EggHTTPClient

/// Asks another server for what the test says.
final class RemoteController: Controller {
  /// By name, as a unit in another language does it.
  func curl() async throws {
    let body = ctx.request.body
    let value = try await ctx.call("curl", body.url, body.options)
    ctx.body = shown(value)
  }

  func safe() async throws {
    let body = ctx.request.body
    ctx.body = shown(try await ctx.call("safeCurl", body.url, body.options))
  }

  func byApp() async throws {
    let url = ctx.request.body.url.string ?? ""
    do {
      var options = CurlOptions(method: "PUT", data: ["a": 1], contentType: "json", dataType: .json)
      options.timeout = (.seconds(2), .milliseconds(400))
      let result = try await app.curl(url, options)
      ctx.body = ["status": result.status, "data": result.data] as Value
    } catch let error as CurlError {
      ctx.body = ["kind": error.kind.rawValue] as Value
    }
  }

  /// How much came, in how many pieces, and what was known before them.
  func stream() async throws {
    let url = ctx.request.body.url.string ?? ""
    let (result, body) = try await ctx.curlStream(url)
    var (size, pieces) = (0, 0)
    for try await bytes in body {
      size += bytes.count
      pieces += 1
    }
    ctx.body = ["status": result.status, "size": size, "pieces": pieces] as Value
  }

  private func shown(_ value: Value) -> Value {
    var value = value
    if let bytes = value.data.bytes, value.data.string == nil {
      value.data = .text(String(decoding: bytes, as: UTF8.self))
    }
    return value
  }
}
