internal import PluginABI

/// A Swift object of this unit, as an `egg_object` that other units can hold.
///
/// The C struct lives as long as the box; `retain` and `release` count the box's references,
/// which is safe on any thread.
nonisolated final class ObjectBox: @unchecked Sendable {
  private struct Layout {
    var base: egg_object
    var box: UnsafeMutableRawPointer
  }

  let object: any ExportedObject
  let unit: Unit
  private let memory: UnsafeMutablePointer<Layout>

  @MainActor private init(_ object: any ExportedObject, _ unit: Unit) {
    self.object = object
    self.unit = unit
    memory = .allocate(capacity: 1)
    let base = egg_object(ops: unit.objectOps(object.objectType))
    memory.initialize(
      to: Layout(base: base, box: Unmanaged.passUnretained(self).toOpaque()))
  }

  deinit { memory.deallocate() }

  /// The C face of `object`, with one reference that the result owns.
  @MainActor static func wrap(_ object: any ExportedObject, _ unit: Unit) -> ForeignObject {
    let box = Unmanaged.passRetained(ObjectBox(object, unit)).takeUnretainedValue()
    let pointer = UnsafeMutableRawPointer(box.memory).assumingMemoryBound(to: egg_object.self)
    return ForeignObject(adopting: pointer, host: unit.host)
  }

  /// The object behind a pointer that this copy of the SDK made; nil for all others.
  static func object(of pointer: UnsafeMutablePointer<egg_object>) -> (any ExportedObject)? {
    let ours = unsafeBitCast(boxRetain, to: UnsafeRawPointer.self)
    guard unsafeBitCast(pointer.pointee.ops.pointee.retain!, to: UnsafeRawPointer.self) == ours
    else { return nil }
    return box(pointer).object
  }

  static func box(_ pointer: UnsafeMutablePointer<egg_object>) -> ObjectBox {
    let layout = UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Layout.self)
    return Unmanaged<ObjectBox>.fromOpaque(layout.pointee.box).takeUnretainedValue()
  }

  static func makeOps(type: String) -> UnsafePointer<egg_object_ops> {
    var ops = egg_object_ops()
    ops.size = UInt32(MemoryLayout<egg_object_ops>.size)
    ops.type = permanent(type)
    ops.retain = boxRetain
    ops.release = boxRelease
    ops.get = boxGet
    ops.invoke = boxInvoke
    ops.query = boxQuery
    let memory = UnsafeMutablePointer<egg_object_ops>.allocate(capacity: 1)
    memory.initialize(to: ops)
    return UnsafePointer(memory)
  }
}

private typealias ObjectPointer = UnsafeMutablePointer<egg_object>
private typealias OneValue = UnsafeMutablePointer<egg_value>
private typealias SomeValues = UnsafePointer<egg_value>?

private nonisolated let boxRetain: @convention(c) (ObjectPointer) -> Void = {
  _ = Unmanaged.passRetained(ObjectBox.box($0))
}

private nonisolated let boxRelease: @convention(c) (ObjectPointer) -> Void = {
  Unmanaged.passUnretained(ObjectBox.box($0)).release()
}

private nonisolated let boxGet = unsafeBitCast(
  { pointer, call, name, out in
    let box = ObjectBox.box(pointer)
    guard let value = try? box.object.property(name.string), !value.isUndefined else {
      return Status.notFound
    }
    return box.unit.answer(value, to: call, at: out, key: UnsafeRawPointer(pointer))
  } as @MainActor @convention(c) (ObjectPointer, egg_call, egg_str, OneValue) -> egg_status,
  to: (@convention(c) (ObjectPointer, egg_call, egg_str, OneValue) -> egg_status).self)

private nonisolated let boxInvoke = unsafeBitCast(
  { pointer, call, method, args, count, result in
    let box = ObjectBox.box(pointer)
    let name = method.string
    let arguments = Arguments(args, count, name: name, host: box.unit.host)
    return Job.start(box.unit, call, result) {
      try await box.object.call(name, arguments, box.unit.context(for: call))
    }
  }
    as @MainActor @convention(c) (
      ObjectPointer, egg_call, egg_str, SomeValues, UInt32, OneValue
    ) -> egg_step,
  to: (@convention(c) (
    ObjectPointer, egg_call, egg_str, SomeValues, UInt32, OneValue
  ) -> egg_step).self)

private nonisolated let boxQuery = unsafeBitCast(
  { pointer, id in ObjectBox.box(pointer).object.interface(String(cString: id)) }
    as @MainActor @convention(c) (ObjectPointer, UnsafePointer<CChar>) -> UnsafeRawPointer?,
  to: (@convention(c) (ObjectPointer, UnsafePointer<CChar>) -> UnsafeRawPointer?).self)
