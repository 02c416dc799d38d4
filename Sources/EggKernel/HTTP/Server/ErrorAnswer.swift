import EggHTTPSemantics
import Glibc
import LinuxHeaders
import PluginABI

/// What clients see when a layer failed or nobody answered, unless a unit of `errorAnswerers` gives it.
///
/// One contract for every status, 404 included: the client's `Accept` picks JSON, HTML or text; below
/// 500 the message is shown, from 500 on only where the error says so or in development.
extension Worker {
  func answerFailure(_ error: UnsafePointer<egg_error>, on context: Context) {
    var status = error.pointee.http_status
    if !(400...599).contains(status) { status = 500 }
    reportFailure(error, on: context)
    keepOnlyErrorHeaders(error, context)
    if let takeover = context.takeover {
      context.takeover = nil
      takeover.ended(.byUs)
    }
    context.isForgotten = false
    context.status = status
    context.isStatusSet = true
    if errorAnswerers.answer(error, on: context) { return }
    let exposes = error.pointee.flags & UInt32(EGG_ERROR_EXPOSE) != 0 || status < 500
    let reason = reasonPhrase(Int(status)).description
    let message = exposes || showsErrorDetails ? error.pointee.message.string : reason
    let code = error.pointee.code.string
    let detail = showsErrorDetails ? error.pointee.detail.string : ""
    answer(
      context, status: status, code: code, message: message.isEmpty ? reason : message,
      detail: detail, properties: exposes ? error.pointee.properties?.pointee : nil)
  }

  /// - Source: Egg, `notfound`: JSON clients get a message, others a heading; `pageUrl` redirects.
  func answerNotFound(_ context: Context) {
    if !notFoundPage.isEmpty, !context.path(equals: notFoundPage), !context.acceptsJSON {
      context.status = 302
      context.isStatusSet = true
      var page = notFoundPage
      _ = page.withUTF8 { context.responseHead.set("Location", $0) }
      return
    }
    context.status = 404
    context.isStatusSet = true
    let error = context.makeError(status: 404, code: "", message: "Not Found", expose: true)
    if errorAnswerers.answer(error, on: context) { return }
    answer(context, status: 404, code: "", message: "Not Found", detail: "", properties: nil)
  }

  /// Logs the failure and tells `app.on("error")`, unless a unit wants it quiet.
  func reportFailure(_ error: UnsafePointer<egg_error>, on context: Context) {
    guard errorAnswerers.reports(error, on: context) else { return }
    let status = error.pointee.http_status
    let isServers = !(400...499).contains(status)
    let message = error.pointee.message.string
    let code = error.pointee.code.string
    let detail = error.pointee.detail.string
    let text =
      "\(code.isEmpty ? "error" : code): \(message)\(detail.isEmpty ? "" : "\n\(detail)")"
    log.write(egg_level(isServers ? EGG_LOG_ERROR : EGG_LOG_WARN), text, context: context)
    guard events.has("error") else { return }
    withUnsafeTemporaryAllocation(of: egg_pair.self, capacity: 4) { pairs in
      pairs[0] = egg_pair(key: egg_str("code"), value: egg_value(error.pointee.code))
      pairs[1] = egg_pair(key: egg_str("message"), value: egg_value(error.pointee.message))
      pairs[2] = egg_pair(
        key: egg_str("status"), value: egg_value(Int64(status == 0 ? 500 : status)))
      pairs[3] = egg_pair(key: egg_str("detail"), value: egg_value(error.pointee.detail))
      events.emit("error", on: context, egg_value(pairs: pairs.baseAddress, count: 4))
    }
  }

