extension Environment {
  /// What is wrong with a template, as far as that shows without rendering it: mistakes in the
  /// language, filters and tests that nobody added, and templates it names that do not exist.
  ///
  ///     views.lint("home.njk").map(\.description)   // ["(home.njk) [Line 3, Column 9]\n  Error: filter …"]
  ///
  /// Names that are computed cannot be checked, and of several mistakes in the language only the
  /// first is found. Errors in other templates are those templates' own.
  ///
  /// - Parameter knowsFilter: whether a filter that is not here yet will be when a page asks for it.
  /// - Returns: errors with their place, in the order of the source.
  public func lint(
    _ name: String, knowsFilter: (String) -> Bool = { _ in false }
  ) -> [TemplateError] {
    let template: Template
    do throws(TemplateError) {
      template = try self.template(name)
    } catch {
      return [error]
    }
    var errors: [TemplateError] = []
    func report(_ cause: String, _ node: Node, _ kind: TemplateError.Kind = .runtime) {
      let error = TemplateError(cause, kind: kind, at: Int(node.offset))
      error.locate(template, at: Int(node.offset))
      errors.append(error)
    }
    for place in 0..<template.nodeCount {
      let node = template.nodes[place]
      switch node.op {
      case .filterMissing:
        let name = template.constantText(node.a)
        if !knowsFilter(name) { report("filter not found: \(name)", node) }
      case .testMissing: report("test not found: \(template.constantText(node.a))", node)
      case .include where node.flag != 0: break  // ignore missing
      case .include, .extends, .importAll, .importNames:
        for name in template.writtenNames(node.a) where isMissing(name, from: template) {
          report("template not found: \(name)", template.nodes[Int(node.a)], .notFound)
        }
      default: break
      }
    }
    return errors.sorted { ($0.line ?? 0, $0.column ?? 0) < ($1.line ?? 0, $1.column ?? 0) }
  }

  private func isMissing(_ name: String, from template: Template) -> Bool {
    do throws(TemplateError) {
      _ = try self.template(name, from: template)
      return false
    } catch {
      return error.kind == .notFound
    }
  }
}

extension Template {
  fileprivate func constantText(_ constant: Int32) -> String {
    constants[Int(constant)].textView?.string ?? ""
  }

  /// The names that an expression can give, if they are written out in it.
  fileprivate func writtenNames(_ node: Int32) -> [String] {
    let expression = nodes[Int(node)]
    switch expression.op {
    case .constant: return constants[Int(expression.a)].textView.map { [$0.string] } ?? []
    case .inlineIf: return writtenNames(expression.b) + writtenNames(expression.c)
    default: return []
    }
  }

  /// Bytes that the compiled template takes in the cache, its source included.
  public var memoryBytes: Int {
    nodeCount * MemoryLayout<Node>.stride + listCount * MemoryLayout<Int32>.stride
      + constantCount * MemoryLayout<TemplateValue>.stride + dataCount + source.count
      + texts.reduce(0) { $0 + $1.count + 48 }
      + filters.count * MemoryLayout<FilterEntry>.stride + (blocks.count + 1) * 160
  }
}
