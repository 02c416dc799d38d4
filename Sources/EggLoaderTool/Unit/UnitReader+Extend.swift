/// `app/extend/*.swift`: members that other units and templates call by name.
extension UnitReader {
  /// The objects that a unit may extend, by the name of the file.
  static let targets: [String: String] = [
    "application": "Application", "agent": "Agent", "context": "Context", "request": "Request",
    "response": "Response", "helper": "Helper",
  ]

  /// `app/extend/context.local.swift` is for the environment `local` only: there its members have their
  /// names before those of `context.swift`. To Swift all of them are there, so a member that replaces
  /// another is written with the environment behind its name: `greeting_local` is `greeting`.
  ///
  /// - Source: Egg, `loadExtend`: the plain files of all units, then those of the environment.
  mutating func readExtend(_ file: SourceFile, _ stem: String) {
    guard !file.declarations.isEmpty else { return }
    let parts = stem.split(separator: ".", maxSplits: 1).map(String.init)
    let isForTarget = parts.count == 2 && Self.targets[parts[0]] != nil
    let name = isForTarget ? parts[0] : stem
    let environment = isForTarget ? parts[1] : nil
    guard let target = Self.targets[name] else {
      readFunctionFile(file, name)
      return
    }
    let extensions = file.declarations.filter { $0.kind == .extension }
    let matching = extensions.filter { TypeTable.bareName($0.name) == target }
    if matching.isEmpty {
      report(
        file, extensions.first ?? file.declarations.first,
        "\(file.relativePath) extends nothing: expected `extension \(target) { … }`"
          + (extensions.first.map { ", found `extension \($0.name)`" } ?? ""))
      return
    }
    for declaration in matching where !declaration.isHidden && !declaration.isLocal {
      for member in declaration.members where isConvertible(member) {
        let ending = environment.map { "_" + $0 } ?? ""
        let shown =
          !ending.isEmpty && member.name.hasSuffix(ending) && member.name.count > ending.count
          ? String(member.name.dropLast(ending.count)) : member.name
        // Of several with one name, the first is the one that has it outside Swift.
        let isTaken = model.members.contains {
          $0.target == target && $0.name == shown && $0.environment == environment
        }
        if isTaken { continue }
        add(
          UnitModel.Member(
            target: target, name: shown, declaration: member,
            position: file.position(of: member.offset), environment: environment))
      }
    }
  }

  /// `app/extend/filter.swift` and what other plugins look for there.
  private mutating func readFunctionFile(_ file: SourceFile, _ name: String) {
    let misplaced = file.declarations.first {
      $0.kind == .extension && Self.targets.values.contains(TypeTable.bareName($0.name))
    }
    if let misplaced {
      let right = TypeTable.bareName(misplaced.name)
      report(
        file, misplaced,
        "an extension of \(right) belongs into app/extend/\(right.lowercased()).swift, not into"
          + " \(file.relativePath)")
      return
    }
    guard let path = claim(file, [name], in: "app/extend") else { return }
    add(
      UnitModel.Export(
        relativePath: file.relativePath, folder: "app/extend", path: path,
        content: .functions(readFunctions(file))))
  }

  /// The top-level functions of a file that can be called with values.
  mutating func readFunctions(_ file: SourceFile) -> [UnitModel.Member] {
    var members: [UnitModel.Member] = []
    for function in file.declarations where function.kind == .function {
      guard isConvertible(function), !members.contains(where: { $0.name == function.name }) else {
        continue
      }
      members.append(
        UnitModel.Member(
          target: "", name: function.name, declaration: function,
          position: file.position(of: function.offset)))
    }
    return members
  }

  // MARK: What can cross

  /// Whether a member can be called with values, by a caller that knows its name only.
  private func isConvertible(_ member: Declaration) -> Bool {
    guard !member.isHidden, !member.isStatic, !member.isGeneric, !member.isLocal,
      !member.isMutating,
      !member.name.hasPrefix("_")
    else { return false }
    switch member.kind {
    case .function:
      return member.parameters.allSatisfy { crosses($0.type, ["Decodable", "Codable"]) }
        && (member.type.map { crosses($0, ["Encodable", "Codable", "ExportedObject"]) } ?? true)
    case .property:
      // A property answers at once.
      guard let type = member.type, !member.isAsync else { return false }
      return crosses(type, ["Encodable", "Codable", "ExportedObject"])
    default:
      return false
    }
  }

  /// Whether a type, as written, is one of the plain ones or a type of this unit with one of these
  /// conformances; optionals, arrays and dictionaries of them too.
  private func crosses(_ written: String, _ protocols: Set<String>) -> Bool {
    var type = written[...]
    while let last = type.last, last == "?" || last == "!" { type.removeLast() }
    if type.hasPrefix("["), type.hasSuffix("]") {
      let inner = type.dropFirst().dropLast()
      guard let colon = topLevelColon(inner) else { return crosses(String(inner), protocols) }
      let key = inner[..<colon].filter { $0 != " " }
      return key == "String"
        && crosses(String(inner[inner.index(after: colon)...].drop { $0 == " " }), protocols)
    }
    let name = String(type)
    return Self.plainTypes.contains(name) || types.conforms(name, to: protocols)
  }

  private func topLevelColon(_ text: Substring) -> Substring.Index? {
    var depth = 0
    for index in text.indices {
      switch text[index] {
      case "[", "(", "<": depth += 1
      case "]", ")", ">": depth -= 1
      case ":" where depth == 0: return index
      default: break
      }
    }
    return nil
  }

  private static let plainTypes: Set<String> = [
    "Value", "Egg.Value", "Bool", "String", "Double", "Float", "Int", "Int8", "Int16", "Int32",
    "Int64", "UInt", "UInt8", "UInt16", "UInt32", "UInt64",
  ]
}
