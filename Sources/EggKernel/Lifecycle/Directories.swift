import Glibc
import PluginABI

/// Walking all units once for what contributed directories want to know, in load order.
extension Worker {
  struct FoundFile {
    let unit: Unit
    let absolute: String
    let relative: String
    var value = egg_value()
  }

  /// Everything below `directory` in every unit, and what units export under it.
  func files(of directory: ContributedDirectory) -> [FoundFile] {
    var found: [FoundFile] = []
    for unit in units {
      var own: [FoundFile] = []
      if let folder = unit.directory {
        let root = folder + "/" + directory.path
        if directory.wantsFolders {
          if FileReader.kind(of: root) == .folder {
            own.append(FoundFile(unit: unit, absolute: root, relative: ""))
          }
        } else if !directory.globs.isEmpty {
          walk(root, prefix: "", depth: 0, directory.globs, unit, &own)
          own.sort { $0.relative < $1.relative }
        }
      }
      for export in exports where export.unit === unit {
        guard export.path.hasPrefix(directory.path + "/") else { continue }
        let relative = String(export.path.dropFirst(directory.path.count + 1))
        if let index = own.firstIndex(where: { $0.relative == relative }) {
          own[index].value = export.value
        } else {
          let absolute = unit.directory.map { "\($0)/\(export.path)" } ?? ""
          own.append(
            FoundFile(unit: unit, absolute: absolute, relative: relative, value: export.value))
        }
      }
      found += own
    }
    return found
  }

  private func walk(
    _ folder: String, prefix: String, depth: Int, _ globs: [String], _ unit: Unit,
    _ found: inout [FoundFile]
  ) {
    guard depth < 32, found.count < 100_000, let stream = opendir(folder) else { return }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasPrefix(".") { continue }
      let path = folder + "/" + name
      let relative = prefix.isEmpty ? name : prefix + "/" + name
      switch FileReader.kind(of: path) {
      case .folder: walk(path, prefix: relative, depth: depth + 1, globs, unit, &found)
      case .file where globs.contains { fnmatch($0, name, 0) == 0 }:
        found.append(FoundFile(unit: unit, absolute: path, relative: relative))
      default: break
      }
    }
  }

  /// `admin/user_info.swift` → `admin.userInfo`.
  ///
  /// - Source: Egg, FileLoader with `caseStyle: lower`.
  static func property(_ relative: String) -> String {
    var name = relative
    if let dot = name.lastIndex(of: "."), !name[dot...].contains("/") {
      name = String(name[..<dot])
    }
    return name.split(separator: "/").map { segment in
      var result = ""
      var raise = false
      for character in segment {
        if character == "_" || character == "-" {
          raise = true
        } else if raise {
          result += character.uppercased()
          raise = false
        } else {
          result.append(character)
        }
      }
      return (result.first.map { $0.lowercased() } ?? "") + result.dropFirst()
    }.joined(separator: ".")
  }

  /// Hands each contributed directory its entries, one after the other.
  func deliverDirectories(
    from index: Int = 0, then: @escaping (Result<Void, BootError>) -> Void
  ) {
    guard index < directories.count else { return then(.success(())) }
    let directory = directories[index]
    let found = files(of: directory)
    let context = makeBackground()
    let entries = UnsafeMutablePointer<egg_entry>.allocate(capacity: max(1, found.count))
    let pointers = UnsafeMutablePointer<UnsafePointer<egg_entry>?>.allocate(
      capacity: max(1, found.count))
    for (number, file) in found.enumerated() {
      entries[number] = egg_entry(
        size: UInt32(MemoryLayout<egg_entry>.size), unit_kind: file.unit.kindNumber,
        unit: file.unit.nameText.value, absolute: context.text(file.absolute),
        relative: context.text(file.relative),
        property: context.text(Worker.property(file.relative)), value: file.value)
      pointers[number] = UnsafePointer(entries + number)
    }
    begin(
      directory.unit, context, "directory \(directory.path)",
      { call in
        directory.table.loaded(
          directory.table.`self`, call, UnsafePointer(pointers), UInt32(found.count))
      },
      then: { [self] result in
        entries.deallocate()
        pointers.deallocate()
        switch result {
        case .success: deliverDirectories(from: index + 1, then: then)
        case .failure(let error): then(.failure(error))
        }
      })
  }
}
