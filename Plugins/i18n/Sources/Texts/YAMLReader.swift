import Egg

/// The part of YAML that texts need: keys and texts, nested by indentation, comments, quotes.
///
///     title: Welcome
///     user:
///       name: 'Name'       # "a\nb" and 'it''s' too
///
/// Lists, blocks, anchors and flow objects are no texts and are refused with their line.
///
/// - Source: YAML 1.2.2, chapters 6.1, 6.6, 7.3 and 8.2.2.
public struct YAMLReader {
  private struct Level {
    let indentation: Int
    let prefix: String
  }

  private var texts = ValueMap()
  private var levels: [Level] = []
  /// A key whose members may follow.
  private var open: (name: String, indentation: Int)?

  /// - Throws: `EggError` with the line of what is no text.
  public static func read(_ bytes: [UInt8]) throws -> ValueMap {
    var reader = YAMLReader()
    for (index, line) in TextLines.of(bytes).enumerated() {
      do {
        try reader.take(line)
      } catch {
        throw EggError(code: "EGG_I18N", "line \(index + 1): \(EggError(error).message)")
      }
    }
    return reader.texts
  }

  private mutating func take(_ line: Substring) throws {
    let content = line.drop { $0 == " " }
    if content.isEmpty || content.hasPrefix("#") || content == "---" { return }
    guard content.first != "\t" else { throw EggError("expected spaces, found a tab in front") }
    let prefix = try prefix(at: line.count - content.count)
    let (key, rest) = try Self.key(content)
    let value = rest.trimmingBlanks
    if value.isEmpty || value.hasPrefix("#") {
      open = (prefix + key, line.count - content.count)
    } else if let text = try Self.scalar(value) {
      texts[prefix + key] = .text(text)
    }
  }

  /// What stands in front of keys with this indentation, `user.`.
  private mutating func prefix(at indentation: Int) throws -> String {
    if let open, indentation > open.indentation {
      levels.append(Level(indentation: indentation, prefix: open.name + "."))
      guard levels.count <= 32 else { throw EggError("nested more than 32 deep") }
    } else if levels.isEmpty {
      levels = [Level(indentation: indentation, prefix: "")]
    }
    open = nil
    while let last = levels.last, last.indentation > indentation { levels.removeLast() }
    guard let level = levels.last, level.indentation == indentation else {
      throw EggError("expected the indentation of a key above, found \(indentation) spaces")
    }
    return level.prefix
  }

  private static func key(_ content: Substring) throws -> (String, Substring) {
    if let quote = content.first, quote == "\"" || quote == "'" {
      let (key, rest) = try quoted(content)
      let behind = rest.drop { $0 == " " }
      guard behind.first == ":" else { throw EggError("expected \":\" behind \"\(key)\"") }
      return (key, behind.dropFirst())
    }
    var at = content.startIndex
    while let colon = content[at...].firstIndex(of: ":") {
      let behind = content.index(after: colon)
      if behind == content.endIndex || content[behind] == " " {
        let key = content[..<colon].trimmingBlanks
        if key.isEmpty || "-?[{&*!|>%@`".contains(key.first ?? "-") { break }
        return (key, content[behind...])
      }
      at = behind
    }
    throw EggError("expected \"KEY: TEXT\", found \"\(content)\"")
  }

  /// - Returns: nil for null, which is no text.
  private static func scalar(_ value: String) throws -> String? {
    if let quote = value.first, quote == "\"" || quote == "'" {
      let (text, rest) = try quoted(value[...])
      let behind = rest.trimmingBlanks
      guard behind.isEmpty || behind.hasPrefix("#") else {
        throw EggError("expected nothing behind the quotes, found \"\(behind)\"")
      }
      return text
    }
    if "[{&*!|>%@`".contains(value.first ?? "[") {
      throw EggError("expected a text, found \"\(value)\"; quotes make it one")
    }
    var text = value[...]
    if let comment = text.range(of: " #") { text = text[..<comment.lowerBound] }
    let trimmed = text.trimmingBlanks
    return trimmed == "~" || trimmed == "null" ? nil : trimmed
  }

  /// - Returns: the text between quotes, and what stands behind them.
  private static func quoted(_ value: Substring) throws -> (String, Substring) {
    let quote = value.first ?? "\""
    var at = value.index(after: value.startIndex)
    let start = at
    while at < value.endIndex {
      let next = value.index(after: at)
      if quote == "\"", value[at] == "\\", next < value.endIndex {
        at = value.index(after: next)
      } else if value[at] == quote {
        if quote == "'", next < value.endIndex, value[next] == "'" {
          at = value.index(after: next)
          continue
        }
        let inner = value[start..<at]
        let text =
          quote == "\"" ? TextLines.unescaped(inner) : String(inner).replacing("''", with: "'")
        return (text, value[next...])
      } else {
        at = next
      }
    }
    throw EggError("expected a closing \(quote)")
  }
}

extension Substring {
  fileprivate func range(of text: String) -> Range<Index>? { ranges(of: text).first }
}
