/// Types, as they are written.
extension DeclarationScanner {
  /// Reads a type and gives its text with single spaces and no comments.
  mutating func scanTypeReference() -> String {
    var text = ""
    scanType(into: &text)
    return text
  }

  private mutating func take(into text: inout String) {
    text += lexer.text(token.start, token.end)
    advance()
  }

  private mutating func scanType(into text: inout String) {
    guard typeDepth < Self.maximumDepth else {
      isBroken = true
      return
    }
    typeDepth += 1
    defer { typeDepth -= 1 }
    while true {
      while isMark(0x40) || isMark(0x7E) {  // @escaping, ~Copyable
        if isMark(0x40) {
          advance()
          text += "@" + scanAttribute() + " "
        } else {
          take(into: &text)
        }
      }
      if token.kind == .name, isTypePrefix(word) {
        text += word + " "
        advance()
        if isMark(0x28), text.hasSuffix("nonisolated ") { skipBrackets() }
        continue
      }
      break
    }
    if token.kind == .name {
      take(into: &text)
      if isMark(0x3C) { scanGenericArguments(into: &text) }
    } else if isMark(0x28) || isMark(0x5B) {
      scanBracketText(into: &text)
      if !token.startsLine { scanFunctionTail(into: &text) }
    } else {
      return
    }
    while true {
      if isMark(0x3F) || isMark(0x21) {  // ? !
        take(into: &text)
      } else if isMark(0x2E) {  // .
        take(into: &text)
        if token.kind == .name { take(into: &text) }
        if isMark(0x3C) { scanGenericArguments(into: &text) }
      } else if isMark(0x26) {  // &
        advance()
        text += " & "
        return scanType(into: &text)
      } else {
        return
      }
    }
  }

  /// Behind the parameters of a function type.
  private mutating func scanFunctionTail(into text: inout String) {
    while token.kind == .name {
      switch word {
      case "async", "throws", "rethrows":
        // `func f() -> (Int) async`: only a function type goes on like this.
        text += " " + word
        advance()
        if isMark(0x28) { scanBracketText(into: &text) }
      default:
        return
      }
    }
    if token.kind == .arrow {
      advance()
      text += " -> "
      scanType(into: &text)
    }
  }

  /// At `<`.
  private mutating func scanGenericArguments(into text: inout String) {
    repeat {
      text += isMark(0x3C) ? "<" : ", "
      advance()
      scanType(into: &text)
    } while isMark(0x2C)
    if isMark(0x3E) {
      take(into: &text)
    } else {
      // Values and other things no loader type has.
      while token.kind != .end, !isMark(0x3E), !isMark(0x7B) { take(into: &text) }
      if isMark(0x3E) { take(into: &text) }
    }
  }

  /// At `(` or `[`: its text up to the bracket that closes it.
  private mutating func scanBracketText(into text: inout String) {
    var depth = 0
    repeat {
      if token.kind == .end {
        isBroken = true
        return
      }
      if token.kind == .mark {
        switch token.mark {
        case 0x28, 0x5B, 0x7B: depth += 1
        case 0x29, 0x5D, 0x7D: depth -= 1
        default: break
        }
      }
      let before = token
      if before.kind == .arrow {
        text += " -> "
      } else {
        text += lexer.text(before.start, before.end)
      }
      advance()
      let isComma = before.kind == .mark && (before.mark == 0x2C || before.mark == 0x3A)
      let isPair = before.kind == .name && token.kind == .name
      if depth > 0, isComma || isPair { text += " " }
    } while depth > 0
  }

  private func isTypePrefix(_ word: String) -> Bool {
    switch word {
    case "inout", "some", "any", "each", "repeat", "borrowing", "consuming", "sending", "isolated",
      "nonisolated", "__owned", "__shared":
      return true
    default: return false
    }
  }
}
