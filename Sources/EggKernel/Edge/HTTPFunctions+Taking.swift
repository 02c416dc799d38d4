import PluginABI

/// `egg.http/1`, bodies that a layer takes from another.
extension HTTPFunctions {
  static let responseLength:
    @convention(c) (HostTable, egg_call, UnsafeMutablePointer<Int64>) -> egg_status = {
      host, token, out in
      guard let context = context(host, token) else {
        return missing(host, token, "response_length")
      }
      out.pointee =
        switch context.body.kind {
        case egg_body_kind(EGG_BODY_FILE): context.body.length
        case egg_body_kind(EGG_BODY_STREAM): context.body.source?.length ?? -1
        default: Int64(context.body.bytes.count)
        }
      return Status.ok
    }

  static let takeResponseFile:
    @convention(c) (
      HostTable, egg_call, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int64>,
      UnsafeMutablePointer<Int64>
    ) -> egg_status = { host, token, file, offset, length in
      guard let context = context(host, token) else {
        return missing(host, token, "take_response_file")
      }
      guard context.body.kind == egg_body_kind(EGG_BODY_FILE), context.body.file >= 0 else {
        return Status.notFound
      }
      file.pointee = context.body.file
      offset.pointee = context.body.offset
      length.pointee = context.body.length
      context.body.handOver()
      context.body.release()
      return Status.ok
    }

  static let takeResponseStream:
    @convention(c) (
      HostTable, egg_call, UnsafePointer<egg_stream_sink>, UnsafeMutablePointer<UInt64>
    ) -> egg_status = { host, token, sink, taken in
      guard let context = context(host, token) else {
        return missing(host, token, "take_response_stream")
      }
      guard let table = adopt(sink, as: egg_stream_sink.self) else { return Status.unsupported }
      guard table.write != nil, table.ended != nil else { return Status.argument }
      guard let source = context.body.source else { return Status.notFound }
      context.body.handOver()
      context.body.release()
      taken.pointee = TakenStream(context.worker, source, table).token
      return Status.ok
    }

  static let streamResume: @convention(c) (HostTable, UInt64) -> egg_status = { host, token in
    guard let stream = stream(host, token) as? TakenStream else {
      return missing(host, egg_call(), "stream_resume")
    }
    stream.resume()
    return Status.ok
  }

  static let streamDrop: @convention(c) (HostTable, UInt64, Bool) -> egg_status = {
    host, token, complete in
    guard let stream = stream(host, token) as? TakenStream else {
      return missing(host, egg_call(), "stream_drop")
    }
    stream.drop(complete: complete)
    return Status.ok
  }
}
