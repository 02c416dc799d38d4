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

  /// `egg_view.page`: the page of `renderView` at once, without a turn of the loop in between, and
  /// with locals that nobody copies.
  func page(
    _ call: egg_call, _ name: egg_str, _ asked: egg_str, _ locals: UnsafePointer<egg_value>,
    _ page: UnsafeMutablePointer<egg_str>, _ error: UnsafeMutablePointer<UnsafePointer<egg_error>?>
  ) -> egg_status {
    var state = egg_value()
    let status = host.pointee.state(host, call, egg_str(), &state)
    guard status == egg_status(EGG_OK) else { return status }
    do throws(EggError) {
      let known = try known(name, asked)
      guard let render = known.engine.pointee.page else { return egg_status(EGG_E_AGAIN) }
      let count = most(state, locals.pointee)
      return withUnsafeTemporaryAllocation(of: egg_pair.self, capacity: count) { pairs in
        var all = merged(state, locals.pointee, in: pairs)
        return render(known.engine.pointee.`self`, call, known.path, name, &all, page, error)
      }
    } catch let failure {
      error.pointee = failure.kept(by: call, host)
      return egg_status(error.pointee == nil ? EGG_E_LIMIT : EGG_E_FAILED)
    }
  }

  /// The file of a name and its engine, from the table of those that were rendered before.
  private func known(_ name: egg_str, _ asked: egg_str) throws(EggError) -> KnownPage {
    if asked.len == 0, let place = pages.find(name.bytes) {
      return place.assumingMemoryBound(to: KnownPage.self).pointee
    }
    let text = name.string
    let file = try lookup.find(text)
    let engine = try engines.engine(for: file, asked: asked.len > 0 ? asked.string : nil)
    let page = KnownPage(path: egg_str(file.path), engine: engine)
    // Other spellings of a name are as many as somebody cares to send.
    if asked.len == 0, lookup.keeps(text) {
      let place = UnsafeMutablePointer<KnownPage>.allocate(capacity: 1)
      place.initialize(to: page)
      pages.add(name.bytes, UnsafeMutableRawPointer(place))
    }
    return page
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

  /// All that a template sees, in the request's memory.
  private func merged(_ given: egg_value, _ call: egg_call) throws(EggError)
    -> UnsafePointer<egg_value>
  {
    var state = egg_value()
    _ = host.pointee.state(host, call, egg_str(), &state)
    let most = most(state, given)
    let size = MemoryLayout<egg_value>.stride + most * MemoryLayout<egg_pair>.stride
    guard let memory = host.pointee.alloc(host, call, size, MemoryLayout<egg_pair>.alignment) else {
      throw EggError(code: "EGG_LIMIT", "render: the request has no memory left")
    }
    let pairs = (memory + MemoryLayout<egg_value>.stride)
      .bindMemory(to: egg_pair.self, capacity: most)
    let locals = memory.bindMemory(to: egg_value.self, capacity: 1)
    locals.pointee = merged(
      state, given, in: UnsafeMutableBufferPointer(start: pairs, count: most))
    return UnsafePointer(locals)
  }

  /// How many members `merged` may have.
  private func most(_ state: egg_value, _ given: egg_value) -> Int {
    RequestObjects.names.count + state.pairs.count + given.pairs.count
  }

  /// What was given, then `ctx.state`, then `ctx`, `request` and `helper`; the earlier wins. What is
  /// given is what a template asks for most, so it comes first.
  private func merged(
    _ state: egg_value, _ given: egg_value, in memory: UnsafeMutableBufferPointer<egg_pair>
  ) -> egg_value {
    guard let pairs = memory.baseAddress else { return egg_value() }
    var count = 0
    // The names of one map differ, so each is compared with those of the maps before only.
    func put(_ map: UnsafeBufferPointer<egg_pair>) {
      let known = count
      next: for pair in map {
        for place in 0..<known where pairs[place].key == pair.key { continue next }
        (pairs + count).initialize(to: pair)
        count += 1
      }
    }
    put(given.pairs)
    put(state.pairs)
    put(objects.pairs)
    var locals = egg_value()
    locals.kind = egg_kind(EGG_MAP)
    locals.count = UInt32(count)
    locals.as.pairs = UnsafePointer(pairs)
    return locals
  }
}

/// What renders a name, found before.
private nonisolated struct KnownPage {
  let path: egg_str
  let engine: UnsafePointer<egg_view_engine>
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
