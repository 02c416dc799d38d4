import Glibc

nonisolated extension Folder {
  /// Names of all files below the folder, sorted, as far as 32 levels down.
  func names() -> [[UInt8]] {
    var found: [[UInt8]] = []
    walk([], depth: 0, &found)
    return found.sorted { $0.lexicographicallyPrecedes($1) }
  }

  private func walk(_ below: [UInt8], depth: Int, _ found: inout [[UInt8]]) {
    let full = fullPath(below).map { CChar(bitPattern: $0) }
    guard depth < 32, let stream = opendir(full) else { return }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      if name == [0x2E] || name == [0x2E, 0x2E] { continue }
      let path = below.isEmpty ? name : below + [UInt8(ascii: "/")] + name
      if facts(fullPath(path)) != nil {
        found.append(path)
      } else if Int32(entry.pointee.d_type) != DT_LNK || options.followsSymlinks {
        walk(path, depth: depth + 1, &found)
      }
    }
  }
}
