import Testing

@testable import EggStatic

@Suite("File table") struct FileTableTests {
  private let folder: TemporaryFolder
  private let sample: CachedFile

  init() throws {
    folder = try TemporaryFolder()
    try folder.write("a.txt", "a")
    sample = try #require(StoreUnderTest(folder).find("/public/a.txt"))
  }

  private func file(_ key: String) -> CachedFile {
    CachedFile(
      key: Array(key.utf8), name: [], folder: sample.folder, identity: sample.identity, gzip: nil,
      brotli: nil, goodUntil: 0)
  }

  private func find(_ key: String, in table: FileTable) -> CachedFile? {
    Array(key.utf8).withUnsafeBufferPointer { table.find($0)?.takeUnretainedValue() }
  }

  private func remove(_ key: String, from table: FileTable) {
    Array(key.utf8).withUnsafeBufferPointer { table.remove($0) }
  }

  @Test func `what is in a dictionary is in the table after any insertions and removals`() {
    var random = Numbers(state: 7)
    for _ in 0..<20 {
      let table = FileTable(limit: 1_000_000)
      var model: [String: ObjectIdentifier] = [:]
      for _ in 0..<400 {
        let key = "/public/\(random.next() % 120)"
        if random.next() % 3 == 0 {
          remove(key, from: table)
          model[key] = nil
        } else {
          let new = file(key)
          table.insert(new)
          model[key] = ObjectIdentifier(new)
        }
      }
      #expect(table.count == model.count)
      for number in 0..<120 {
        let key = "/public/\(number)"
        #expect(find(key, in: table).map(ObjectIdentifier.init) == model[key])
      }
    }
  }

  @Test func `keys of all lengths are told apart`() {
    let table = FileTable(limit: 1000)
    for length in 0..<40 { table.insert(file(String(repeating: "x", count: length))) }
    for length in 0..<40 {
      #expect(find(String(repeating: "x", count: length), in: table)?.key.count == length)
    }
  }

  @Test func `a file that was asked for stays when another is forgotten`() {
    let table = FileTable(limit: 4)
    for name in ["a", "b", "c", "d", "e"] { table.insert(file(name)) }
    #expect(table.count == 4)
    // All that are left have had their chance taken; one is asked for again.
    let kept = table.all.filter { $0.key != Array("e".utf8) }
    let favourite = kept[0]
    favourite.isUsed = true
    table.insert(file("f"))
    #expect(table.count == 4)
    #expect(find(String(decoding: favourite.key, as: UTF8.self), in: table) === favourite)
  }

  /// Repeatable numbers (xorshift).
  private struct Numbers {
    var state: UInt64
    mutating func next() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
  }
}
