import Egg
import EggTemplateValues
import Nunjucks
import PluginABI

nonisolated extension NunjucksEngine {
  /// `egg_view_engine.render`
  func render(
    _ call: egg_call, _ path: egg_str, _ locals: UnsafePointer<egg_value>,
    _ result: UnsafeMutablePointer<egg_value>
  ) -> egg_step {
    guard let environment else { return notStarted.fail(call, host) }
    let name = name(of: path)
    if !waitingTemplates.isEmpty, waitingTemplates.contains(name) {
      return renderLater(environment, call, locals, result) { () throws(TemplateError) in
        try environment.template(name)
      }
    }
    return page(call, locals, result, name: name) { () throws(TemplateError) in
      try environment.template(name)
    }
  }

  /// `egg_view_engine.page`: it stays in the engine's buffer, and is not copied here.
  func page(
    _ call: egg_call, _ path: egg_str, _ locals: UnsafePointer<egg_value>,
    _ page: UnsafeMutablePointer<egg_str>, _ error: UnsafeMutablePointer<UnsafePointer<egg_error>?>
  ) -> egg_status {
    guard let environment else {
      error.pointee = notStarted.kept(by: call, host)
      return egg_status(error.pointee == nil ? EGG_E_LIMIT : EGG_E_FAILED)
    }
    return onBehalf(of: call) {
      while true {
        do throws(TemplateError) {
          guard let template = try immediateTemplate(path, environment) else {
            return egg_status(EGG_E_AGAIN)
          }
          page.pointee = egg_str(
            try environment.renderLent(template, context(locals)))
          return egg_status(EGG_OK)
        } catch let problem {
          if addsHelperFilter(for: problem) { continue }
          if problem.cause.hasSuffix(Self.needsToWait) {
            waitingTemplates.insert(name(of: path))
            return egg_status(EGG_E_AGAIN)
          }
          error.pointee = describe(problem) { $0.pointee.kept(by: call, host) }
          return egg_status(error.pointee == nil ? EGG_E_LIMIT : EGG_E_FAILED)
        }
      }
    }
  }

  /// The template of a file; nil when it has to wait. `view` asks for files only, so they are few.
  private func immediateTemplate(
    _ path: egg_str, _ environment: Environment
  ) throws(TemplateError) -> Template? {
    let known = immediate.find(path.bytes)?.assumingMemoryBound(to: ImmediateTemplate.self)
    if let known, waitingTemplates.isEmpty {
      // What was compiled before something was added is compiled again.
      if known.pointee.generation == environment.generation { return known.pointee.template }
    }
    let name = name(of: path)
    if waitingTemplates.contains(name) { return nil }
    let template = try environment.template(name)
    if template.mayWait { return nil }
    if environment.checksForChanges { return template }
    let found = ImmediateTemplate(template: template, generation: environment.generation)
    if let known {
      known.pointee = found
    } else {
      let place = UnsafeMutablePointer<ImmediateTemplate>.allocate(capacity: 1)
      place.initialize(to: found)
      immediate.add(path.bytes, UnsafeMutableRawPointer(place))
    }
    return template
  }

  /// `egg_view_engine.render_string`
  func renderString(
    _ call: egg_call, _ source: egg_str, _ locals: UnsafePointer<egg_value>,
    _ result: UnsafeMutablePointer<egg_value>
  ) -> egg_step {
    guard let environment else { return notStarted.fail(call, host) }
    let source = source.string
    return page(call, locals, result) { () throws(TemplateError) in
      try environment.compile(source)
    }
  }

  private var notStarted: EggError { EggError("nunjucks: the application is still starting") }

  /// Renders now: the page goes into the request's memory, and the step is DONE.
  ///
  /// - Parameter name: of a file, to be remembered when it turns out to have to wait; nil for text.
  private func page(
    _ call: egg_call, _ locals: UnsafePointer<egg_value>,
    _ result: UnsafeMutablePointer<egg_value>, name: String? = nil,
    _ template: () throws(TemplateError) -> Template
  ) -> egg_step {
    guard let environment else { return notStarted.fail(call, host) }
    return onBehalf(of: call) {
      while true {
        do throws(TemplateError) {
          let found = try template()
          if found.mayWait { return renderLater(environment, call, locals, result, template) }
          let status = try environment.render(found, context(locals)) { page in
            var text = egg_value(text: page)
            return host.pointee.copy(host, call, &text, result)
          }
          if status == egg_status(EGG_OK) { return egg_step(EGG_STEP_DONE) }
          let message = "the page is larger than the request's memory"
          return EggError(code: "EGG_LIMIT", message).fail(call, host)
        } catch {
          if addsHelperFilter(for: error) { continue }
          guard error.cause.hasSuffix(Self.needsToWait) else { return fail(call, error) }
          if let name { waitingTemplates.insert(name) }
          return renderLater(environment, call, locals, result, template)
        }
      }
    }
  }

  /// How the engine complains of a filter that answers later in a render that cannot wait.
  private static let needsToWait = "answers later; use the asynchronous render function"

  /// Renders a template in which a filter has to wait; settled at once when none does this time.
  private func renderLater(
    _ environment: Environment, _ call: egg_call, _ locals: UnsafePointer<egg_value>,
    _ result: UnsafeMutablePointer<egg_value>, _ template: () throws(TemplateError) -> Template
  ) -> egg_step {
    var step: egg_step?
    // `result` is the caller's, and gone when this function has returned.
    var isLater = false
    func settle(_ page: Result<[UInt8], TemplateError>) -> egg_step {
      switch page {
      case .failure(let error): return fail(call, error)
      case .success(let bytes):
        return bytes.withUnsafeBufferPointer { bytes in
          var text = egg_value(text: bytes)
          if !isLater, host.pointee.copy(host, call, &text, result) == egg_status(EGG_OK) {
            return egg_step(EGG_STEP_DONE)
          }
          return host.pointee.finish(host, call, &text)
        }
      }
    }
    func attempt(_ template: Template) {
      onBehalf(of: call) {
        environment.render(template, context(locals)) { [self] page in
          if case .failure(let error) = page, addsHelperFilter(for: error) {
            do throws(TemplateError) {
              return attempt(try environment.recompiled(template))
            } catch {
              step = settle(.failure(error))
              return
            }
          }
          step = settle(page)
        }
      }
    }
    do throws(TemplateError) {
      attempt(try template())
    } catch {
      return fail(call, error)
    }
    isLater = true
    return step ?? egg_step(EGG_STEP_LATER)
  }

  private func context(_ locals: UnsafePointer<egg_value>) -> TemplateValue {
    locals.withMemoryRebound(to: TreeNode.self, capacity: 1) {
      TemplateValue(tree: $0)
    }
  }

  /// Settles `call` with what went wrong and where.
  private func fail(_ call: egg_call, _ error: TemplateError) -> egg_step {
    describe(error) { host.pointee.fail(host, call, $0) }
  }

  /// Lends what went wrong and where.
  private func describe<R>(_ error: TemplateError, _ body: (UnsafePointer<egg_error>) -> R) -> R {
    let place = error.chain.last
    var detail = ""
    if let place, let path = path(of: place.template) {
      detail = place.line > 0 ? "\(path):\(place.line):\(place.column)" : path
    }
    return egg_str.lend(error.description) { message in
      egg_str.lend(detail) { detail in
        egg_str.lend(place?.template ?? "") { template in
          var pairs = [
            egg_pair(key: egg_str("template"), value: egg_value(text: template.bytes)),
            egg_pair(key: egg_str("line"), value: egg_value(integer: place?.line ?? 0)),
            egg_pair(key: egg_str("column"), value: egg_value(integer: place?.column ?? 0)),
          ]
          return pairs.withUnsafeMutableBufferPointer { pairs in
            var properties = egg_value()
            properties.kind = egg_kind(EGG_MAP)
            properties.count = UInt32(pairs.count)
            properties.as.pairs = UnsafePointer(pairs.baseAddress)
            return withUnsafePointer(to: &properties) { properties in
              var failed = egg_error()
              failed.size = UInt32(MemoryLayout<egg_error>.size)
              failed.code = egg_str("EGG_TEMPLATE")
              failed.message = message
              failed.detail = detail
              failed.properties = place == nil ? nil : properties
              failed.cause = failure
              return withUnsafePointer(to: &failed, body)
            }
          }
        }
      }
    }
  }
}

/// A template that was rendered at once, and the generation of the environment it belongs to.
private nonisolated struct ImmediateTemplate {
  let template: Template
  let generation: Int
}
