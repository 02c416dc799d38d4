extension Renderer {
  /// The items of anything with a length: lists, text by code unit, objects with `length`.
  private func arrayLike(_ value: Value) throws(TemplateError) -> [Value] {
    switch value {
    case .list, .treeList: return try elements(value)
    case .view, .text:
      guard let view = value.textView else { return [] }
      if view.isSafe {
        try charge(view.count * 16)
        return [Value](repeating: .undefined, count: view.utf16Count)
      }
      return try characters(view, byPoint: false)
    case .undefined, .null:
      try notNothing(value)
      return []
    case .map, .treeMap, .object:
      let length = try number(try member(value, TextView("length")))
      let count = length.isNaN ? 0 : max(0, clampedInteger(length))
      try charge(count &* 16)
      var items: [Value] = []
      for position in 0..<count {
        steps &-= 1
        if steps < 0 { throw stepError() }
        items.append(try index(value, .number(Double(position))))
      }
      return items
    default: return []
    }
  }

  private func made(_ items: [Value]) -> Value { .list(TemplateList(local: items)) }

  func batch(_ call: TemplateCall) throws(TemplateError) -> Value {
    let items = try arrayLike(call[0])
    let size = try number(call[1])
    var rows: [Value] = []
    var row: [Value] = []
    for (position, item) in items.enumerated() {
      if javaScriptRemainder(Double(position), size) == 0, !row.isEmpty {
        rows.append(made(row))
        row = []
      }
      row.append(item)
    }
    if !row.isEmpty {
      if call[2].isTruthy, size.isFinite {
        let missing = max(0, (size - Double(row.count)).rounded(.up))
        if missing > Double(limits.outputBytes / 16) { throw outputError() }
        try charge(Int(missing) * 16)
        for _ in 0..<Int(missing) { row.append(call[2]) }
      }
      rows.append(made(row))
    }
    return made(rows)
  }

  /// The filter `slice`: the items dealt out into columns.
  func columns(_ call: TemplateCall) throws(TemplateError) -> Value {
    let length = try number(try member(call[0], TextView("length")))
    try notNothing(call[0])
    let columns = try number(call[1])
    let size = (length / columns).rounded(.down)
    let extra = javaScriptRemainder(length, columns)
    var result: [Value] = []
    var offset = 0.0
    let isText = call[0].textView != nil
    switch call[0] {
    case .list, .treeList, .view, .text: break
    default: if columns > 0 { throw .type("slice needs a list") }
    }
    let items = isText ? [] : try arrayLike(call[0])
    let units = call[0].textView?.units ?? []
    var column = 0.0
    if columns > Double(limits.outputBytes / 64) { throw outputError() }
    while column < columns {
      steps &-= 1
      if steps < 0 { throw stepError() }
      let from = offset + column * size
      if column < extra { offset += 1 }
      let to = offset + (column + 1) * size
      let total = isText ? units.count : items.count
      let low = min(max(clampedInteger(from), 0), total)
      let high = min(max(clampedInteger(to), low), total)
      if isText {
        if call[2].isTruthy, column >= extra { throw .type("slice cannot fill up text") }
        result.append(try makeText(units: units[low..<high]))
      } else {
        var piece = Array(items[low..<high])
        if call[2].isTruthy, column >= extra { piece.append(call[2]) }
        result.append(made(piece))
      }
      column += 1
    }
    return made(result)
  }

  func dictsort(_ call: TemplateCall) throws(TemplateError) -> Value {
    switch call[0] {
    case .map, .treeMap: break
    case .object(let object) where !object.isCallable && !(object is TemplateRegex): break
    case .view, .text: if call[0].isSafe { break } else { fallthrough }
    default: throw TemplateError("dictsort filter: val must be an object")
    }
    var found = try entries(call[0])
    if call[0].isSafe {
      // Text marked safe is an object with two methods of its own, and these are walked over as well.
      for name in ["valueOf", "toString"] as [StaticString] {
        let method = Value.object(BoundMethod(call[0], TextView(name)))
        found.append((.view(TextView(name)), method))
      }
    }
    var entries = found.map { Value.list(TemplateList(local: [$0.key, $0.value])) }
    let by = call[2]
    var position = 0
    if !by.isUndefined {
      guard let view = by.plainView, view.equals("key") || view.equals("value") else {
        throw TemplateError(
          "dictsort filter: You can only sort by either key or value")
      }
      position = view.equals("key") ? 0 : 1
    }
    let caseSensitive = call[1].isTruthy
    entries = try stableSorted(entries) { (left, right) throws(TemplateError) in
      var a = try self.index(left, .number(Double(position)))
      var b = try self.index(right, .number(Double(position)))
      if !caseSensitive {
        if let view = a.plainView { a = try self.cased(view, upper: true) }
        if let view = b.plainView { b = try self.cased(view, upper: true) }
      }
      defer { withExtendedLifetime((a, b)) {} }
      return try !self.compare(.greater, a, b) && !self.strictlyEqual(a, b)
    }
    return made(entries)
  }

  /// A dotted attribute, own properties only.
  private func attribute(_ item: Value, _ path: [Value]) throws(TemplateError) -> Value {
    var value = item
    for name in path {
      let key = try textValue(name)
      defer { withExtendedLifetime(key) {} }
      if value.isNothing { throw .type("an item is \(try string(value)) and has no attributes") }
      if case .object = value {
        value = try member(value, key.textView ?? TextView(""))
      } else {
        value = ownMember(value, key.textView ?? TextView("")) ?? .undefined
      }
      if value.isUndefined { return .undefined }
    }
    return value
  }

  private func path(_ attribute: Value) throws(TemplateError) -> [Value] {
    if !attribute.isTruthy { return [] }
    if let view = attribute.textView {
      guard case .list(let parts) = try split(view.plain, .view(TextView(".")), limit: .undefined)
      else { return [] }
      return parts.items
    }
    return [attribute]
  }

  func sort(_ call: TemplateCall) throws(TemplateError) -> Value {
    var reversed = call[1]
    var caseSensitive = call[2]
    var by = call[3]
    if let keywords = call.keywords {
      let positional = call.count - 1
      func argument(_ name: StaticString, _ index: Int) -> Value {
        index < positional ? call[index] : keywords.get(TextView(name)) ?? .undefined
      }
      reversed = argument("reverse", 1)
      caseSensitive = argument("case_sensitive", 2)
      by = argument("attribute", 3)
    }
    let items: [Value]
    switch call[0] {
    case .undefined, .null, .number, .bool, .integer: return made([])
    default: items = try arrayLike(call[0])
    }
    let path = try path(by)
    if path.isEmpty, !caseSensitive.isTruthy, let sorted = try sortedTexts(items, reversed.isTruthy)
    {
      return made(sorted)
    }
    // JavaScript sorts undefined items to the end without looking at them.
    let isCompared = items.count(where: { !$0.isUndefined }) > 1
    if !path.isEmpty, isCompared {
      for item in items where !item.isUndefined {
        let found = try attribute(item, path)
        if throwOnUndefined, found.isUndefined {
          throw .type("sort: attribute \"\(try string(by))\" resolved to undefined")
        }
      }
    }
    let backwards = reversed.isTruthy
    let sensitive = caseSensitive.isTruthy
    var keyed: [(item: Value, key: Value)] = []
    for item in items {
      var key = path.isEmpty || item.isUndefined || !isCompared ? item : try attribute(item, path)
      if !sensitive, let view = key.plainView { key = try cased(view, upper: false) }
      keyed.append((item, key))
    }
    let order = try stableSorted(keyed.indices.map { .number(Double($0)) }) {
      (left, right) throws(TemplateError) in
      guard case .number(let a) = left, case .number(let b) = right else { return false }
      let (x, y) = (keyed[Int(a)], keyed[Int(b)])
      if x.item.isUndefined || y.item.isUndefined {
        return y.item.isUndefined && !x.item.isUndefined
      }
      if try self.compare(.less, x.key, y.key) { return !backwards }
      if try self.compare(.greater, x.key, y.key) { return backwards }
      return false
    }
    return made(
      order.map { position in
        if case .number(let number) = position { return keyed[Int(number)].item }
        return .undefined
      })
  }

  /// Short lists of plain ASCII texts, the usual case, sorted without any bookkeeping.
  private func sortedTexts(
    _ items: [Value], _ backwards: Bool
  ) throws(TemplateError) -> [Value]? {
    if items.count > 32 { return nil }
    for item in items {
      guard let view = item.plainView, view.isASCII else { return nil }
    }
    var sorted = items
    var index = 1
    while index < sorted.count {
      let item = sorted[index]
      guard let view = item.textView else { return nil }
      var at = index
      while at > 0, let before = sorted[at - 1].textView {
        let order = compareFolded(before, view)
        if backwards ? order >= 0 : order <= 0 { break }
        sorted[at] = sorted[at - 1]
        at -= 1
      }
      sorted[at] = item
      index += 1
    }
    return sorted
  }

  /// The order of two ASCII texts in lower case.
  private func compareFolded(_ left: TextView, _ right: TextView) -> Int {
    let shorter = min(left.count, right.count)
    for index in 0..<shorter {
      let a = lowerASCII(left.base[index])
      let b = lowerASCII(right.base[index])
      if a != b { return a < b ? -1 : 1 }
    }
    return left.count - right.count
  }

  func groupby(_ call: TemplateCall) throws(TemplateError) -> Value {
    let path = try path(call[1])
    let groups = TemplateMap(local: true)
    let items: [Value]
    switch call[0] {
    case .undefined, .null: throw .type("groupby needs a list")
    default: items = try arrayLike(call[0])
    }
    try charge(items.count * 32)
    for item in items {
      let value = try attribute(item, path)
      if value.isUndefined, throwOnUndefined {
        throw .type("groupby: attribute \"\(try string(call[1]))\" resolved to undefined")
      }
      let key = try textValue(value)
      guard let name = key.textView else { continue }
      if case .list(let group)? = groups.get(name) {
        group.items.append(item)
      } else {
        groups.set(name, made([item]))
      }
    }
    return .map(groups)
  }

  func join(_ call: TemplateCall) throws(TemplateError) -> Value {
    let separator = call[1].isTruthy ? try textValue(call[1]) : .view(TextView(""))
    defer { withExtendedLifetime(separator) {} }
    let between = (separator.textView ?? TextView("")).plain
    let start = out.count
    if call[2].isTruthy {
      let key = try textValue(call[2])
      let items: [Value]
      switch call[0] {
      case .undefined, .null, .number, .bool, .integer: items = []
      default: items = try arrayLike(call[0])
      }
      for (position, item) in items.enumerated() {
        if position > 0 { out.append(between) }
        if item.isNothing { throw .type("an item to join is \(try string(item))") }
        let value = try member(item, key.textView ?? TextView(""))
        if !value.isNothing { try append(value) }
      }
    } else {
      switch call[0] {
      case .list, .treeList: try append(list: call[0], separator: between, depth: 0)
      default:
        try notNothing(call[0])
        throw .type("join needs a list")
      }
    }
    return try capture(from: start, safe: false)
  }

  func length(_ value: Value) throws(TemplateError) -> Value {
    switch value {
    case .undefined, .null, .bool(false): return .number(0)
    case .view(let view): return .number(Double(view.utf16Count))
    case .text(let text): return .number(Double(text.view.utf16Count))
    case .list, .treeList: return .number(Double(listCount(value)))
    case .map(let map): return .number(Double(map.count))
    case .treeMap(_, let count): return .number(Double(count))
    case .object(let object):
      if object is TemplateRegex { return .undefined }
      return object.isCallable ? .number(0) : .number(Double(object.keys.count))
    default: return .undefined
    }
  }

  func list(_ value: Value) throws(TemplateError) -> Value {
    switch value {
    case .list, .treeList: return value
    case .view, .text:
      if let view = value.plainView { return made(try characters(view, byPoint: false)) }
    case .map, .treeMap: break
    case .object(let object) where !object.isCallable && !(object is TemplateRegex): break
    default: throw TemplateError("list filter: type not iterable")
    }
    var items: [Value] = []
    for entry in try entries(value) {
      let pair = TemplateMap(local: true)
      pair.set("key", entry.key)
      pair.set("value", entry.value)
      items.append(.map(pair))
    }
    return made(items)
  }

  func reverse(_ value: Value) throws(TemplateError) -> Value {
    switch value {
    case .view, .text:
      guard let view = value.plainView else { return made(try arrayLike(value)) }
      try charge(view.count)
      if view.isASCII {
        return try makeASCII(view.count, safe: false) { target in
          for index in 0..<view.count { target[index] = view.base[view.count &- 1 &- index] }
        }
      }
      return try makeText(units: view.units.reversed())
    case .undefined, .null: return made([])
    default: return made(try arrayLike(value).reversed())
    }
  }

  func select(_ call: TemplateCall, keep: Bool) throws(TemplateError) -> Value {
    let name = call[1].isUndefined ? "truthy" : try string(call[1])
    guard let test = environment.testEntry(name) else {
      throw TemplateError("test not found: \(name)")
    }
    // Safe text has a length and no items, which is what a filter skips.
    let items = call[0].isSafe ? [] : try arrayLike(call[0])
    var result: [Value] = []
    for item in items {
      let level = top
      if top + 16 > Renderer.stackCapacity { throw .limit("expressions nest too deep") }
      push(item)
      push(call[2])
      let inner = TemplateCall(renderer: self, base: stack + level, count: 2)
      if try test.apply(inner) == keep { result.append(item) }
      dropStack(to: level)
      steps &-= 1
      if steps < 0 { throw stepError() }
    }
    return made(result)
  }

  func selectAttribute(_ call: TemplateCall, keep: Bool) throws(TemplateError) -> Value {
    switch call[0] {
    case .list, .treeList: break
    default: throw .type("selectattr and rejectattr need a list")
    }
    var result: [Value] = []
    for item in try elements(call[0]) {
      if item.isNothing { throw .type("an item is \(try string(item)) and has no attributes") }
      if try index(item, call[1]).isTruthy == keep { result.append(item) }
    }
    return made(result)
  }

  func sum(_ call: TemplateCall) throws(TemplateError) -> Value {
    let items: [Value]
    switch call[0] {
    case .list, .treeList: items = try elements(call[0])
    default:
      if !call[1].isTruthy { throw .type("sum needs a list") }
      items = call[0].isNothing ? [] : try arrayLike(call[0])
    }
    var total = Value.number(0)
    for item in items {
      if call[1].isTruthy {
        if item.isNothing { throw .type("an item is \(try string(item)) and has no attributes") }
        total = try plus(total, try index(item, call[1]))
      } else {
        total = try plus(total, item)
      }
      steps &-= 1
      if steps < 0 { throw stepError() }
    }
    return try plus(call[2].isUndefined ? .number(0) : call[2], total)
  }
}
