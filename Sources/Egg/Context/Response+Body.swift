internal import EggHTTPSemantics
internal import PluginABI

/// What is sent. See `Context.body`.
extension Response {
  private var http: UnsafePointer<egg_http> { ctx.kernel.http }
  private var table: UnsafePointer<egg_host> { ctx.kernel.table }

  /// The body: text, `[UInt8]`, anything that can be encoded (as JSON), a `FileBody`, a
  /// `StreamBody`, or nil for none.
  ///
  /// | set to | status unless set | type unless set |
  /// |---|---|---|
  /// | nil | 204 | |
  /// | text | 200 | html when it begins with "<", else plain |
  /// | file | 200 | by its extension, else application/octet-stream |
  /// | bytes, stream | 200 | application/octet-stream |
  /// | anything else | 200 | application/json |
  ///
  /// Never set: 404.
  public var body: (any Encodable)? {
    get {
      if let kept = ctx.lazyIfAny?.body { return kept }
      var (kind, bytes) = (egg_body_kind(), egg_str())
      guard http.pointee.response(table, ctx.token, &kind, &bytes) == Status.ok else { return nil }
      switch Int(kind) {
      case EGG_BODY_TEXT: return bytes.string
      case EGG_BODY_JSON: return (try? Value(json: Array(bytes.bytes))) ?? .null
      case EGG_BODY_BYTES: return Array(bytes.bytes)
      default: return nil
      }
    }
    nonmutating set { setBody(newValue) }
  }

  /// Borrows what the setter would copy once more.
  func setBody(_ body: (any Encodable)?) {
    if ctx.lazyIfAny?.body != nil { ctx.lazy.body = nil }
    if withUnsafePointer(to: body, setExactly) { return }
    switch body {
    case nil: set(EGG_BODY_NULL, egg_str())
    case let text as String: text.withEggString { set(EGG_BODY_TEXT, $0) }
    case let bytes as [UInt8] where isBytes(body): bytes.withEggString { set(EGG_BODY_BYTES, $0) }
    case let file as FileBody: setFile(file)
    case let stream as StreamBody: setStream(stream)
    case let value as Value: setValue(value)
    case let value?: setEncodable(value)
    }
  }

  /// An empty list of anything can be cast to one of bytes.
  private func isBytes(_ value: (any Encodable)?) -> Bool {
    value.map { Swift.type(of: $0) == [UInt8].self } ?? false
  }

  /// Text and values, which most bodies are, without a cast or a copy: each costs hundreds of
  /// instructions.
  private func setExactly(_ body: UnsafePointer<(any Encodable)?>) -> Bool {
    let box = EncodableBox(body)
    if let text = box.text {
      text.pointee.withEggString { set(EGG_BODY_TEXT, $0) }
      return true
    }
    guard let value = box.value else { return false }
    setValue(value.pointee)
    return true
  }

  private func set(_ kind: Int, _ bytes: egg_str) {
    _ = http.pointee.set_response(table, ctx.token, egg_body_kind(kind), bytes)
  }

  private func setValue(_ value: Value) {
    switch value {
    case .undefined, .null: set(EGG_BODY_NULL, egg_str())
    case .text(let text), .markup(let text): text.withEggString { set(EGG_BODY_TEXT, $0) }
    case .data(let bytes): bytes.withEggString { set(EGG_BODY_BYTES, $0) }
    default: value.withJSON { set(EGG_BODY_JSON, egg_str($0)) }
    }
  }

  private func setEncodable(_ value: any Encodable) {
    do {
      let encoded = try Value(encoding: value)
      encoded.withJSON { set(EGG_BODY_JSON, egg_str($0)) }
    } catch {
      ctx.logger.error("the body cannot be encoded: \(error)")
      status = 500
    }
  }

  /// Something was set, null included.
  public var hasBody: Bool { kind != EGG_BODY_UNSET }

  private var kind: Int {
    var (kind, bytes) = (egg_body_kind(), egg_str())
    guard http.pointee.response(table, ctx.token, &kind, &bytes) == Status.ok else {
      return EGG_BODY_UNSET
    }
    return Int(kind)
  }

  /// JSON text that is ready.
  public func setJSON(_ text: [UInt8]) { text.withEggString { set(EGG_BODY_JSON, $0) } }

  // MARK: files

  private func setFile(_ file: FileBody) {
    do {
      let opened = try file.open()
      // Before the file is the body, which implies a type of its own.
      if !has("content-type"), let type = Self.type(ofFile: file.path) { set("Content-Type", type) }
      try setFile(descriptor: opened.descriptor, offset: file.offset, length: file.length)
    } catch {
      status = EggError(error).status
      ctx.logger.warn(error)
    }
  }

  /// By the extension; nil when there is none or nobody knows it.
  private static func type(ofFile path: String) -> String? {
    let name = path.split(separator: "/").last ?? ""
    return name.contains(".") ? contentType(for: String(name)) : nil
  }

  /// A piece of an open file. The descriptor becomes the kernel's, also when this throws.
  ///
  /// - Parameter length: bytes; nil is "to the end".
  public func setFile(descriptor: Int32, offset: Int = 0, length: Int? = nil) throws {
    let status = http.pointee.set_response_file(
      table, ctx.token, descriptor, Int64(offset), Int64(length ?? -1))
    try Status.check(status, "the file cannot be the body")
  }

  // MARK: streams

  private func setStream(_ stream: StreamBody) {
    ctx.lazy.body = stream
    let session = StreamSession(ctx.unit, stream)
    var source = session.source
    let status = withUnsafePointer(to: &source) {
      http.pointee.set_response_stream(table, ctx.token, $0)
    }
    if status != Status.ok { session.abandon() }
  }
}
