import Egg
import EggTemplateValues
import PluginABI

/// What `render(name, locals, options)` and its companions are called with.
nonisolated struct RenderArguments {
  /// A template's name, or its text.
  let first: egg_str
  let locals: egg_value
  /// `options.viewEngine`
  let engine: String?

  init(_ args: UnsafePointer<egg_value>?, _ count: UInt32) throws(EggError) {
    guard let args, count > 0, args[0].kind == egg_kind(EGG_STRING) else {
      throw EggError(code: "EGG_ARGUMENT", "render: expected a template's name")
    }
    first = args[0].text
    locals = count > 1 ? args[1] : egg_value()
    let asked = count > 2 ? args[2].member("viewEngine")?.text : nil
    engine = asked.flatMap { $0.len > 0 ? $0.string : nil }
  }
}

nonisolated extension View {
  /// `ctx.renderView(name, locals, options)`: the page, as a STRING.
  func renderView(
    _ call: egg_call, _ args: RenderArguments, _ result: UnsafeMutablePointer<egg_value>
  ) throws(EggError) -> egg_step {
    let file = try lookup.find(args.first.string)
    let engine = try engines.engine(for: file, asked: args.engine)
    let locals = try merged(args.locals, call)
    return engine.pointee.render(
      engine.pointee.`self`, call, egg_str(file.path), args.first, locals, result)
  }

  /// `ctx.viewNow(sets, name, locals, options)`: `render` (`sets` is true) or `renderView` at once,
  /// without a turn of the loop in between, and with locals that nobody copies.
  ///
  /// - Returns: the page, or TRUE once it is the body; UNDEFINED when the template has to wait, or
  ///   the engine cannot tell beforehand.
  func renderNow(
    _ call: egg_call, _ args: UnsafePointer<egg_value>?, _ count: UInt32,
    _ result: UnsafeMutablePointer<egg_value>
  ) throws(EggError) -> egg_step {
    guard let args, count > 1 else {
      throw EggError(code: "EGG_ARGUMENT", "viewNow: expected two arguments or more")
    }
    let isBody = args[0].kind == egg_kind(EGG_BOOL) && args[0].as.boolean
    let asked = try RenderArguments(args + 1, count - 1)
    let file = try lookup.find(asked.first.string)
    let engine = try engines.engine(for: file, asked: asked.engine)
    guard let render = engine.pointee.render_now else { return egg_step(EGG_STEP_DONE) }
    let locals = try merged(asked.locals, call)
    let step = render(
      engine.pointee.`self`, call, egg_str(file.path), asked.first, locals, result)
    guard isBody, step == egg_step(EGG_STEP_DONE), let http,
      result.pointee.kind == egg_kind(EGG_STRING)
    else { return step }
    let status = http.pointee.set_response(
      host, call, egg_body_kind(EGG_BODY_TEXT), result.pointee.text)
    guard status == egg_status(EGG_OK) else {
      throw EggError(code: "EGG_LIMIT", "the page is larger than the request's memory")
    }
    result.pointee = egg_value(boolean: true)
    return step
  }

  /// `ctx.renderString(text, locals, options)`
  func renderString(
    _ call: egg_call, _ args: RenderArguments, _ result: UnsafeMutablePointer<egg_value>
  ) throws(EggError) -> egg_step {
    let engine = try engines.engineForText(asked: args.engine)
    let locals = try merged(args.locals, call)
    return engine.pointee.render_string(
      engine.pointee.`self`, call, args.first, locals, result)
  }

  /// `egg_view.lint`
  func lint(
    _ report: egg_view_report, _ state: UnsafeMutableRawPointer?
  ) -> (checked: UInt32, skipped: UInt32) {
    var (checked, skipped): (UInt32, UInt32) = (0, 0)
    for (path, name) in TemplateList.files(in: lookup.roots) {
      let file = name.split(separator: "/").last ?? ""
      let fileExtension = file.lastIndex(of: ".").map { String(file[$0...]) } ?? ""
      guard let engine = engines.engine(forExtension: fileExtension) else { continue }
      guard let lint = engine.pointee.lint else {
        skipped += 1
        continue
      }
      checked += 1
      egg_str.lend(path) { path in
        egg_str.lend(name) { name in
          _ = lint(engine.pointee.`self`, path, name, report, state)
        }
      }
    }
    return (checked, skipped)
  }

  /// `ctx.render(name, locals, options)`: sets the answer's body.
  ///
  /// An engine may keep the call it is given, and would then settle it with a page that nobody sets.
  /// So the page comes through a call of its own.
  func render(_ call: egg_call, _ args: UnsafePointer<egg_value>?, _ count: UInt32) -> egg_step {
    let waiting = Unmanaged.passRetained(WaitingRender(self, call))
    let status = host.pointee.invoke(
      host, call, renderView, args, count,
      { state, outcome in
        Unmanaged<WaitingRender>.fromOpaque(state!).takeRetainedValue().finish(outcome.pointee)
      }, waiting.toOpaque())
    if status == egg_status(EGG_OK) { return egg_step(EGG_STEP_LATER) }
    waiting.release()
    return EggError("render: status \(status)").fail(call, host)
  }

  /// `ctx`, `request` and `helper`, then `ctx.state`, then what was given; the later wins.
  private func merged(_ given: egg_value, _ call: egg_call) throws(EggError)
    -> UnsafePointer<egg_value>
  {
    var state = egg_value()
    _ = host.pointee.state(host, call, egg_str(), &state)
    let (shared, own) = (state.pairs, given.pairs)
    let most = RequestObjects.names.count + shared.count + own.count
    let size = MemoryLayout<egg_value>.stride + most * MemoryLayout<egg_pair>.stride
    guard let memory = host.pointee.alloc(host, call, size, MemoryLayout<egg_pair>.alignment) else {
      throw EggError(code: "EGG_LIMIT", "render: the request has no memory left")
    }
    let pairs = (memory + MemoryLayout<egg_value>.stride)
      .bindMemory(to: egg_pair.self, capacity: most)
    var count = 0
    // The names of one map differ, so each is compared with those of the maps before only.
    func put(_ map: some Collection<egg_pair>) {
      let known = count
      next: for pair in map {
        for place in 0..<known where pairs[place].key == pair.key {
          pairs[place].value = pair.value
          continue next
        }
        pairs[count] = pair
        count += 1
      }
    }
    put(objects.pairs)
    put(shared)
    put(own)
    let locals = memory.bindMemory(to: egg_value.self, capacity: 1)
    locals.pointee.kind = egg_kind(EGG_MAP)
    locals.pointee.count = UInt32(count)
    locals.pointee.as.pairs = UnsafePointer(pairs)
    return UnsafePointer(locals)
  }
}

/// A `render` that waits for its page.
private nonisolated final class WaitingRender {
  private let view: View
  private let call: egg_call

  init(_ view: View, _ call: egg_call) {
    self.view = view
    self.call = call
  }

  func finish(_ outcome: egg_outcome) {
    let host = view.host
    if let error = outcome.error {
      _ = host.pointee.fail(host, call, error)
      return
    }
    if Int(outcome.kind) == EGG_OUTCOME_OK, let http = view.http {
      _ = http.pointee.set_response(
        host, call, egg_body_kind(EGG_BODY_TEXT), outcome.value.text)
    }
    _ = host.pointee.finish(host, call, nil)
  }
}
