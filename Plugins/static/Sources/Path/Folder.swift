import Glibc

/// A folder that is served. Finds regular files in it and refuses what symbolic links lead out.
nonisolated final class Folder {
  let options: StaticOptions
  let prefix: [UInt8]
  /// As configured; may appear later.
  let path: String
  let cacheControl: String
  private var realPath: [UInt8]?

  init(_ path: String, _ options: StaticOptions) {
    self.path = path
    self.options = options
    prefix = Array(options.prefix.utf8)
    cacheControl = options.cacheControlValue
  }

  /// The whole path of a file, NUL at the end.
  func fullPath(_ name: [UInt8], _ suffix: StaticString = "") -> [UInt8] {
    var full: [UInt8] = []
    full.reserveCapacity(path.utf8.count + name.count + suffix.utf8CodeUnitCount + 2)
    full += path.utf8
    full.append(UInt8(ascii: "/"))
    full += name
    full += UnsafeBufferPointer(start: suffix.utf8Start, count: suffix.utf8CodeUnitCount)
    full.append(0)
    return full
  }

  /// - Returns: nil unless it is a regular file now.
  func facts(_ fullPath: [UInt8]) -> FileFacts? {
    var status = stat()
    guard fullPath.withUnsafeBufferPointer({ stat(chars($0), &status) }) == 0 else { return nil }
    return FileFacts(status)
  }

  /// Opens a regular file for reading.
  ///
  /// - Returns: nil when there is none, it may not be read, or it lies outside of the folder by a
  ///   symbolic link and `followSymlinks` is off. The check is made on the open file, so that a
  ///   link which changes meanwhile gains nothing.
  func open(_ fullPath: [UInt8]) -> OpenFile? {
    // Neither waits for the other end of a pipe nor makes a terminal ours.
    let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
    let descriptor = fullPath.withUnsafeBufferPointer { Glibc.open(chars($0), flags) }
    guard descriptor >= 0 else { return nil }
    let file = OpenFile(descriptor)
    guard let file, options.followsSymlinks || isInside(file, fullPath) else { return nil }
    return file
  }

  private func isInside(_ file: borrowing OpenFile, _ fullPath: [UInt8]) -> Bool {
    if realPath == nil { realPath = resolve(Array(path.utf8) + [0]) }
    guard let realPath else { return false }
    guard let place = file.place() ?? resolve(fullPath) else { return false }
    if realPath == [UInt8(ascii: "/")] { return true }
    return place.count > realPath.count && place.starts(with: realPath)
      && place[realPath.count] == UInt8(ascii: "/")
  }

  private func resolve(_ path: [UInt8]) -> [UInt8]? {
    guard let real = path.withUnsafeBufferPointer({ realpath(chars($0), nil) }) else { return nil }
    defer { free(real) }
    return Array(UnsafeRawBufferPointer(start: real, count: strlen(real)))
  }
}

private nonisolated func chars(_ bytes: UnsafeBufferPointer<UInt8>) -> UnsafePointer<CChar> {
  UnsafeRawPointer(bytes.baseAddress!).assumingMemoryBound(to: CChar.self)
}

/// An open regular file; closed with this value unless the descriptor is taken.
nonisolated struct OpenFile: ~Copyable {
  private var descriptor: Int32
  let facts: FileFacts

  /// - Returns: nil, and the descriptor closed, for anything but a regular file.
  init?(_ descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0, let facts = FileFacts(status) else {
      close(descriptor)
      return nil
    }
    self.descriptor = descriptor
    self.facts = facts
  }

  deinit { close(descriptor) }

  /// The descriptor, now the caller's to close.
  consuming func take() -> Int32 {
    let descriptor = descriptor
    discard self
    return descriptor
  }

  /// Where the open file lies, links resolved; nil without `/proc`.
  borrowing func place() -> [UInt8]? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4097) { place in
      let count = readlink("/proc/self/fd/\(descriptor)", place.baseAddress!, 4097)
      guard count > 0, count <= 4096 else { return nil }
      return Array(UnsafeRawBufferPointer(start: place.baseAddress!, count: count))
    }
  }

  /// Reads `count` bytes from `offset` on.
  ///
  /// - Returns: how many there were; fewer when the file ends before.
  borrowing func read(
    into memory: UnsafeMutablePointer<UInt8>, count: Int, offset: Int = 0
  ) -> Int {
    var done = 0
    while done < count {
      let got = pread(descriptor, memory + done, count - done, off_t(offset + done))
      if got < 0, errno == EINTR { continue }
      if got <= 0 { break }
      done += got
    }
    return done
  }

  /// What the file is like now.
  borrowing func currentFacts() -> FileFacts? {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? FileFacts(status) : nil
  }
}
