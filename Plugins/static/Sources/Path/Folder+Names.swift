import Glibc

nonisolated extension Folder {
  /// Names of all files below the folder, sorted, as far as 32 levels down. Each folder is looked
  /// into once, whatever links lead to it.
  func names() -> [[UInt8]] {
    var walk = Walk()
    look(into: [], depth: 0, &walk)
    return walk.found.sorted { $0.lexicographicallyPrecedes($1) }
  }

  private struct Walk {
    struct Place: Hashable {
      let device: UInt
      let inode: UInt
    }

    var found: [[UInt8]] = []
    var seen: Set<Place> = []
  }

  private func look(into below: [UInt8], depth: Int, _ walk: inout Walk) {
    let full = fullPath(below).map { CChar(bitPattern: $0) }
    guard depth < 32, let stream = opendir(full) else { return }
    defer { closedir(stream) }
    var status = stat()
    guard fstat(dirfd(stream), &status) == 0 else { return }
    let place = Walk.Place(device: UInt(status.st_dev), inode: UInt(status.st_ino))
    guard walk.seen.insert(place).inserted else { return }
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      if name == [0x2E] || name == [0x2E, 0x2E] { continue }
      let path = below.isEmpty ? name : below + [UInt8(ascii: "/")] + name
      if facts(fullPath(path)) != nil {
        walk.found.append(path)
      } else if Int(entry.pointee.d_type) != Int(DT_LNK) || options.followsSymlinks {
        look(into: path, depth: depth + 1, &walk)
      }
    }
  }
}
