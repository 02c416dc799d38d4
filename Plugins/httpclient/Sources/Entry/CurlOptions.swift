import CurlEngine
import Egg

/// The options of one `curl`, with those of `config.httpclient.request` below them.
struct CurlOptions {
  /// What becomes of the answer's body.
  enum DataType: String {
    case json
    case text
    /// Bytes.
    case buffer

    /// - Throws: `EGG_CURL_RESPONSE` for JSON that is none.
    func value(of bytes: [UInt8]) throws -> Value {
      switch self {
      case .buffer: return .data(bytes)
      case .text: return .text(String(decoding: bytes, as: UTF8.self))
      case .json:
        if bytes.isEmpty { return .null }
        do {
          return try Value(json: bytes)
        } catch {
          throw EggError(code: "EGG_CURL_RESPONSE", "the answer is no JSON: \(error)")
        }
      }
    }
  }

  var request = CurlRequest()
  var dataType = DataType.buffer
  var retry = 0
  var retryDelay = 0
  private let place: String

  /// - Parameter place: where the options stand, for messages.
  /// - Throws: `EGG_CURL_ARGUMENT` that names the option.
  init(_ url: String, _ options: Value, place: String) throws {
    self.place = place
    request.url = url
    request.method = (options.method.string ?? (options.type.string ?? "GET")).uppercased()
    for (name, value) in options.headers.object ?? ValueMap() where value.exists {
      request.headers.append((name, value.string ?? value.json))
    }
    if options.dataType.exists {
      guard let type = options.dataType.string.flatMap(DataType.init) else {
        throw wrong("dataType", "\"json\", \"text\" or \"buffer\"", options.dataType)
      }
      dataType = type
    }
    try readTimes(options)
    try readConnection(options)
    try readData(options)
  }

  func has(_ header: String) -> Bool {
    request.headers.contains { $0.name.lowercased() == header }
  }

  /// What events tell.
  var shown: Value { ["method": request.method, "url": request.url] as Value }

  private func wrong(_ key: String, _ expected: String, _ found: Value) -> EggError {
    EggError(
      code: "EGG_CURL_ARGUMENT", "\(place): \(key): expected \(expected), found \(found.json)")
  }

  private func number(_ options: Value, _ key: String, _ usual: Int) throws -> Int {
    guard options[key].exists else { return usual }
    guard let number = options[key].int, (0...Int(Int32.max)).contains(number) else {
      throw wrong(key, "a number from 0", options[key])
    }
    return number
  }

  private mutating func readTimes(_ options: Value) throws {
    let timeout = options.timeout
    if timeout.exists {
      let pair = timeout.array ?? [timeout, timeout]
      guard pair.count == 2, let connect = pair[0].int, let response = pair[1].int,
        (1...86_400_000).contains(connect), (1...86_400_000).contains(response)
      else { throw wrong("timeout", "milliseconds, or two of them: [connect, response]", timeout) }
      request.connectTimeout = connect
      request.responseTimeout = response
    }
    retry = min(try number(options, "retry", 0), 100)
    retryDelay = try number(options, "retryDelay", 0)
    let limit = try number(options, "maxRedirects", 10)
    if options.followRedirect.bool == true { request.maxRedirects = min(limit, 100) }
    request.maxResponseSize = try number(options, "maxResponseSize", request.maxResponseSize)
  }

  private mutating func readConnection(_ options: Value) throws {
    request.acceptsCompressed = options.gzip.bool ?? options.compressed.bool ?? false
    request.isStreamed = options.streaming.bool ?? false
    if let pair = options.digestAuth.string {
      request.authentication = .digest(pair)
    } else if let pair = options.auth.string {
      request.authentication = .basic(pair)
    }
    request.proxy = options.proxy.string
    request.checksCertificate = options.rejectUnauthorized.bool ?? true
    request.authorities = options.ca.string
  }

  // MARK: data

