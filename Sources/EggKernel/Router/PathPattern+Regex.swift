extension PathPattern {
  /// The regular expression with the same meaning, as path-to-regexp 1.x writes it. It is shown in
  /// the route dump and run for the patterns that `PathProgram` does not cover.
  ///
  ///     "/user/:id"  →  ^\/user\/((?:[^\/]+?))(?:\/(?=$))?$
  func regexText(strict: Bool, end: Bool) -> String {
    var route = ""
    for token in tokens {
      switch token {
      case .literal(let bytes):
        route += Self.escaped(bytes)
      case .parameter(let parameter):
        let prefix = Self.escaped(parameter.prefix.map { [$0] } ?? [])
        var capture = "(?:\(parameter.regexText))"
        if parameter.isRepeated { capture += "(?:\(prefix)\(capture))*" }
        if !parameter.isOptional {
          route += "\(prefix)(\(capture))"
        } else if parameter.isPartial {
          route += "\(prefix)(\(capture))?"
        } else {
          route += "(?:\(prefix)(\(capture)))?"
        }
      }
    }
    let endsWithSlash = route.hasSuffix("\\/")
    if !strict {
      if endsWithSlash { route.removeLast(2) }
      route += "(?:\\/(?=$))?"
    }
    if end {
      route += "$"
    } else if !(strict && endsWithSlash) {
      route += "(?=\\/|$)"
    }
    return "^" + route
  }

  private static func escaped(_ bytes: [UInt8]) -> String {
    var result: [UInt8] = []
    for byte in bytes {
      if ".+*?=^!:${}()[]|/\\".utf8.contains(byte) { result.append(RouteByte.backslash) }
      result.append(byte)
    }
    return String(decoding: result, as: UTF8.self)
  }
}

extension PathPattern.Parameter {
  /// What the parameter itself matches, without prefix and modifier.
  var regexText: String {
    if let custom { return custom }
    if isStar { return ".*" }
    return delimiter == RouteByte.slash ? "[^\\/]+?" : "[^\\.]+?"
  }

  /// One whole segment: `:id` between slashes, without a pattern of its own.
  var isPlainSegment: Bool {
    custom == nil && !isStar && prefix == RouteByte.slash
  }

  /// `*` or `(.*)`.
  var isWildcard: Bool { isStar || custom == ".*" }

  /// True when the parameter's text may hold a `/`.
  var mayHoldSlash: Bool {
    guard let custom else { return isStar || delimiter != RouteByte.slash }
    var parser = RegexParser(Array(custom.utf8), flags: [])
    guard let node = try? parser.parse() else { return true }
    return node.canConsume(RouteByte.slash)
  }
}
