import Egg
import EggTemplateValues
import Nunjucks
import PluginABI

/// What other units add through "egg.nunjucks/1".
nonisolated extension NunjucksEngine {
  func addFilter(_ name: String, _ method: egg_method) {
    let filter = ExportedFilter(
      name: name, object: MethodObject.make(method),
      isImmediate: method.flags & UInt32(EGG_METHOD_IMMEDIATE) != 0)
    add { [unowned self] in filter.add(to: $0, self) }
  }

  /// - Parameter object: has one method and stays for the life of the process.
  func addTest(_ name: String, _ object: UnsafeMutablePointer<egg_object>) {
    add { [unowned self] in
      $0.addTest(name) { [unowned self] in try call(.object(object, egg_str()), name, $0).isTruthy }
    }
  }

  /// - Parameter object: as for tests.
  func addFunction(_ name: String, _ object: UnsafeMutablePointer<egg_object>) {
    add { [unowned self] in
      let function = TemplateFunction { [unowned self] in
        try call(.object(object, egg_str()), name, $0)
      }
      $0.addGlobal(name, .object(function))
    }
  }

  func addGlobal(_ name: String, _ value: UnsafePointer<egg_value>) {
    let owned = value.withMemoryRebound(to: TreeNode.self, capacity: 1) {
      TemplateValue(tree: $0, adapter: nil).owned()
    }
    add { $0.addGlobal(name, owned) }
  }

  /// - Returns: `EGG_E_UNSUPPORTED` for words between the bodies of a tag that has none.
  func addTag(_ tag: egg_nunjucks_tag) -> egg_status {
    let name = String(cString: tag.name)
    let end = tag.end.map { String(cString: $0) }
    let middle = tag.middle.map { String(cString: $0).split(separator: " ").map(String.init) } ?? []
    return addTag(name, end: end, middle: middle) { [unowned self] use, number in
      try call(.tag(tag, UInt64(number)), name, use.call)
    }
  }

  /// - Parameter run: gets the use and its number, by which its bodies are asked for.
  /// - Returns: `EGG_E_UNSUPPORTED` for words between the bodies of a tag that has none.
  func addTag(
    _ name: String, end: String?, middle: [String],
    _ run: @escaping (TagCall, Int) throws -> TemplateValue
  ) -> egg_status {
    guard end != nil || middle.isEmpty else { return egg_status(EGG_E_UNSUPPORTED) }
    add { [unowned self] in
      $0.addTag(
        CustomTag(name, endTag: end, middleTags: middle) { [unowned self] use in
          try during(use, run)
        })
    }
    return egg_status(EGG_OK)
  }

  // MARK: tags

  private func during(
    _ use: TagCall, _ run: (TagCall, Int) throws -> TemplateValue
  ) throws -> TemplateValue {
    lastUse += 1
    uses.append(TagUse(number: lastUse, use: use))
    defer { uses.removeLast() }
    do {
      return try run(use, Int(truncatingIfNeeded: lastUse))
    } catch {
      throw uses[uses.count - 1].failure ?? error
    }
  }

  /// `egg_nunjucks.body`
  func body(
    of number: UInt64, _ index: UInt32, _ word: UnsafeMutablePointer<egg_str>?,
    _ out: UnsafeMutablePointer<egg_value>
  ) -> egg_status {
    guard let place = uses.lastIndex(where: { $0.number == number }) else {
      return egg_status(EGG_E_STALE)
    }
    let use = uses[place].use
    guard Int(index) < use.bodyCount else { return egg_status(EGG_E_NOT_FOUND) }
    do {
      let value = try use.bodyValue(Int(index))
      uses[place].texts.append(value)
      word?.pointee = copied(use.bodyName(Int(index))).text
      out.pointee = lowered(value, depth: 0)
      return egg_status(EGG_OK)
    } catch {
      uses[place].failure = error
      return egg_status(EGG_E_FAILED)
    }
  }
}

/// A tag that runs.
nonisolated struct TagUse {
  let number: UInt64
  let use: TagCall
  /// The bodies it was given, alive until it ends.
  var texts: [TemplateValue] = []
  /// Why a body could not be rendered: it has the place of the mistake.
  var failure: (any Error)?
}

/// What `nunjucksCall` passes its call on to.
nonisolated enum Callee {
  case object(UnsafeMutablePointer<egg_object>, egg_str)
  case tag(egg_nunjucks_tag, UInt64)
}
