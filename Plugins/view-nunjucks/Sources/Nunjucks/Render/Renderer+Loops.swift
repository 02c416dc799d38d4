extension Renderer {
  /// What one loop needs while it runs.
  private struct LoopState {
    let slots: UnsafeMutablePointer<Value>
    let list: UnsafeMutablePointer<Int32>
    let names: Int
    let index: Int
    let body: Int32
    let frame: Frame?
    let object: LoopObject?
    let length: Int
  }

  func loop(_ node: UnsafeMutablePointer<Node>) throws(TemplateError) {
    try checkStack()
    let sequence = try evaluate(node.pointee.a)
    let list = now.lists + Int(node.pointee.b)
    let names = Int(list[0])
    let tail = list + 1 + names * 2
    let needsFrame = tail[1] != 0
    let otherwise = tail[3]
    var frame: Frame?
    if needsFrame {
      frame = newFrame(parent: now.cell.frame)
      if let frame { now.cell.frame = frame }
    }
    for name in 0..<names { now.slots[Int(list[1 + name * 2])] = .undefined }
    var length = -1
    if sequence.isTruthy {
      length = try iterate(sequence, list, names, frame, node.pointee.offset)
    }
    if length <= 0, otherwise >= 0 { try execute(otherwise) }
    if let parent = frame?.parent { now.cell.frame = parent }
    retire(&frame)
  }

  private func state(
    _ list: UnsafeMutablePointer<Int32>, _ names: Int, _ frame: Frame?, _ length: Int
  ) -> LoopState {
    let tail = list + 1 + names * 2
    var object: LoopObject?
    if frame != nil {
      object = frame?.loopObject()
      object?.length = length
    }
    now.slots[Int(tail[0]) &+ 1] = .number(Double(length))
    return LoopState(
      slots: now.slots, list: list, names: names, index: Int(tail[0]), body: tail[2], frame: frame,
      object: object, length: length)
  }

  /// One round: the variables must be in their slots already.
  @inline(__always)
  private func round(_ state: LoopState, _ index: Int) throws(TemplateError) {
    steps &-= 1
    if steps < 0 || out.isOver { try step() }
    state.slots[state.index] = .number(Double(index))
    if let frame = state.frame { try publish(state, frame, index) }
    try executeAll(now.nodes + Int(state.body))
  }

  private func publish(
    _ state: LoopState, _ frame: Frame, _ index: Int
  ) throws(TemplateError) {
    let held = frame.own(Symbols.loop)
    if case .object(let object) = held, object === state.object {
    } else if held.isTruthy {
      switch held {
      case .bool, .number, .integer, .view, .text:
        throw .type("Cannot create property 'index' on \(try string(held)): loop is taken")
      default: break
      }
    } else if let object = state.object {
      frame.set(Symbols.loop, .object(object))
    }
    state.object?.index = index
  }

  @inline(__always)
  private func put(_ state: LoopState, _ name: Int, _ value: Value, frame: Bool) {
    state.slots[Int(state.list[1 + name * 2])] = value
    if frame, let target = state.frame { target.set(state.list[2 + name * 2], value) }
  }

  /// - Returns: the length that decides about `else`; -1 if there is none.
  private func iterate(
    _ sequence: Value, _ list: UnsafeMutablePointer<Int32>, _ names: Int, _ frame: Frame?,
    _ offset: Int32
  ) throws(TemplateError) -> Int {
    switch sequence {
    case .treeList(let base, let count):
      if let copy = thawed(base) {
        return try iterate(.list(copy), list, names, frame, offset)
      }
      let state = state(list, names, frame, Int(count))
      for index in 0..<Int(count) {
        try item(state, loaded(base + index), offset)
        try round(state, index)
      }
      return Int(count)
    case .list(let items):
      let state = state(list, names, frame, items.items.count)
      var index = 0
      while index < items.items.count {
        try item(state, items.items[index], offset)
        try round(state, index)
        index += 1
      }
      return state.length
    case .view, .text:
      guard let view = sequence.textView else { return -1 }
      let length = try characters(
        view, byPoint: view.isSafe, list, names, frame, asPairs: names > 1 && !view.isSafe, offset)
      withExtendedLifetime(sequence) {}
      return length
    case .map, .treeMap, .object:
      if case .object(let object) = sequence, object is MacroFunction { return -1 }
      if names == 1 { return try arrayLike(sequence, list, frame, offset) }
      return try pairs(sequence, list, names, frame)
    default: return names > 1 ? 0 : -1
    }
  }

  /// Puts one item into the names: the item itself, or its members 0, 1, 2 ….
  @inline(__always)
  private func item(_ state: LoopState, _ value: Value, _ offset: Int32) throws(TemplateError) {
    if state.names == 1 { return put(state, 0, value, frame: true) }
    if value.isNothing {
      let error = TemplateError.type(
        "an item of the loop is \(try string(value)) and cannot be taken apart")
      error.locate(now.template, at: Int(offset))
      throw error
    }
    for name in 0..<state.names {
      put(state, name, try index(value, .number(Double(name))), frame: false)
    }
  }

  private func characters(
    _ view: TextView, byPoint: Bool, _ list: UnsafeMutablePointer<Int32>, _ names: Int,
    _ frame: Frame?, asPairs: Bool, _ offset: Int32
  ) throws(TemplateError) -> Int {
    let pieces = try characters(view, byPoint: byPoint)
    let state = state(list, names, frame, pieces.count)
    for (index, piece) in pieces.enumerated() {
      if asPairs {
        put(state, 0, try makeText(String(index)), frame: true)
        put(state, 1, piece, frame: true)
      } else {
        try item(state, piece, offset)
      }
      try round(state, index)
    }
    return pieces.count
  }

  /// The text cut into code units, or into characters (code points).
  func characters(_ view: TextView, byPoint: Bool) throws(TemplateError) -> [Value] {
    var pieces: [Value] = []
    try charge(view.count &* 16)
    pieces.reserveCapacity(view.count)
    if view.isASCII {
      let copy = try makeText(view.base, view.count)
      if let stable = copy.textView, case .view = copy {
        for index in 0..<stable.count {
          pieces.append(
            .view(TextView(base: stable.base + index, length: 1, flags: TextView.ascii)))
        }
        return pieces
      }
    }
    if byPoint {
      var at = 0
      while at < view.count {
        var end = at + 1
        while end < view.count, view.base[end] & 0xC0 == 0x80 { end += 1 }
        pieces.append(try makeText(view.base + at, end - at))
        at = end
      }
    } else {
      for unit in view.units { pieces.append(try makeText(units: CollectionOfOne(unit))) }
    }
    return pieces
  }

  /// An object with a `length` is walked by index.
  private func arrayLike(
    _ value: Value, _ list: UnsafeMutablePointer<Int32>, _ frame: Frame?, _ offset: Int32
  ) throws(TemplateError) -> Int {
    let length = try member(value, TextView("length"))
    if length.isUndefined { return -1 }
    let bound = try number(length)
    let state = state(list, 1, frame, clampedInteger(bound))
    var index = 0
    while Double(index) < bound {
      put(state, 0, try self.index(value, .number(Double(index))), frame: true)
      try round(state, index)
      index += 1
    }
    return length.isTruthy ? max(1, state.length) : 0
  }

  private func pairs(
    _ value: Value, _ list: UnsafeMutablePointer<Int32>, _ names: Int, _ frame: Frame?
  ) throws(TemplateError) -> Int {
    let entries = try entries(value)
    let state = state(list, names, frame, entries.count)
    for (index, entry) in entries.enumerated() {
      put(state, 0, entry.key, frame: true)
      put(state, 1, entry.value, frame: true)
      try round(state, index)
    }
    return entries.count
  }

  // MARK: asyncEach, asyncAll

  /// The asynchronous loops, whose rules for odd sequences differ; see the differences above.
  func asyncLoop(_ node: UnsafeMutablePointer<Node>) throws(TemplateError) {
    var sequence = try evaluate(node.pointee.a)
    if let view = sequence.textView, view.isSafe {
      sequence = .list(TemplateList(local: try characters(view, byPoint: true)))
    }
    let list = now.lists + Int(node.pointee.b)
    let names = Int(list[0])
    let tail = list + 1 + names * 2
    var frame: Frame? = newFrame(parent: now.cell.frame)
    if let frame { now.cell.frame = frame }
    do throws(TemplateError) {
      switch sequence {
      case .list, .treeList:
        let state = state(list, names, frame, listCount(sequence))
        // The body may change the list.
        var index = 0
        while index < listCount(sequence) {
          let value = listItem(sequence, index)
          if names == 1 {
            put(state, 0, value, frame: true)
          } else {
            if value.isNothing { throw .type("an item of the loop cannot be taken apart") }
            for name in 0..<names {
              put(state, name, try self.index(value, .number(Double(name))), frame: true)
            }
          }
          try round(state, index)
          index += 1
        }
      default:
        let entries = try entries(sequence)
        if !entries.isEmpty, names != 2 {
          throw .type("an asynchronous loop over this value needs two names")
        }
        let state = state(list, names, frame, entries.count)
        for (index, entry) in entries.enumerated() {
          put(state, 0, entry.key, frame: true)
          put(state, 1, entry.value, frame: true)
          try round(state, index)
        }
      }
      if tail[3] >= 0 {
        if sequence.isNothing { throw .type("an asynchronous loop over nothing has no length") }
        if try !member(sequence, TextView("length")).isTruthy { try execute(tail[3]) }
      }
    } catch {
      error.locate(now.template, at: Int(node.pointee.offset))
      throw error
    }
    if let parent = frame?.parent { now.cell.frame = parent }
    retire(&frame)
  }
}
