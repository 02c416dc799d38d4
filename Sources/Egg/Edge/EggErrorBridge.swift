internal import PluginABI

nonisolated extension EggError {
  /// Copies an error that was lent.
  init(_ error: egg_error, host: Host) {
    let status = Int(error.http_status)
    self.init(
      status: status == 0 ? 500 : status, code: error.code.string, error.message.string,
      expose: Int(error.flags) & EGG_ERROR_EXPOSE != 0)
    detail = error.detail.string
    if let properties = error.properties {
      self.properties = Value(properties.pointee, host: host).object ?? ValueMap()
    }
    if let cause = error.cause { self.cause = EggError(cause.pointee, host: host) }
  }
}

/// Lends `error` as a C struct to `body`.
nonisolated func withEggError<R>(_ error: EggError, _ body: (UnsafePointer<egg_error>) -> R) -> R {
  let memory = ValueMemory()
  return withExtendedLifetime((memory, error)) {
    var laid = lay(error, in: memory, depth: 8)
    return withUnsafePointer(to: &laid, body)
  }
}

private nonisolated func lay(_ error: EggError, in memory: ValueMemory, depth: Int) -> egg_error {
  var laid = egg_error()
  laid.size = UInt32(MemoryLayout<egg_error>.size)
  laid.http_status = Int32(clamping: error.status)
  laid.flags = error.expose ? UInt32(EGG_ERROR_EXPOSE) : 0
  laid.code = memory.text(error.code)
  laid.message = memory.text(error.message)
  laid.detail = memory.text(error.detail)
  if !error.properties.isEmpty {
    laid.properties = memory.lay([.map(error.properties)])
  }
  if let cause = error.cause, depth > 0 {
    let place = memory.allocate(MemoryLayout<egg_error>.stride)
      .bindMemory(to: egg_error.self, capacity: 1)
    place.initialize(to: lay(EggError(cause), in: memory, depth: depth - 1))
    laid.cause = UnsafePointer(place)
  }
  return laid
}

nonisolated extension egg_outcome {
  /// What was awaited: its value, its error, or `CancellationError`.
  func result(_ host: Host) -> Result<Value, any Error> {
    switch Int(kind) {
    case EGG_OUTCOME_OK: .success(Value(value, host: host))
    case EGG_OUTCOME_CANCELLED: .failure(CancellationError())
    default: .failure(error.map { EggError($0.pointee, host: host) } ?? EggError("it failed"))
    }
  }
}
