import EggTemplateValues
import PluginABI

/// A function of another unit as an object with that one method, which the kernel can call later.
nonisolated enum MethodObject {
  private struct Layout {
    var base: egg_object
    var method: egg_method
  }

  /// - Returns: an object that stays for the life of the process; every method is `method`.
  static func make(_ method: egg_method) -> UnsafeMutablePointer<egg_object> {
    let memory = UnsafeMutablePointer<Layout>.allocate(capacity: 1)
    memory.initialize(to: Layout(base: egg_object(ops: operations), method: method))
    return UnsafeMutableRawPointer(memory).assumingMemoryBound(to: egg_object.self)
  }

  nonisolated(unsafe) private static let operations: UnsafePointer<egg_object_ops> = {
    var ops = egg_object_ops()
    ops.size = UInt32(MemoryLayout<egg_object_ops>.size)
    ops.type = egg_str(permanent: "egg.nunjucks.function/1").ptr
    ops.retain = { _ in }
    ops.release = { _ in }
    ops.invoke = { object, call, _, args, count, result in
      let method = UnsafeMutableRawPointer(object).assumingMemoryBound(to: Layout.self)
        .pointee.method
      return method.invoke(method.`self`, call, args, count, result)
    }
    let memory = UnsafeMutablePointer<egg_object_ops>.allocate(capacity: 1)
    memory.initialize(to: ops)
    return UnsafePointer(memory)
  }()
}