  private mutating func readData(_ options: Value) throws {
    if options.content.exists {
      request.body = .bytes(options.content.bytes ?? Array(options.content.json.utf8))
      if case .data = options.content {
        setType(options, "application/octet-stream")
      } else {
        setType(options, "text/plain; charset=utf-8")
      }
      return
    }
    if options.files.exists { return try readForm(options) }
    guard options.data.exists else { return }
    let isQuery =
      ["GET", "HEAD"].contains(request.method) || options.dataAsQueryString.bool == true
    if isQuery {
      guard let members = options.data.object else {
        throw wrong("data", "an object", options.data)
      }
      let query = Self.urlencoded(members)
      guard !query.isEmpty else { return }
      let (url, fragment) = request.url.cut(at: "#")
      request.url = url + (url.contains("?") ? "&" : "?") + query + fragment
    } else if options.contentType.string?.lowercased().hasPrefix("json") == true
      || options.contentType.string?.lowercased().contains("application/json") == true
      || options.data.array != nil
    {
      request.body = .bytes(Array(options.data.json.utf8))
      setType(.undefined, "application/json")
    } else if let members = options.data.object {
      request.body = .bytes(Array(Self.urlencoded(members).utf8))
      setType(options, "application/x-www-form-urlencoded")
    } else {
      request.body = .bytes(options.data.bytes ?? Array(options.data.json.utf8))
      setType(options, "text/plain; charset=utf-8")
    }
  }

  /// `files`: a path, bytes, or a list or an object of them by name; `data` are the fields.
  private mutating func readForm(_ options: Value) throws {
    var items: [CurlRequest.FormItem] = []
    for (name, value) in options.data.object ?? ValueMap() {
      items.append(.init(name: name, content: .bytes(Array((value.string ?? value.json).utf8))))
    }
    var files = options.files.object ?? ValueMap()
    let single = options.files.array ?? (options.files.object == nil ? [options.files] : [])
    for (index, file) in single.enumerated() { files[index == 0 ? "file" : "file\(index)"] = file }
    for (name, file) in files {
      if let path = file.string {
        let filename = path.split(separator: "/").last.map(String.init) ?? path
        items.append(.init(name: name, filename: filename, content: .file(path)))
      } else if let bytes = file.bytes ?? file.content.bytes {
        let filename = file.filename.string ?? name
        items.append(.init(name: name, filename: filename, content: .bytes(bytes)))
      } else {
        throw wrong("files.\(name)", "a path, bytes or { filename, content }", file)
      }
    }
    if !["POST", "PUT", "PATCH"].contains(request.method) { request.method = "POST" }
    request.body = .form(items)
  }

  private mutating func setType(_ options: Value, _ usual: String) {
    guard !has("content-type") else { return }
    let named = options.contentType.string
    request.headers.append(("content-type", named.map { $0 == "form" ? usual : $0 } ?? usual))
  }

  /// - Source: URL Standard, application/x-www-form-urlencoded; lists repeat their name.
  static func urlencoded(_ members: ValueMap) -> String {
    var pairs: [String] = []
    for (name, value) in members where value.exists {
      for item in value.array ?? [value] {
        pairs.append("\(escaped(name))=\(escaped(item.string ?? item.json))")
      }
    }
    return pairs.joined(separator: "&")
  }

  private static func escaped(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var out: [UInt8] = []
    for byte in text.utf8 {
      let isPlain =
        byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || [0x2A, 0x2D, 0x2E, 0x5F].contains(byte)
      if isPlain {
        out.append(byte)
      } else if byte == 0x20 {
        out.append(0x2B)
      } else {
        out += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}

extension String {
  /// In front of the first `mark`, and the rest with it.
  fileprivate func cut(at mark: Character) -> (String, String) {
    guard let place = firstIndex(of: mark) else { return (self, "") }
    return (String(self[..<place]), String(self[place...]))
  }
}
