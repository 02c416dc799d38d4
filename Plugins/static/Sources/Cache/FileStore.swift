import EggHTTPSemantics
import Glibc

/// The files that are served: finds one by the path of a request, keeps it, and notices when it has
/// changed on the disk.
///
/// Reading is done at once, on the thread that asks: files in memory are small, and large ones are
/// only opened.
nonisolated final class FileStore {
  let folders: [Folder]
  let table: FileTable
  private let wallClock: () -> timespec
  private let digest: ([UInt8]) -> [UInt8]?
  /// A file that changes while it is read is read again, so often at most.
  private static let attempts = 3

  /// - Parameters:
  ///   - folders: the first to look in first.
  ///   - maxFiles: kept at a time; no limit when some folder serves only what was found at start,
  ///     since a forgotten file would not be found again.
  ///   - wallClock: the present, in the time that files have.
  ///   - digest: MD5 of bytes; nil when it cannot be had, then a tag is made of the file's facts.
  init(
    _ folders: [Folder], maxFiles: Int, wallClock: @escaping () -> timespec = FileStore.present,
    digest: @escaping ([UInt8]) -> [UInt8]?
  ) {
    self.folders = folders
    self.wallClock = wallClock
    self.digest = digest
    table = FileTable(limit: folders.allSatisfy(\.options.isDynamic) ? maxFiles : .max / 4)
  }

  static func present() -> timespec {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return now
  }

  /// The file that a path asks for.
  ///
  /// - Parameters:
  ///   - path: as sent, not decoded.
  ///   - now: nanoseconds of a clock that never goes back.
  /// - Returns: nil when there is none to serve. The reference is the store's.
  @inline(__always)
  func find(_ path: UnsafeBufferPointer<UInt8>, now: UInt64) -> Unmanaged<CachedFile>? {
    if let found = table.find(path) {
      let isGood = found._withUnsafeGuaranteedRef { file in
        file.isUsed = true
        return now < file.goodUntil && !file.isLiteral
      }
      if isGood { return found }
    }
    return search(path, now: now)
  }

  @inline(never)
  private func search(_ path: UnsafeBufferPointer<UInt8>, now: UInt64) -> Unmanaged<CachedFile>? {
    for folder in folders {
      let prefix = folder.prefix
      guard path.count > prefix.count, memcmp(path.baseAddress!, prefix, prefix.count) == 0 else {
        continue
      }
      let rest = UnsafeBufferPointer(rebasing: path[prefix.count...])
      guard
        let name = RequestPath.decode(rest, allowsDotfiles: folder.options.servesDotfiles)
      else { continue }
      let key = prefix + name
      if let found = key.withUnsafeBufferPointer(table.find) {
        let file = found.takeUnretainedValue()
        file.isUsed = true
        if now < file.goodUntil { return found }
        // An earlier folder may have got a file of this name meanwhile.
        if let fresh = confirm(file, now: now) { return .passUnretained(fresh) }
        continue
      }
      guard folder.options.isDynamic else { continue }
      if let file = load(key, name, folder, now: now) { return keep(file) }
    }
    return nil
  }

  private func keep(_ file: CachedFile) -> Unmanaged<CachedFile> {
    table.insert(file)
    return .passUnretained(file)
  }

  // MARK: Changes

  /// Compares a file with the disk.
  ///
  /// - Returns: it, or what is in its place now; nil when there is nothing any more.
  func confirm(_ file: CachedFile, now: UInt64) -> CachedFile? {
    for folder in folders where folder.prefix == file.folder.prefix {
      let isOwn = folder === file.folder
      guard isOwn || folder.options.isDynamic else { continue }
      if isOwn, isSame(file) {
        file.goodUntil = deadline(folder, now: now)
        return file
      }
      guard RequestPath.isAllowed(file.name, allowsDotfiles: folder.options.servesDotfiles),
        folder.facts(folder.fullPath(file.name)) != nil,
        let fresh = load(file.key, file.name, folder, now: now)
      else { continue }
      table.insert(fresh)
      return fresh
    }
    file.key.withUnsafeBufferPointer(table.remove)
    return nil
  }

  private func isSame(_ file: CachedFile) -> Bool {
    let folder = file.folder
    guard !file.identity.isDoubtful, folder.facts(file.identity.fullPath) == file.identity.facts
    else { return false }
    guard folder.options.usesPrecompressed else { return true }
    for (coding, known) in [(Coding.gzip, file.gzip), (.brotli, file.brotli)] {
      if known?.isDoubtful == true { return false }
      let present = siblingFacts(file.name, coding, file.identity.facts, folder)
      if present != known?.facts { return false }
    }
    return true
  }

  private func deadline(_ folder: Folder, now: UInt64) -> UInt64 {
    if folder.options.isBuffered { return .max }
    return now &+ UInt64(folder.options.revalidate) &* 1_000_000
  }

  // MARK: Loading

  private func load(
    _ key: [UInt8], _ name: [UInt8], _ folder: Folder, now: UInt64
  ) -> CachedFile? {
    let full = folder.fullPath(name)
    // Not opened before this: opening a device can have effects.
    guard let facts = folder.facts(full) else { return nil }
    var siblings: [Coding] = []
    if folder.options.usesPrecompressed {
      siblings = [Coding.gzip, .brotli].filter {
        siblingFacts(name, $0, facts, folder) != nil
      }
    }
    let type = mediaType(name)
    var made: [Coding: Representation] = [:]
    for coding in siblings {
      let path = folder.fullPath(name, coding.suffix)
      if let sibling = read(path, coding, type, varies: true, folder) { made[coding] = sibling }
    }
    guard let identity = read(full, .identity, type, varies: !made.isEmpty, folder) else {
      return nil
    }
    let isDoubtful = identity.isDoubtful || made.values.contains { $0.isDoubtful }
    return CachedFile(
      key: key, name: name, folder: folder, identity: identity, gzip: made[.gzip],
      brotli: made[.brotli],
      goodUntil: isDoubtful && folder.options.isBuffered
        ? now &+ 1_000_000_000 : deadline(folder, now: now))
  }

  /// With the slash a name without a dot is no extension.
  private func mediaType(_ name: [UInt8]) -> String {
    mimeType(forExtension: "/" + String(decoding: name, as: UTF8.self)).flatMap(contentType(for:))
      ?? "application/octet-stream"
  }

  /// A compressed sibling that is older than the file is left over from an earlier version; two
  /// seconds are for tools that write both in one go.
  private func siblingFacts(
    _ name: [UInt8], _ coding: Coding, _ original: FileFacts, _ folder: Folder
  ) -> FileFacts? {
    guard let facts = folder.facts(folder.fullPath(name, coding.suffix)),
      facts.modifiedSeconds &+ 2 >= original.modifiedSeconds
    else { return nil }
    return facts
  }

  private func read(
    _ fullPath: [UInt8], _ coding: Coding, _ type: String, varies: Bool, _ folder: Folder
  ) -> Representation? {
    for attempt in 1...Self.attempts {
      guard let file = folder.open(fullPath) else { return nil }
      let facts = file.facts
      let isRecent = facts.isRecent(at: wallClock())
      guard facts.size <= folder.options.memoryLimit else {
        return Representation(
          coding: coding, facts: facts, fullPath: fullPath, contents: nil, digest: nil, type: type,
          varies: varies, folder: folder, isDoubtful: false)
      }
      let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, facts.size))
      let count = file.read(into: memory.baseAddress!, count: facts.size)
      let isWhole = count == facts.size && file.currentFacts() == facts
      if !isWhole {
        memory.deallocate()
        if attempt < Self.attempts { continue }
        return nil
      }
      let contents = UnsafeBufferPointer(rebasing: UnsafeBufferPointer(memory)[..<count])
      return Representation(
        coding: coding, facts: facts, fullPath: fullPath, contents: contents,
        digest: digest(Array(contents)), type: type, varies: varies, folder: folder,
        isDoubtful: isRecent)
    }
    return nil
  }

  // MARK: Large files

  /// Opens the file of a representation that is not in memory.
  ///
  /// - Returns: nil when it has changed or gone; look it up once more after `forget`.
  func open(_ representation: Representation, of file: CachedFile) -> OpenFile? {
    guard let open = file.folder.open(representation.fullPath),
      open.facts == representation.facts
    else { return nil }
    return open
  }

  /// The file is compared with the disk when it is asked for next.
  func doubt(_ file: CachedFile) { file.goodUntil = 0 }

  // MARK: At start

  /// Reads every file of the folders that say so, and of those that serve nothing else.
  ///
  /// - Returns: how many.
  @discardableResult
  func preload(now: UInt64) -> Int {
    var loaded = 0
    for folder in folders where folder.options.isPreloaded || !folder.options.isDynamic {
      for name in folder.names() {
        guard RequestPath.isAllowed(name, allowsDotfiles: folder.options.servesDotfiles) else {
          continue
        }
        let key = folder.prefix + name
        // An earlier folder's file hides this one.
        guard key.withUnsafeBufferPointer(table.find) == nil else { continue }
        guard table.count < table.limit, let file = load(key, name, folder, now: now) else {
          continue
        }
        table.insert(file)
        loaded += 1
      }
    }
    return loaded
  }
}
