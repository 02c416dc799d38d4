extension Renderer {
  /// Makes links of addresses in running text.
  func urlize(_ call: TemplateCall) throws(TemplateError) -> Value {
    guard let view = call[0].textView else { throw notText(call[0]) }
    let length = try number(call[1])
    let most = length.isNaN ? Int.max : clampedInteger(length)
    var attribute = ""
    if case .bool(true) = call[2] { attribute = " rel=\"nofollow\"" }
    let start = out.count
    var at = 0
    while at < view.count {
      let from = at
      var width = whitespaceWidth(view.base + at, view.count - at)
      if width > 0 {
        while width > 0 {
          at += width
          width = whitespaceWidth(view.base + at, view.count - at)
        }
        out.append(view.base + from, at - from)
        continue
      }
      while at < view.count, whitespaceWidth(view.base + at, view.count - at) == 0 { at += 1 }
      link(view.slice(from, at), most, attribute)
      if out.isOver { throw outputError() }
    }
    return try capture(from: start, safe: false)
  }

  private func link(_ word: TextView, _ most: Int, _ attribute: String) {
    let core = bare(word)
    let text = core.string
    let http = starts(core, "http://") || starts(core, "https://")
    if http {
      write(text, "", text, most, attribute)
    } else if starts(core, "www.") {
      write(text, "http://", text, most, attribute)
    } else if isMail(core) {
      out.append("<a href=\"mailto:")
      out.append(core)
      out.append("\">")
      out.append(core)
      out.append("</a>")
    } else if hasDomain(core) {
      write(text, "http://", text, most, attribute)
    } else {
      out.append(word)
    }
  }

  private func write(
    _ target: String, _ scheme: String, _ text: String, _ most: Int, _ attribute: String
  ) {
    let shown = String(decoding: text.utf16.prefix(max(0, most)), as: UTF16.self)
    var html = "<a href=\"\(scheme)\(target)\"\(attribute)>\(shown)</a>"
    html.withUTF8 { if let base = $0.baseAddress { out.append(base, $0.count) } }
  }

  /// Without one opening and one closing mark.
  private func bare(_ word: TextView) -> TextView {
    var from = 0
    var to = word.count
    if starts(word, "&lt;") {
      from = 4
    } else if to > 0, word.base[0] == UInt8(ascii: "(") || word.base[0] == UInt8(ascii: "<") {
      from = 1
    }
    if to - from >= 4, word.slice(to - 4, to).equals("&gt;") {
      to -= 4
    } else if to > from {
      switch word.base[to - 1] {
      case UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: ")"), 0x0A: to -= 1
      default: break
      }
    }
    return word.slice(from, to)
  }

  private func starts(_ view: TextView, _ prefix: StaticString) -> Bool {
    let count = prefix.utf8CodeUnitCount
    return view.count >= count && view.slice(0, count).equals(prefix)
  }

  /// word.characters or + @ domain . ending
  private func isMail(_ view: TextView) -> Bool {
    guard let sign = view.bytes.firstIndex(of: UInt8(ascii: "@")) else { return false }
    func isName(_ byte: UInt8) -> Bool { RegexSet.isWord(UInt16(byte)) }
    let user = view.bytes[..<sign]
    let host = Array(view.bytes[(sign + 1)...])
    let userMarks = Set(".!#$%&'*+-/=?^`{|}~".utf8)
    guard !user.isEmpty, user.allSatisfy({ isName($0) && $0 < 0x80 || userMarks.contains($0) })
    else { return false }
    let labels = host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return labels.count >= 1
      && labels.allSatisfy { label in
        !label.isEmpty && label.allSatisfy { digitValue($0) != nil || $0 == UInt8(ascii: "-") }
          && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
      }
  }

  private func hasDomain(_ view: TextView) -> Bool {
    for ending in [".org" as StaticString, ".net", ".com"] {
      var at = 0
      while true {
        let hit = find(TextView(ending), in: view, from: at)
        if hit < 0 { break }
        let next = hit + 4
        if next == view.count || view.base[next] == UInt8(ascii: ":")
          || view.base[next] == UInt8(ascii: "/")
        {
          return true
        }
        at = hit + 1
      }
    }
    return false
  }
}
