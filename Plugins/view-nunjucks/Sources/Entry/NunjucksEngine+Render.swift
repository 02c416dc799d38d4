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
    guard let environment else { return notStarted(call) }
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

  /// `egg_view_engine.render_now`: the page stays in the engine's buffer, and is not copied here.
  func renderNow(
    _ call: egg_call, _ path: egg_str, _ locals: UnsafePointer<egg_value>,
    _ result: UnsafeMutablePointer<egg_value>
  ) -> egg_step {
    guard let environment else { return notStarted(call) }
    let name = name(of: path)
    if !waitingTemplates.isEmpty, waitingTemplates.contains(name) {
      return egg_step(EGG_STEP_DONE)
    }
    return onBehalf(of: call) {
      while true {
        do throws(TemplateError) {
          let template = try environment.template(name)
          if template.mayWait { return egg_step(EGG_STEP_DONE) }
          let page = try environment.renderLent(template, context(locals), adapter: adapter)
          result.pointee = egg_value(text: page)
          return egg_step(EGG_STEP_DONE)
        } catch {
          if addsHelperFilter(for: error) { continue }
          guard error.cause.hasSuffix(Self.needsToWait) else { return fail(call, error) }
          waitingTemplates.insert(name)
          return egg_step(EGG_STEP_DONE)
        }
      }
    }
  }

  /// `egg_view_engine.render_string`
  func renderString(
    _ call: egg_call, _ source: egg_str, _ locals: UnsafePointer<egg_value>,
    _ result: UnsafeMutablePointer<egg_value>
  ) -> egg_step {
    guard let environment else { return notStarted(call) }
    let source = source.string
    return page(call, locals, result) { () throws(TemplateError) in
      try environment.compile(source)
    }
  }

  private func notStarted(_ call: egg_call) -> egg_step {
    EggError("nunjucks: the application is still starting").fail(call, host)
  }

  /// Renders now: the page goes into the request's memory, and the step is DONE.
  ///
  /// - Parameter name: of a file, to be remembered when it turns out to have to wait; nil for text.
  private func page(
    _ call: egg_call, _ locals: UnsafePointer<egg_value>,
    _ result: UnsafeMutablePointer<egg_value>, name: String? = nil,
    _ template: () throws(TemplateError) -> Template
  ) -> egg_step {
    guard let environment else { return notStarted(call) }
    return onBehalf(of: call) {
      while true {
        do throws(TemplateError) {
          let found = try template()
          if found.mayWait { return renderLater(environment, call, locals, result, template) }
          let status = try environment.render(found, context(locals), adapter: adapter) { page in
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
        environment.render(template, context(locals), adapter: adapter) { [self] page in
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
      TemplateValue(tree: $0, adapter: adapter)
    }
  }

  /// Settles `call` with what went wrong and where.
  private func fail(_ call: egg_call, _ error: TemplateError) -> egg_step {
    let place = error.chain.last
    var detail = ""
    if let place, let path = path(of: place.template) {
      detail = place.line > 0 ? "\(path):\(place.line):\(place.column)" : path
    }
    let message = error.description
    return egg_str.lend(message) { message in
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
              return host.pointee.fail(host, call, &failed)
            }
          }
        }
      }
    }
  }
}
