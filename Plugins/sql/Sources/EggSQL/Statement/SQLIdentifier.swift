/// Names of tables and columns.
public enum SQLIdentifier {
  /// `` a → `a` ``, `` t.a → `t`.`a` ``, `` a`b → `a``b` ``.
  public static func escape(_ name: String) -> String {
    var bytes: [UInt8] = [0x60]
    for byte in name.utf8 {
      switch byte {
      case UInt8(ascii: "."): bytes += [0x60, byte, 0x60]
      case 0x60: bytes += [0x60, 0x60]
      // A NUL ends the statement for some servers; no name has one.
      case 0: continue
      default: bytes.append(byte)
      }
    }
    bytes.append(0x60)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Several, with commas between.
  public static func escape(_ names: [String]) -> String {
    names.map { escape($0) }.joined(separator: ", ")
  }

  /// A value in the place of a name, which `??` stands for.
  static func escape(_ value: SQLValue) -> String {
    switch value {
    case .list(let list): list.map { escape($0) }.joined(separator: ", ")
    case .text(let text): escape(text)
    case .literal(let text): text
    default: escape(SQLStatement(value: value).text())
    }
  }
}

extension SQLStatement {
  init(value: SQLValue) {
    self.init()
    append(value)
  }
}
