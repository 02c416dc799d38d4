import FileWatching
import Foundation
import Testing

/// A folder of its own, and a watch on some of it.
private final class Place {
  let folder: String
  let watch: FileWatch

  init(limit: Int = 1000, ignores: @escaping (String) -> Bool = { _ in false }) throws {
    let url = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appendingPathComponent("egg-watch-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    folder = url.path
    watch = try FileWatch(limit: limit, ignores: ignores)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func path(_ name: String) -> String { folder + "/" + name }

  func write(_ name: String, _ text: String = "x") throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path(name)))
  }

  func make(_ name: String) throws {
    try FileManager.default.createDirectory(
      atPath: path(name), withIntermediateDirectories: true)
  }

  func move(_ from: String, _ to: String) { #expect(rename(path(from), path(to)) == 0) }

  /// inotify tells at once: what has happened is there to be read.
  func changes() -> [String] {
    watch.read().map { "\($0.kind) \($0.path.dropFirst(folder.count))" }
  }
}

@Suite("FileWatch") struct FileWatchTests {
  @Test func `a written file is told, its neighbour is not`() throws {
    let place = try Place()
    try place.write("a.json")
    try place.write("b.json")
    place.watch.add(place.path("a.json"))
    try place.write("a.json", "y")
    try place.write("b.json", "y")
    #expect(place.changes() == ["change /a.json"])
  }

  @Test func `an editor that writes beside a file and renames keeps being watched`() throws {
    let place = try Place()
    try place.write("a.json")
    place.watch.add(place.path("a.json"))
    for _ in 0..<3 {
      try place.write("a.json.tmp", "new")
      place.move("a.json.tmp", "a.json")
      #expect(place.changes() == ["create /a.json"])
    }
    try place.write("a.json", "in place")
    #expect(place.changes() == ["change /a.json"])
  }

  @Test func `folders are watched with what is in them, those made later too`() throws {
    let place = try Place()
    try place.make("app/one/two")
    place.watch.add(place.path("app"))
    try place.write("app/one/two/x.swift")
    #expect(place.changes().last == "change /app/one/two/x.swift")
    try place.make("app/three/four")
    try place.write("app/three/four/y.swift")
    #expect(place.changes().contains("create /app/three/four/y.swift"))
    try place.write("app/three/four/y.swift", "again")
    #expect(place.changes() == ["change /app/three/four/y.swift"])
  }

  @Test func `a folder that is moved takes its watches along`() throws {
    let place = try Place()
    try place.make("app/old/deep")
    place.watch.add(place.path("app"))
    place.move("app/old", "app/new")
    _ = place.changes()
    try place.write("app/new/deep/z.swift")
    #expect(place.changes() == ["create /app/new/deep/z.swift", "change /app/new/deep/z.swift"])
    place.move("app/new", "away")
    #expect(place.changes() == ["remove /app/new"])
    try place.write("away/deep/z.swift", "y")
    #expect(place.changes().isEmpty)
  }

  @Test func `what does not exist yet is told when it comes`() throws {
    let place = try Place()
    place.watch.add(place.path("later/config/a.json"))
    try place.make("later/config")
    _ = place.changes()
    try place.write("later/config/a.json")
    #expect(place.changes().contains("change /later/config/a.json"))
  }

  @Test func `a watched folder that is removed and made again is watched again`() throws {
    let place = try Place()
    try place.make("app/sub")
    place.watch.add(place.path("app"))
    try FileManager.default.removeItem(atPath: place.path("app"))
    #expect(place.changes().contains("unknown /app"))
    try place.make("app")
    _ = place.changes()
    try place.write("app/a.swift")
    #expect(place.changes().contains("change /app/a.swift"))
  }

  @Test func `a loop of symbolic links does no harm`() throws {
    let place = try Place()
    try place.make("app/sub")
    #expect(symlink("..", place.path("app/sub/up")) == 0)
    place.watch.add(place.path("app"))
    // The folder, its sub-folder, and those above it.
    #expect(place.watch.watchedFolders <= 3)
    try place.write("app/sub/a.swift")
    #expect(place.changes().contains("change /app/sub/a.swift"))
  }

  @Test func `ignored names are neither told nor entered`() throws {
    let place = try Place(ignores: { $0.hasSuffix("/.build") || $0.hasSuffix("~") })
    try place.make("app/.build/deep")
    place.watch.add(place.path("app"))
    try place.write("app/.build/deep/a.o")
    try place.write("app/a.swift~")
    #expect(place.changes().isEmpty)
  }

  @Test func `beyond the limit of folders one failure says so, and the rest is told`() throws {
    let place = try Place(limit: 8)
    for number in 0..<20 { try place.make("app/d\(number)") }
    place.watch.add(place.path("app"))
    let failures = place.watch.takeFailures()
    #expect(failures.count == 1)
    #expect(failures.first?.description.hasPrefix("more than 8 folders: ") == true)
    try place.write("app/a.swift")
    #expect(place.changes().contains("change /app/a.swift"))
  }

  @Test func `an overflow is told as an unknown change, and watching goes on`() throws {
    let place = try Place()
    try place.make("app")
    place.watch.add(place.path("app"))
    let text = try String(contentsOfFile: "/proc/sys/fs/inotify/max_queued_events", encoding: .utf8)
    let limit = try #require(Int(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    // Two names in turn, as the system leaves out what repeats the event before.
    let names = ["a", "b"].map { place.path("app/\($0)") }
    for number in 0..<(limit + 100) {
      let descriptor = open(names[number % 2], O_WRONLY | O_CREAT, 0o600)
      close(descriptor)
    }
    #expect(place.changes().contains("unknown /app"))
    try place.make("app/new")
    try place.write("app/new/c")
    #expect(place.changes().contains("create /app/new/c"))
  }

  @Test func `what is not watched any more is silent, and others are not`() throws {
    let place = try Place()
    try place.make("one")
    try place.make("two")
    place.watch.add(place.path("one"))
    place.watch.add(place.path("two"))
    place.watch.remove(place.path("one"))
    try place.write("one/a")
    try place.write("two/a")
    #expect(place.changes() == ["create /two/a", "change /two/a"])
  }
}
