import PluginABI

/// The units that give error answers, asked before the kernel answers by itself.
struct ErrorAnswerers {
  struct Answerer {
    unowned(unsafe) let unit: Unit
    let table: egg_error_answerer
  }

  private var answerers: [Answerer] = []

  mutating func add(_ answerer: Answerer) { answerers.append(answerer) }

  /// Asks the one that came last first, so that a later unit refines what an earlier one gives.
  ///
  /// - Returns: whether somebody has answered.
  func answer(_ error: UnsafePointer<egg_error>, on context: Context) -> Bool {
    guard !answerers.isEmpty else { return false }
    return context.lending { call in
      answerers.reversed().contains {
        $0.table.answer($0.table.`self`, call, error, context.errorFormat.number)
      }
    }
  }

  /// Whether an error is logged and told; one unit that says no is enough.
  func reports(_ error: UnsafePointer<egg_error>, on context: Context) -> Bool {
    guard answerers.contains(where: { $0.table.reports != nil }) else { return true }
    return context.lending { call in
      answerers.allSatisfy { $0.table.reports?($0.table.`self`, call, error) ?? true }
    }
  }
}

extension Context {
  /// Runs `body` with a call that can read and set, but not be settled.
  func lending<R>(_ body: (egg_call) -> R) -> R {
    // While the chain holds its own token, that one is lent.
    if chainCall.isHeld { return body(chainCall.token) }
    let token = chainCall.issue(to: worker.kernelUnit, mayGoOn: false)
    chainCall.isLent = true
    defer {
      chainCall.isLent = false
      chainCall.spend()
    }
    return body(token)
  }
}

extension Context.ErrorFormat {
  var number: egg_error_format {
    switch self {
    case .text: egg_error_format(EGG_FORMAT_TEXT)
    case .html: egg_error_format(EGG_FORMAT_HTML)
    case .json: egg_error_format(EGG_FORMAT_JSON)
    }
  }
}
