import Glibc
import LinuxHeaders

/// What each process of a cluster shows the others: a row of numbers in shared memory.
///
/// A process writes its own row and nobody else's, word by word, so that no reader sees half a
/// number; a worker that hangs or has crashed is still readable. Without a cluster the board has one
/// row that nobody else sees.
final class Board {
  enum Word: Int {
    case pid, role, worker, state
    /// Nanoseconds, monotonic: when it was spawned; when its loop turned last.
    case started, beat
    /// How late the loop was, nanoseconds, the worst of the last seconds.
    case lag
    /// Bytes.
    case memory
    case active, connections
    // What follows only grows; the master keeps the sums of those who have gone.
    case requests, accepted
    case status1, status2, status3, status4, status5
    /// Nanoseconds spent on answered requests.
    case duration
    case bucket0
  }

  static let bucketCount = 13
  /// Words behind the buckets, in the master's row.
  static let restarts = Word.bucket0.rawValue + bucketCount
  static let reloads = restarts + 1

  enum State: UInt64 {
    case starting = 0
    case ready = 1
    case draining = 2
  }

  static let rowWords = 64
  /// Upper ends of the latency buckets in microseconds; the last one has none.
  static let bucketLimits: [UInt64] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    10_000_000,
  ]

  let rowCount: Int
  let words: UnsafeMutablePointer<UInt64>
  /// Of the shared memory; -1 without.
  let descriptor: Int32

  /// A board for this process alone.
  init() {
    rowCount = 1
    descriptor = -1
    words = .allocate(capacity: Board.rowWords)
    words.initialize(repeating: 0, count: Board.rowWords)
  }

  /// - Throws: `.lifecycle` when there is no shared memory.
  init(rows: Int) throws(BootError) {
    let size = rows * Board.rowWords * 8
    descriptor = memfd_create("egg-board", EGG_MEMFD_CLOEXEC)
    guard descriptor >= 0, ftruncate(descriptor, size) == 0,
      let memory = Board.map(descriptor, size)
    else {
      throw BootError(
        .lifecycle, unit: "egg", "no shared memory: \(String(cString: strerror(errno)))")
    }
    rowCount = rows
    words = memory
  }

  /// The board of the master that started this process.
  init(inherited: Int32) throws(BootError) {
    var status = stat()
    guard fstat(inherited, &status) == 0, status.st_size >= Board.rowWords * 8,
      let memory = Board.map(inherited, Int(status.st_size))
    else {
      throw BootError(.lifecycle, unit: "egg", "the master's shared memory can't be read")
    }
    rowCount = Int(status.st_size) / (Board.rowWords * 8)
    words = memory
    descriptor = inherited
  }

  private static func map(_ descriptor: Int32, _ size: Int) -> UnsafeMutablePointer<UInt64>? {
    let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    guard let memory, memory != MAP_FAILED else { return nil }
    return memory.bindMemory(to: UInt64.self, capacity: size / 8)
  }

  func row(_ index: Int) -> BoardRow {
    precondition(index >= 0 && index < rowCount, "a row of the board")
    return BoardRow(words: words + index * Board.rowWords)
  }

  /// Rows of living processes but the first, which is the master's.
  var others: [BoardRow] {
    (1..<max(1, rowCount)).map(row).filter { $0[.pid] != 0 }
  }
}

/// One process's row.
struct BoardRow {
  let words: UnsafeMutablePointer<UInt64>

  @inline(__always)
  subscript(_ word: Board.Word) -> UInt64 {
    get { words[word.rawValue] }
    nonmutating set { words[word.rawValue] = newValue }
  }

  subscript(number index: Int) -> UInt64 {
    get { words[index] }
    nonmutating set { words[index] = newValue }
  }

  /// Counts an answered request.
  @inline(__always)
  func count(status: Int32, nanoseconds: UInt64) {
    words[Board.Word.requests.rawValue] &+= 1
    let kind = Int(status) / 100
    if kind >= 1, kind <= 5 { words[Board.Word.status1.rawValue + kind - 1] &+= 1 }
    words[Board.Word.duration.rawValue] &+= nanoseconds
    let microseconds = nanoseconds / 1000
    var bucket = 0
    while bucket < Board.bucketLimits.count, microseconds > Board.bucketLimits[bucket] {
      bucket &+= 1
    }
    words[Board.Word.bucket0.rawValue + bucket] &+= 1
  }

  /// Adds what only grows of another row, and empties that one.
  func absorb(_ other: BoardRow) {
    for index in Board.Word.requests.rawValue..<Board.restarts {
      words[index] &+= other.words[index]
    }
    for index in 0..<Board.rowWords { other.words[index] = 0 }
  }
}