  /// Headers that layers set for the answer they meant to give are gone; `properties.headers` stay.
  private func keepOnlyErrorHeaders(_ error: UnsafePointer<egg_error>, _ context: Context) {
    context.responseHead.reset()
    context.body.release()
    guard let headers = error.pointee.properties?.pointee.member("headers"),
      headers.kind == Kind.map, let pairs = headers.as.pairs
    else { return }
    for index in 0..<Int(headers.count) {
      let (name, value) = (pairs[index].key, pairs[index].value.text)
      guard isToken(name.bytes), isFieldValue(value.bytes) else { continue }
      _ = context.responseHead.set(name.bytes, value.bytes)
    }
  }

  private func answer(
    _ context: Context, status: Int32, code: String, message: String, detail: String,
    properties: egg_value?
  ) {
    let out = ByteBuffer(capacity: 256)
    let kind: Int
    switch context.errorFormat {
    case .json:
      kind = EGG_BODY_JSON
      out.append("{\"message\":")
      JSONText.append(message, to: out)
      if !code.isEmpty {
        out.append(",\"code\":")
        JSONText.append(code, to: out)
      }
      if let errors = properties?.member("errors") {
        out.append(",\"errors\":")
        JSONText.append(errors, to: out)
      }
      if !detail.isEmpty {
        out.append(",\"detail\":")
        JSONText.append(detail, to: out)
      }
      out.append("}")
    case .html:
      kind = EGG_BODY_TEXT
      out.append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>")
      out.append("\(status) \(reasonPhrase(Int(status)))")
      out.append("</title></head><body><h1>\(status) ")
      HTMLText.append(message, to: out)
      out.append("</h1>")
      if !detail.isEmpty {
        out.append("<pre>")
        HTMLText.append(detail, to: out)
        out.append("</pre>")
      }
      out.append("</body></html>\n")
    case .text:
      kind = EGG_BODY_TEXT
      out.append("\(status) ")
      out.append(message)
      if !detail.isEmpty {
        out.append("\n")
        out.append(detail)
      }
      out.append("\n")
    }
    context.body.kind = egg_body_kind(kind)
    context.body.bytes =
      context.arena.copy(out.bytes) ?? UnsafeBufferPointer(start: nil, count: 0)
  }
}

extension Context {
  enum ErrorFormat {
    case json, html, text
  }

  /// The first of JSON, HTML and text that the client asks for; text for clients that take anything,
  /// as scripts and terminals do.
  var errorFormat: ErrorFormat {
    if acceptsJSON { return .json }
    guard let range = fields.value(of: .accept) else { return .text }
    return range.string(in: base).contains("text/html") ? .html : .text
  }

  /// - Source: Egg, `ctx.acceptJSON`: a path that ends in `.json`, or the first choice is JSON.
  var acceptsJSON: Bool {
    let path = head.path.bytes(in: base)
    if path.count > 5, memcmp(path.baseAddress! + path.count - 5, ".json", 5) == 0 { return true }
    guard let range = fields.value(of: .accept) else { return false }
    let text = range.string(in: base)
    guard let json = text.range(of: "json") else { return false }
    guard let html = text.range(of: "html") else { return true }
    return json < html
  }

  func path(equals text: String) -> Bool { head.path.string(in: base) == text }
}

extension String {
  /// Where `text` begins, in bytes.
  fileprivate func range(of text: StaticString) -> Int? {
    var copy = self
    return copy.withUTF8 { bytes in
      guard
        let found = memmem(
          bytes.baseAddress!, bytes.count, text.utf8Start, text.utf8CodeUnitCount)
      else { return nil }
      return UnsafeRawPointer(found) - UnsafeRawPointer(bytes.baseAddress!)
    }
  }
}

/// The five characters that HTML text can't hold as they are.
enum HTMLText {
  static func append(_ text: String, to out: ByteBuffer) {
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "&"): out.append("&amp;")
      case UInt8(ascii: "<"): out.append("&lt;")
      case UInt8(ascii: ">"): out.append("&gt;")
      case UInt8(ascii: "\""): out.append("&quot;")
      case UInt8(ascii: "'"): out.append("&#39;")
      default: out.append(byte: byte)
      }
    }
  }
}
