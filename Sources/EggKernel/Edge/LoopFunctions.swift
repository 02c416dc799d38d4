import PluginABI

/// `egg.loop/1`.
enum LoopFunctions {
  static var table: egg_loop {
    egg_loop(
      size: UInt32(MemoryLayout<egg_loop>.size), flags: 0, now_ns: now, timer: timer,
      cancel_timer: cancelTimer, watch: watch, change_watch: changeWatch, unwatch: unwatch,
      post: post, offload: offload)
  }

  private static let now: @convention(c) (HostTable) -> UInt64 = { host in
    HostFunctions.unit(host).worker.loop.now
  }

  private static let timer:
    @convention(c) (
      HostTable, UInt64, UInt64, @convention(c) (UnsafeMutableRawPointer?) -> Void,
      UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt64>
    ) -> egg_status = { host, delay, every, fire, state, out in
      let unit = HostFunctions.unit(host)
      guard unit.worker.isOnLoop else { return HostFunctions.missing(unit, egg_call(), "timer") }
      out.pointee =
        unit.worker.loop.schedule(
          after: Int(clamping: delay), every: Int(clamping: every), fire, state
        ).rawValue
      return Status.ok
    }

  private static let cancelTimer: @convention(c) (HostTable, UInt64) -> egg_status = {
    host, token in
    let unit = HostFunctions.unit(host)
    guard unit.worker.isOnLoop else {
      return HostFunctions.missing(unit, egg_call(), "cancel_timer")
    }
    guard token != 0 else { return Status.stale }
    return unit.worker.loop.cancel(TimerID(rawValue: token)) ? Status.ok : Status.stale
  }

  private static func interest(_ events: UInt32) -> Interest {
    var interest: Interest = []
    if events & UInt32(EGG_WATCH_READ) != 0 { interest.insert(.read) }
    if events & UInt32(EGG_WATCH_WRITE) != 0 { interest.insert(.write) }
    return interest
  }

  private static let watch:
    @convention(c) (
      HostTable, Int32, UInt32, @convention(c) (UnsafeMutableRawPointer?, UInt32) -> Void,
      UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt64>
    ) -> egg_status = { host, descriptor, events, ready, state, out in
      let unit = HostFunctions.unit(host)
      let worker = unit.worker
      guard worker.isOnLoop else { return HostFunctions.missing(unit, egg_call(), "watch") }
      let watch = Watch(descriptor, ready, state, unit: unit)
      do throws(LoopError) {
        try worker.loop.register(descriptor, interest(events), watch)
      } catch {
        worker.log.misuse(unit, "watch", "descriptor \(descriptor): \(error)")
        return Status.argument
      }
      watch.token = worker.watches.insert(watch)
      out.pointee = watch.token
      return Status.ok
    }

  private static let changeWatch: @convention(c) (HostTable, UInt64, UInt32) -> egg_status = {
    host, token, events in
    let unit = HostFunctions.unit(host)
    guard unit.worker.isOnLoop else {
      return HostFunctions.missing(unit, egg_call(), "change_watch")
    }
    guard let watch = unit.worker.watches.find(token) else { return Status.stale }
    do throws(LoopError) {
      try unit.worker.loop.modify(watch.descriptor, interest(events))
      return Status.ok
    } catch {
      return Status.argument
    }
  }

  private static let unwatch: @convention(c) (HostTable, UInt64) -> egg_status = { host, token in
    let unit = HostFunctions.unit(host)
    let worker = unit.worker
    guard worker.isOnLoop else { return HostFunctions.missing(unit, egg_call(), "unwatch") }
    guard let watch = worker.watches.remove(token) else { return Status.stale }
    worker.loop.deregister(watch.descriptor)
    // The batch of events that runs may still name it.
    worker.turn.push(.run { withExtendedLifetime(watch) {} })
    return Status.ok
  }

  private static let post:
    @convention(c) (
      HostTable, @escaping @convention(c) (UnsafeMutableRawPointer?) -> Void,
      UnsafeMutableRawPointer?
    ) -> egg_status = { host, job, state in
      HostFunctions.unit(host).worker.loop.mailbox.post(job, state)
      return Status.ok
    }

  /// One piece of blocking work; made on the loop, read on a pool thread, ended on the loop.
  private final class Errand {
    let work: @convention(c) (UnsafeMutableRawPointer?) -> egg_status
    let done: egg_done
    let state: UnsafeMutableRawPointer?
    var status = Status.ok

    init(
      _ work: @escaping @convention(c) (UnsafeMutableRawPointer?) -> egg_status,
      _ done: @escaping egg_done, _ state: UnsafeMutableRawPointer?
    ) {
      self.work = work
      self.done = done
      self.state = state
    }

    func report() {
      var outcome = egg_outcome()
      outcome.size = UInt32(MemoryLayout<egg_outcome>.size)
      guard status != Status.ok else { return done(state, &outcome) }
      let message = StaticText("blocking work answered \(Status.name(status))")
      var error = egg_error()
      error.size = UInt32(MemoryLayout<egg_error>.size)
      error.code = egg_str("EGG_OFFLOAD")
      error.message = message.value
      outcome.kind = Int32(EGG_OUTCOME_FAILED)
      withUnsafePointer(to: error) { pointer in
        outcome.error = pointer
        done(state, &outcome)
      }
      withExtendedLifetime(message) {}
    }
  }

  private static let offload:
    @convention(c) (
      HostTable, @convention(c) (UnsafeMutableRawPointer?) -> egg_status, egg_done,
      UnsafeMutableRawPointer?
    ) -> egg_status = { host, work, done, state in
      let unit = HostFunctions.unit(host)
      guard unit.worker.isOnLoop else { return HostFunctions.missing(unit, egg_call(), "offload") }
      let errand = Unmanaged.passRetained(Errand(work, done, state))
      let answer = unit.worker.pool.submit(
        { context in
          let errand = Unmanaged<Errand>.fromOpaque(context!).takeUnretainedValue()
          errand.status = errand.work(errand.state)
        },
        then: { context in
          Unmanaged<Errand>.fromOpaque(context!).takeRetainedValue().report()
        }, errand.toOpaque())
      guard case .accepted = answer else {
        errand.release()
        return Status.limit
      }
      return Status.ok
    }
}
