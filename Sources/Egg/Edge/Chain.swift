internal import PluginABI

/// Some neighbouring layers of this unit, run as one: middlewares and, last, a controller's
/// action. Made at start, kept for the life of the process; the instance of an `egg_handler`.
final class Chain {
  let unit: Unit
  let layers: [Layer]
  /// The layers once more, each as what `next()` calls.
  let steps: [LayerStep]
  /// Set when there is nothing but an action that cannot suspend: it needs no task.
  private let lone: (@MainActor (Context) throws -> Void)?
  /// The chain that `handle_run` last made with this one as its outermost layer.
  private var fused: (parts: [UnsafeMutableRawPointer?], chain: Chain)?

  init(_ unit: Unit, _ layers: [Layer]) {
    self.unit = unit
    self.layers = layers
    steps = layers.map { LayerStep(run: $0.middleware) }
    if layers.count == 1, case .action(let action) = layers[0] { lone = action } else { lone = nil }
  }

  /// A handler that holds this chain for ever.
  var handler: egg_handler {
    egg_handler(instance: Unmanaged.passRetained(self).toOpaque(), handle: Self.handle)
  }

  static let handle = unsafeBitCast(
    { instance, call in
      guard let instance else { return Step.stale }
      return Unmanaged<Chain>.fromOpaque(instance).takeUnretainedValue().handle(call)
    } as @MainActor @convention(c) (UnsafeMutableRawPointer?, egg_call) -> egg_step,
    to: (@convention(c) (UnsafeMutableRawPointer?, egg_call) -> egg_step).self)

  static let handleRun = unsafeBitCast(
    { instances, count, call in
      guard count > 0, let first = instances[0] else { return Step.stale }
      let outermost = Unmanaged<Chain>.fromOpaque(first).takeUnretainedValue()
      return outermost.fused(with: UnsafeBufferPointer(start: instances, count: Int(count)))
        .handle(call)
    }
      as @MainActor @convention(c) (
        UnsafePointer<UnsafeMutableRawPointer?>, UInt32, egg_call
      ) -> egg_step,
    to: (@convention(c) (
      UnsafePointer<UnsafeMutableRawPointer?>, UInt32, egg_call
    ) -> egg_step).self)

  private func handle(_ call: egg_call) -> egg_step {
    guard let ctx = unit.context(for: call) else {
      return unit.host.fail(call, EggError("the request has ended"))
    }
    if let lone {
      defer { ctx.leave(call) }
      do {
        try lone(ctx)
        return Step.done
      } catch {
        return unit.host.fail(call, error)
      }
    }
    return Run.start(self, ctx, call)
  }

  private func fused(with parts: UnsafeBufferPointer<UnsafeMutableRawPointer?>) -> Chain {
    if parts.count == 1 { return self }
    if let fused, fused.parts.count == parts.count, fused.parts.elementsEqual(parts) {
      return fused.chain
    }
    let layers = parts.flatMap { part -> [Layer] in
      guard let part else { return [] }
      return Unmanaged<Chain>.fromOpaque(part).takeUnretainedValue().layers
    }
    let chain = Chain(unit, layers)
    fused = (Array(parts), chain)
    return chain
  }
}

/// A function in a list of its own kind: as an element it would be called through a second one.
nonisolated struct LayerStep: Sendable {
  let run: Middleware
}

/// One layer of the onion.
@usableFromInline enum Layer {
  case middleware(Middleware)
  /// An action that cannot suspend; alone it needs no task.
  case action(@MainActor (Context) throws -> Void)
  case asyncAction(@MainActor (Context) async throws -> Void)
  /// A controller's method, bound to a new object.
  case asyncMethod(@MainActor (Context) -> @MainActor () async throws -> Void)

  /// As a function that leaves out what lies below, unless it is one that does not.
  fileprivate var middleware: Middleware {
    switch self {
    case .middleware(let middleware): middleware
    case .action(let action): { ctx, _ in try action(ctx) }
    case .asyncAction(let action): { ctx, _ in try await action(ctx) }
    case .asyncMethod(let method): { ctx, _ in try await method(ctx)() }
    }
  }
}
