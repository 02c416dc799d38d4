import Glibc

/// Tells what happens to files and to everything in folders, new sub-folders included.
///
///     let watch = try FileWatch()
///     try watch.add("/app/config")
///     // when watch.descriptor can be read:
///     for change in watch.read() { print(change.path, change.kind) }
///
/// Folders are watched, never files: an editor that replaces a file makes a new one of the same name.
/// Of a path that does not exist the nearest folder above is watched until it does. Symbolic links
/// inside of a watched folder are not followed, so a loop of them is harmless.
///
/// Not thread-safe; reading does not block.
/// - Source: inotify(7).
public final class FileWatch {
  /// Readable when something has happened.
  public let descriptor: Int32
  private let limit: Int
  private let ignores: (String) -> Bool
  private var roots: Set<String> = []
  private var folders: [Int32: String] = [:]
  private var numbers: [String: Int32] = [:]
  /// The limit was reached; told once.
  private var isFull = false
  /// What could not be watched since the last `takeFailures`.
  private var failures: [WatchFailure] = []

  private static let depthLimit = 64

  /// - Parameters:
  ///   - limit: folders at most.
  ///   - ignores: paths that are not told and, as folders, not entered.
  /// - Throws: when the system has no inotify instance left.
  public init(limit: Int = 16384, ignores: @escaping (String) -> Bool = { _ in false })
    throws(WatchFailure)
  {
    descriptor = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
    guard descriptor >= 0 else {
      throw WatchFailure(
        "no files can be watched: \(String(cString: strerror(errno))); raise fs.inotify.max_user_instances"
      )
    }
    self.limit = limit
    self.ignores = ignores
  }

  deinit { close(descriptor) }

  public var watchedFolders: Int { folders.count }

  // MARK: what is watched

  /// Watches a file, or a folder with all that is in it. Twice is once.
  ///
  /// - Returns: the path as changes will name it.
  @discardableResult
  public func add(_ path: String) -> String {
    let path = FilePath.normalized(path)
    if roots.insert(path).inserted { establish(path) }
    return path
  }

  /// The opposite. What another watched path needs stays.
  public func remove(_ path: String) {
    guard roots.remove(FilePath.normalized(path)) != nil else { return }
    for (number, folder) in folders where !isNeeded(folder) { forget(number, folder) }
  }

  public func takeFailures() -> [WatchFailure] {
    defer { failures = [] }
    return failures
  }

  /// Watches what there is of a root: itself and the folder above it, or the nearest that exists.
  private func establish(_ root: String) {
    if FilePath.kind(root, follows: true) == .folder { enter(root, depth: 0) }
    var above = root
    while above != "/" {
      above = FilePath.folder(of: above)
      if watchFolder(above) { return }
    }
  }

  /// Watches a folder and its sub-folders.
  private func enter(_ folder: String, depth: Int) {
    guard depth < Self.depthLimit, watchFolder(folder) else { return }
    for name in FilePath.names(in: folder) {
      let path = FilePath.joined(folder, name)
      if !ignores(path), FilePath.kind(path, follows: false) == .folder {
        enter(path, depth: depth + 1)
      }
    }
  }

  /// - Returns: false when it does not exist or the limits are reached.
  private func watchFolder(_ folder: String) -> Bool {
    guard numbers[folder] == nil else { return true }
    guard folders.count < limit else {
      fail("more than \(limit) folders: \"\(folder)\" is not watched")
      return false
    }
    let events =
      IN_CLOSE_WRITE | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO
      | IN_DELETE_SELF | IN_MOVE_SELF
    let number = inotify_add_watch(
      descriptor, folder, UInt32(events) | UInt32(IN_ONLYDIR) | UInt32(IN_EXCL_UNLINK))
    guard number >= 0 else {
      if errno == ENOSPC {
        fail(
          "\"\(folder)\" is not watched: the system's limit is reached; raise fs.inotify.max_user_watches"
        )
      }
      return false
    }
    // The same folder under another name: a root that is a symbolic link.
    if let known = folders[number] { numbers[known] = nil }
    folders[number] = folder
    numbers[folder] = number
    return true
  }

  private func fail(_ text: String) {
    guard !isFull else { return }
    isFull = true
    failures.append(WatchFailure(text))
  }

  private func isNeeded(_ folder: String) -> Bool {
    roots.contains {
      FilePath.isAt(folder, orBelow: $0) || FilePath.isAt(FilePath.folder(of: $0), orBelow: folder)
    }
  }

  private func forget(_ number: Int32, _ folder: String) {
    _ = inotify_rm_watch(descriptor, number)
    folders[number] = nil
    numbers[folder] = nil
    isFull = false
  }

  // MARK: what happens

