import PluginABI

/// The kernel's functions, as the handler calls them.
nonisolated extension StaticHandler {
  var ok: egg_status { egg_status(EGG_OK) }

  @inline(__always)
  func header(_ call: egg_call, _ name: StaticString) -> UnsafeBufferPointer<UInt8>? {
    var value = egg_str()
    guard http.pointee.header(host, call, egg_str(name), 0, &value) == ok else { return nil }
    return value.bytes
  }

  /// Looking at the lengths of a few names is cheaper than looking three names up.
  @inline(__always)
  func mayHaveConditions(_ call: egg_call, _ count: UInt32) -> Bool {
    if count > 6 { return true }
    var (name, value) = (egg_str(), egg_str())
    for index in 0..<count where http.pointee.header_at(host, call, index, &name, &value) == ok {
      switch name.len {
      case "range".utf8.count, "if-none-match".utf8.count, "if-modified-since".utf8.count:
        return true
      default: continue
      }
    }
    return false
  }

  /// Lends the bytes to the kernel; `representation` lives until they are sent.
  func send(
    _ bytes: UnsafeBufferPointer<UInt8>, of representation: Representation, _ call: egg_call
  ) {
    let payload = egg_payload(
      bytes: bytes.baseAddress, count: bytes.count,
      release: { state in
        if let state { Unmanaged<Representation>.fromOpaque(state).release() }
      },
      state: Unmanaged.passRetained(representation).toOpaque())
    _ = http.pointee.set_response_payload(host, call, egg_body_kind(EGG_BODY_BYTES), payload)
  }

  func sendParts(_ parts: ByteRanges, _ call: egg_call) {
    setStatus(206, call)
    set("Content-Type", parts.type, call)
    parts.body.withUnsafeBufferPointer {
      _ = http.pointee.set_response(host, call, egg_body_kind(EGG_BODY_BYTES), egg_str($0))
    }
  }

  func setStatus(_ status: Int32, _ call: egg_call) {
    _ = http.pointee.set_status(host, call, status)
  }

  func setFields(_ representation: Representation, _ call: egg_call) {
    var (name, value) = (egg_str(), egg_str())
    // Mostly nobody has set a field yet; then none needs to be looked for.
    if http.pointee.response_header_at(host, call, 0, &name, &value) != ok {
      for field in representation.fields.all {
        _ = http.pointee.add_header(host, call, egg_str(field.name), egg_str(field.value))
      }
      return
    }
    for field in representation.fields.all {
      let name = egg_str(field.name)
      if name.isEqual("Vary"), http.pointee.response_header(host, call, name, 0, &value) == ok {
        let others = String(decoding: value.bytes, as: UTF8.self)
        if others != "*", !others.lowercased().contains("accept-encoding") {
          set("Vary", others.isEmpty ? "Accept-Encoding" : "\(others), Accept-Encoding", call)
        }
        continue
      }
      _ = http.pointee.set_header(host, call, name, egg_str(field.value))
    }
  }

  func set(_ name: StaticString, _ value: String, _ call: egg_call) {
    var value = value
    value.withUTF8 { _ = http.pointee.set_header(host, call, egg_str(name), egg_str($0)) }
  }
}
