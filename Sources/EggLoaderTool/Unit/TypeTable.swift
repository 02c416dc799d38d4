/// Every top-level type of a unit, with what its extensions add, so that inheritance can be followed.
struct TypeTable {
  struct Entry {
    var declaration: Declaration
    var file: SourceFile
    /// Members of the type and of its extensions, each with the file that holds it.
    var members: [(declaration: Declaration, file: SourceFile)]
    /// The inheritance clauses of the type and of its extensions.
    var inherited: [String]
  }

  private(set) var entries: [String: Entry] = [:]

  /// Redeclarations keep the first; the compiler reports the second.
  init(_ files: [SourceFile]) {
    for file in files {
      for declaration in file.declarations {
        switch declaration.kind {
        case .class, .struct, .enum, .actor:
          if entries[declaration.name] == nil {
            entries[declaration.name] = Entry(
              declaration: declaration, file: file,
              members: declaration.members.map { ($0, file) }, inherited: declaration.inherited)
          }
        default: break
        }
      }
    }
    for file in files {
      for declaration in file.declarations where declaration.kind == .extension {
        guard entries[declaration.name] != nil, !declaration.isGeneric else { continue }
        entries[declaration.name]?.inherited += declaration.inherited
        entries[declaration.name]?.members += declaration.members.map { member in
          var member = member
          // `private extension` hides what it holds.
          if declaration.isHidden { member.access = declaration.access }
          return (member, file)
        }
      }
    }
  }

  /// Whether a class derives from `base`, directly or through classes of this unit.
  func derives(_ declaration: Declaration, from base: String) -> Bool {
    guard declaration.kind == .class else { return false }
    return ancestry(declaration).contains(base)
  }

  /// Superclass candidates from the nearest on, without module and generic arguments.
  func ancestry(_ declaration: Declaration) -> [String] {
    var names: [String] = []
    var next = declaration.inherited.first
    while let written = next {
      let name = Self.bareName(written)
      if names.contains(name) { break }  // a cycle; the compiler says so
      names.append(name)
      next = entries[name].flatMap { $0.declaration.kind == .class ? $0.inherited.first : nil }
    }
    return names
  }

  /// Members of a class and, behind them, of its ancestors in this unit; an override counts once,
  /// at its nearest place.
  func allMembers(
    of declaration: Declaration, in file: SourceFile
  ) -> [(declaration: Declaration, file: SourceFile, isOwn: Bool)] {
    let own = entries[declaration.name]?.members ?? declaration.members.map { ($0, file) }
    var members = own.map { (declaration: $0.declaration, file: $0.file, isOwn: true) }
    for ancestor in ancestry(declaration) {
      guard let entry = entries[ancestor] else { continue }
      for (member, file) in entry.members {
        let isOverridden = members.contains {
          $0.declaration.name == member.name && $0.declaration.kind == member.kind
            && $0.declaration.parameters.count == member.parameters.count
        }
        if !isOverridden { members.append((member, file, false)) }
      }
    }
    return members
  }

  /// Whether a type of this unit says that it conforms to one of these.
  func conforms(_ name: String, to protocols: Set<String>) -> Bool {
    guard let entry = entries[name] else { return false }
    let written = entry.inherited.flatMap { $0.split(separator: "&") }
    if written.contains(where: { protocols.contains(Self.bareName(String($0))) }) { return true }
    return entry.declaration.kind == .class
      && ancestry(entry.declaration).contains { ancestor in
        protocols.contains(ancestor)
          || entries[ancestor]?.inherited.contains { protocols.contains(Self.bareName($0)) } == true
      }
  }

  /// `Egg.Controller` and `Base<User>` give `Controller` and `Base`.
  static func bareName(_ written: String) -> String {
    var name = written.prefix { $0 != "<" && $0 != "&" }
    while name.last == " " { name.removeLast() }
    while name.first == " " || name.first == "@" {
      guard let space = name.firstIndex(of: " ") else { break }
      name = name[name.index(after: space)...]
    }
    return String(name.split(separator: ".").last ?? name)
  }
}
