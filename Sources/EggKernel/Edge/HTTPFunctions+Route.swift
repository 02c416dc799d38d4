import PluginABI

/// `egg.http/1`, what the router found.
extension HTTPFunctions {
  static let captureAt:
    @convention(c) (HostTable, egg_call, UInt32, UnsafeMutablePointer<egg_str>) -> egg_status = {
      host, token, index, out in
      guard let context = context(host, token) else { return missing(host, token, "capture_at") }
      guard let capture = context.capture(at: Int(index)) else { return Status.notFound }
      out.pointee = capture
      return Status.ok
    }

  static let matchedAt:
    @convention(c) (
      HostTable, egg_call, UInt32, UnsafeMutablePointer<egg_str>, UnsafeMutablePointer<egg_str>
    ) -> egg_status = { host, token, index, name, pattern in
      guard let context = context(host, token) else { return missing(host, token, "matched_at") }
      guard context.hasRouted, context.match.pathMatches.indices.contains(Int(index)) else {
        return Status.notFound
      }
      let record = context.worker.routes.records[Int(context.match.pathMatches[Int(index)])]
      name.pointee = record.nameText.value
      pattern.pointee = record.patternText.value
      return Status.ok
    }

  static let setRoutePath: @convention(c) (HostTable, egg_call, egg_str) -> egg_status = {
    host, token, path in
    guard let context = context(host, token) else { return missing(host, token, "set_route_path") }
    guard path.isPlausible, path.bytes.first == UInt8(ascii: "/") else { return Status.argument }
    if context.hasRouted { return Status.phase }
    let copy = context.text(path)
    guard copy.len == path.len else { return Status.limit }
    context.otherRoutePath = copy
    return Status.ok
  }
}
