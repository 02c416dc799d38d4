extension Renderer {
  func listMethod(
    _ target: Value, _ method: String, _ call: TemplateCall
  ) throws(TemplateError) -> Value? {
    let count = listCount(target)
    steps &-= count / 16
    if steps < 0 { throw stepError() }
    switch method {
    case "push", "pop", "shift", "unshift", "splice", "reverse", "sort", "fill":
      return try changing(target, method, call)
    case "slice":
      let from = try relative(call[0], count, default: 0)
      let to = try relative(call[1], count, default: count)
      return .list(TemplateList(local: from < to ? Array(try elements(target)[from..<to]) : []))
    case "concat":
      var items = try elements(target)
      for index in 0..<call.count {
        switch call[index] {
        case .list, .treeList: items += try elements(call[index])
        default: items.append(call[index])
        }
      }
      return .list(TemplateList(local: items))
    case "join":
      let separator = call[0].isUndefined ? .view(TextView(",")) : try textValue(call[0])
      let start = out.count
      try append(list: target, separator: separator.textView ?? TextView(","), depth: 0)
      return try capture(from: start, safe: false)
    case "toString": return try plainText(target)
    case "indexOf":
      var index = try relative(call[1], count, default: 0)
      while index < count {
        if strictlyEqual(listItem(target, index), call[0]) { return .number(Double(index)) }
        index += 1
      }
      return .number(-1)
    case "lastIndexOf":
      var index = count - 1
      if call.count > 1 {
        let given = clampedInteger(try number(call[1]))
        index = given < 0 ? count + given : min(given, count - 1)
      }
      while index >= 0 {
        if strictlyEqual(listItem(target, index), call[0]) { return .number(Double(index)) }
        index -= 1
      }
      return .number(-1)
    case "includes":
      for index in 0..<count {
        let item = listItem(target, index)
        if strictlyEqual(item, call[0]) { return .bool(true) }
        if case .number(let x) = item, case .number(let y) = call[0], x.isNaN, y.isNaN {
          return .bool(true)
        }
      }
      return .bool(false)
    case "at":
      let index = clampedInteger(try number(call[0]))
      let real = index < 0 ? count + index : index
      return real >= 0 && real < count ? listItem(target, real) : .undefined
    case "flat":
      var result: [Value] = []
      try flatten(
        target, into: &result, depth: call[0].isUndefined ? 1 : clampedInteger(try number(call[0])))
      return .list(TemplateList(local: result))
    case "keys": return .list(TemplateList(local: (0..<count).map { .number(Double($0)) }))
    case "values": return .list(TemplateList(local: try elements(target)))
    case "entries":
      let pairs = try elements(target).enumerated().map {
        Value.list(TemplateList(local: [.number(Double($0.offset)), $0.element]))
      }
      return .list(TemplateList(local: pairs))
    case "map", "filter", "some", "every", "find", "findIndex", "forEach", "reduce":
      return try iterating(target, method, call)
    default: return nil
    }
  }

  private func flatten(
    _ list: Value, into result: inout [Value], depth: Int
  ) throws(TemplateError) {
    for index in 0..<listCount(list) {
      let item = listItem(list, index)
      steps &-= 1
      if steps < 0 { throw stepError() }
      switch item {
      case .list where depth > 0, .treeList where depth > 0:
        try flatten(item, into: &result, depth: min(depth, 100) - 1)
      default: result.append(item)
      }
    }
  }

  /// Methods that change the list itself.
  private func changing(
    _ target: Value, _ method: String, _ call: TemplateCall
  ) throws(TemplateError) -> Value {
    let list = try mutable(target)
    let count = list.items.count
    try charge(call.count &* 16)
    switch method {
    case "push":
      for index in 0..<call.count { list.items.append(list.storable(call[index])) }
      return .number(Double(list.items.count))
    case "pop": return list.items.popLast() ?? .undefined
    case "shift": return list.items.isEmpty ? .undefined : list.items.removeFirst()
    case "unshift":
      list.items.insert(contentsOf: call.arguments.map(list.storable), at: 0)
      return .number(Double(list.items.count))
    case "splice":
      if call.count == 0 { return .list(TemplateList(local: [])) }
      let from = try relative(call[0], count, default: 0)
      let length =
        call.count == 1
        ? count - from : min(max(clampedInteger(try number(call[1])), 0), count - from)
      let removed = Array(list.items[from..<(from + length)])
      list.items.replaceSubrange(
        from..<(from + length), with: call.arguments.dropFirst(2).map(list.storable))
      return .list(TemplateList(local: removed))
    case "reverse":
      list.items.reverse()
    case "fill":
      let from = try relative(call[1], count, default: 0)
      let to = try relative(call[2], count, default: count)
      if from < to { for index in from..<to { list.items[index] = list.storable(call[0]) } }
    default:
      var compare: TemplateObject?
      if !call[0].isUndefined { compare = try callback(call) }
      let items = list.items
      list.items = try stableSorted(items) { (left, right) throws(TemplateError) in
        if left.isUndefined || right.isUndefined { return !left.isUndefined && right.isUndefined }
        if let compare {
          return try self.number(try self.apply(compare, left, right)) < 0
        }
        let a = try self.textValue(left)
        let b = try self.textValue(right)
        defer { withExtendedLifetime((a, b)) {} }
        return compareUnits(a.textView ?? TextView(""), b.textView ?? TextView("")) < 0
      }
    }
    return .list(list)
  }

  private func iterating(
    _ target: Value, _ method: String, _ call: TemplateCall
  ) throws(TemplateError) -> Value {
    let function = try callback(call)
    var results: [Value] = []
    var index = 0
    var accumulator = Value.undefined
    if method == "reduce" {
      if call.count > 1 {
        accumulator = call[1]
      } else {
        if listCount(target) == 0 { throw .type("Reduce of empty array with no initial value") }
        accumulator = listItem(target, 0)
        index = 1
      }
    }
    let count = listCount(target)
    while index < count {
      let item = listItem(target, index)
      let position = Value.number(Double(index))
      if method == "reduce" {
        accumulator = try apply(function, accumulator, item, position, target)
      } else {
        let result = try apply(function, item, position, target)
        switch method {
        case "map": results.append(result)
        case "filter": if result.isTruthy { results.append(item) }
        case "some": if result.isTruthy { return .bool(true) }
        case "every": if !result.isTruthy { return .bool(false) }
        case "find": if result.isTruthy { return item }
        case "findIndex": if result.isTruthy { return position }
        default: break
        }
      }
      index += 1
    }
    switch method {
    case "map", "filter": return .list(TemplateList(local: results))
    case "some": return .bool(false)
    case "every": return .bool(true)
    case "findIndex": return .number(-1)
    case "reduce": return accumulator
    default: return .undefined
    }
  }

  /// Sorts a short list as V8 does: the run at its start, then binary insertion. That matters for
  /// lists of mixed types, whose order contradicts itself.
  private func inserted(
    _ items: [Value], _ precedes: (Value, Value) throws(TemplateError) -> Bool
  ) throws(TemplateError) -> [Value] {
    var sorted = items
    let descends = try precedes(sorted[1], sorted[0])
    var run = 2
    while run < sorted.count, try precedes(sorted[run], sorted[run - 1]) == descends { run += 1 }
    if descends { sorted[0..<run].reverse() }
    for index in run..<sorted.count {
      let item = sorted[index]
      var low = 0
      var high = index
      while low < high {
        let middle = (low + high) / 2
        if try precedes(item, sorted[middle]) { high = middle } else { low = middle + 1 }
      }
      sorted.remove(at: index)
      sorted.insert(item, at: low)
    }
    return sorted
  }

  /// Merge sort: stable, and bounded even if the comparison contradicts itself.
  func stableSorted(
    _ items: [Value], _ precedes: (Value, Value) throws(TemplateError) -> Bool
  ) throws(TemplateError) -> [Value] {
    if items.count < 2 { return items }
    if items.count < 64 { return try inserted(items, precedes) }
    steps &-= items.count / 4
    if steps < 0 { throw stepError() }
    let middle = items.count / 2
    let left = try stableSorted(Array(items[..<middle]), precedes)
    let right = try stableSorted(Array(items[middle...]), precedes)
    var result: [Value] = []
    result.reserveCapacity(items.count)
    var i = 0
    var j = 0
    while i < left.count, j < right.count {
      if try precedes(right[j], left[i]) {
        result.append(right[j])
        j += 1
      } else {
        result.append(left[i])
        i += 1
      }
    }
    result += left[i...]
    result += right[j...]
    return result
  }
}
