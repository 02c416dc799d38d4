import Glibc

/// Drains `DispatchQueue.main` on the loop, for libraries that were written for it.
///
/// libdispatch announces work for the main queue through an eventfd to whoever runs the main
/// thread's loop; CoreFoundation uses the same two functions. They are looked up by name, so that
/// nothing here links libdispatch. (Swift's own concurrency library does, so it is there.)
enum DispatchMainQueue {
  /// Starts watching; does nothing without libdispatch.
  static func watch(on loop: EventLoop) throws(LoopError) {
    // The default handle (nil) searches what is loaded, in load order.
    guard let handle = unsafe dlsym(nil, "_dispatch_get_main_queue_handle_4CF"),
      let callback = unsafe dlsym(nil, "_dispatch_main_queue_callback_4CF")
    else { return }
    let descriptor = unsafe unsafeBitCast(handle, to: (@convention(c) () -> Int32).self)()
    guard descriptor >= 0 else { return }
    let drain = unsafe unsafeBitCast(callback, to: Source.Drain.self)
    // Edge-triggered, so the counter never has to be read back.
    try unsafe loop.register(descriptor, [.read, .edge], Source(drain))
  }

  @safe private final class Source: ReadySource {
    typealias Drain = @convention(c) (UnsafeMutableRawPointer?) -> Void
    private let drain: Drain

    init(_ drain: Drain) { unsafe self.drain = drain }

    override func ready(_ events: ReadyEvents) { drain(nil) }
  }
}