  /// Everything since the last call, in order; a change that repeats the one before is left out.
  public func read() -> [FileChange] {
    var changes: [FileChange] = []
    func tell(_ change: FileChange) { if changes.last != change { changes.append(change) } }
    withUnsafeTemporaryAllocation(byteCount: 65536, alignment: 8) { buffer in
      while true {
        let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return }
        var place = 0
        let head = MemoryLayout<inotify_event>.size
        while place + head <= count {
          let event = buffer.loadUnaligned(fromByteOffset: place, as: inotify_event.self)
          let length = Int(event.len)
          guard place + head + length <= count else { break }
          let bytes = buffer[(place + head)..<(place + head + length)].prefix { $0 != 0 }
          take(event, String(decoding: bytes, as: UTF8.self), tell)
          place += head + length
        }
      }
    }
    return changes
  }

  private func take(_ event: inotify_event, _ name: String, _ tell: (FileChange) -> Void) {
    func has(_ bit: some BinaryInteger) -> Bool { event.mask & UInt32(bit) != 0 }
    if has(IN_Q_OVERFLOW) { return lostTrack(tell) }
    guard let folder = folders[event.wd] else { return }
    if has(IN_IGNORED) {
      folders[event.wd] = nil
      if numbers[folder] == event.wd { numbers[folder] = nil }
      return
    }
    if has(IN_DELETE_SELF) || has(IN_MOVE_SELF) { return lost(folder, event.wd, tell) }
    // Of a folder's own rights.
    guard !name.isEmpty else { return }
    let path = FilePath.joined(folder, name)
    guard !ignores(path) else { return }
    let isFolder = has(IN_ISDIR)
    if has(IN_MOVED_FROM) || has(IN_DELETE), isFolder { leave(path) }
    if has(IN_CREATE) || has(IN_MOVED_TO) { appeared(path, isFolder, tell) }
    guard roots.contains(where: { FilePath.isAt(path, orBelow: $0) }) else { return }
    let kind: FileChange.Kind
    if has(IN_CREATE) || has(IN_MOVED_TO) {
      kind = .create
    } else if has(IN_DELETE) || has(IN_MOVED_FROM) {
      kind = .remove
    } else {
      if isFolder { return }
      kind = .change
    }
    tell(FileChange(path: path, kind: kind, isDirectory: isFolder))
  }

  /// A new folder is watched, and what lies in it already is told: it may have come before the watch.
  private func appeared(_ path: String, _ isFolder: Bool, _ tell: (FileChange) -> Void) {
    for root in roots where FilePath.isAt(root, orBelow: path) {
      establish(root)
      if root != path, FilePath.kind(root, follows: true) != .missing {
        tell(FileChange(path: root, kind: .create, isDirectory: numbers[root] != nil))
      }
      tellContent(of: root, tell)
    }
    guard isFolder, roots.contains(where: { FilePath.isAt(path, orBelow: $0) }) else { return }
    enter(path, depth: 0)
    tellContent(of: path, tell)
  }

  private func tellContent(of folder: String, _ tell: (FileChange) -> Void) {
    guard numbers[folder] != nil else { return }
    for name in FilePath.names(in: folder) {
      let path = FilePath.joined(folder, name)
      guard !ignores(path) else { continue }
      let isFolder = FilePath.kind(path, follows: false) == .folder
      tell(FileChange(path: path, kind: .create, isDirectory: isFolder))
      if isFolder { tellContent(of: path, tell) }
    }
  }

  /// A folder has another name now, or none: what was below it is watched no more.
  private func leave(_ path: String) {
    for (number, folder) in folders where FilePath.isAt(folder, orBelow: path) {
      forget(number, folder)
    }
  }

  /// A watched folder went together with those above it, or from above all that is watched.
  private func lost(_ folder: String, _ number: Int32, _ tell: (FileChange) -> Void) {
    leave(folder)
    for root in roots where FilePath.isAt(root, orBelow: folder) {
      establish(root)
      tell(FileChange(path: root, kind: .unknown))
    }
  }

  /// The system has dropped events: everything is looked at anew.
  private func lostTrack(_ tell: (FileChange) -> Void) {
    for root in roots.sorted() {
      establish(root)
      tell(FileChange(path: root, kind: .unknown))
    }
    for folder in Array(numbers.keys) where isNeeded(folder) && isInside(folder) {
      enterNew(below: folder)
    }
  }

  private func isInside(_ folder: String) -> Bool {
    roots.contains { FilePath.isAt(folder, orBelow: $0) }
  }

  private func enterNew(below folder: String) {
    for name in FilePath.names(in: folder) {
      let path = FilePath.joined(folder, name)
      if numbers[path] == nil, !ignores(path), FilePath.kind(path, follows: false) == .folder {
        enter(path, depth: 1)
      }
    }
  }
}
