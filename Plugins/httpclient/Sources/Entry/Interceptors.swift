import CurlEngine
import Egg

/// Objects of units that may answer a request before it is sent: caches, recordings, tests.
///
/// Each has the method `answer(url, options)`. Nothing means "send it"; an object is the answer, with
/// `status` (200 without it), `headers`, `data` (text, bytes, or what becomes JSON) and `delay` in
/// milliseconds.
final class Interceptors {
  private var objects: [ForeignObject] = []

  /// - Throws: `EGG_CURL_ARGUMENT` for what is no object.
  func add(_ value: Value) throws {
    guard let object = value.foreign else {
      throw EggError(
        code: "EGG_CURL_ARGUMENT",
        "interceptCurl: expected an object with the method \"answer\", found \(value.kindName)")
    }
    objects.append(object)
  }

  /// Asks those that came last first.
  ///
  /// - Returns: nil when the request is to be sent.
  /// - Throws: what an object throws, `EGG_CURL_ARGUMENT` for an answer that is none.
  func answer(_ options: CurlOptions, _ given: Value, _ ctx: Context?) async throws
    -> (response: CurlResponse, delay: Int)?
  {
    for object in objects.reversed() {
      var told = given
      told.method = .text(options.request.method)
      let said = try await object.invoke("answer", [options.request.url, told], ctx: ctx)
      if said.exists { return try response(said, options) }
    }
    return nil
  }

  private func response(_ said: Value, _ options: CurlOptions) throws -> (CurlResponse, Int) {
    let status = said.status.exists ? said.status.int : 200
    guard said.object != nil, let status, (100...999).contains(status) else {
      throw EggError(
        code: "EGG_CURL_ARGUMENT",
        "interceptCurl: expected an answer { status, headers, data }, found \(said.json)")
    }
    var response = CurlResponse()
    response.status = status
    response.url = options.request.url
    for (name, value) in said.headers.object ?? ValueMap() {
      for item in value.array ?? [value] {
        response.headers.append((name.lowercased(), item.string ?? item.json))
      }
    }
    if said.data.exists { response.body = said.data.bytes ?? Array(said.data.json.utf8) }
    return (response, max(0, said.delay.int ?? 0))
  }
}

/// The body of an answer that was not sent for, as a stream.
final class FixedStream: ExportedObject {
  let objectType = "egg.httpclient.stream/1"
  private var bytes: [UInt8]?

  init(_ bytes: [UInt8]) { self.bytes = bytes.isEmpty ? nil : bytes }

  func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    switch method {
    case "read":
      defer { bytes = nil }
      return bytes.map { .data($0) } ?? .undefined
    case "abort":
      bytes = nil
      return .undefined
    default: throw noSuchMethod(method)
    }
  }
}
