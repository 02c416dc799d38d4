/// Looks into an `any Encodable` where it lies, without the copy and the cast that `as? String` makes.
///
/// Three words hold the value, or its box when it is larger; the fourth is its type, none for nil.
nonisolated struct EncodableBox {
  private let memory: UnsafeRawPointer

  /// - Parameter body: the existential, optional or not; it must outlive what is read here.
  init<Box>(_ body: UnsafePointer<Box>) { memory = UnsafeRawPointer(body) }

  var text: UnsafePointer<String>? { pointer(to: String.self) }
  var value: UnsafePointer<Value>? { pointer(to: Value.self) }

  @inline(__always)
  private func pointer<T>(to type: T.Type) -> UnsafePointer<T>? {
    let words = MemoryLayout<UInt>.size
    guard MemoryLayout<T>.size <= 3 * words,
      memory.load(fromByteOffset: 3 * words, as: UnsafeRawPointer?.self)
        == unsafeBitCast(type as Any.Type, to: UnsafeRawPointer.self)
    else { return nil }
    return memory.assumingMemoryBound(to: type)
  }
}
