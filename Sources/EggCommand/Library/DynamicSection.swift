import EggKernel
import Glibc

/// What an ELF library exports and needs, read from its dynamic section. The library is neither mapped
/// nor run.
///
/// Every number in the file is compared with the size of the file before it is used.
/// - Source: System V ABI, "Dynamic Section", "Symbol Table"; `elf(5)`.
struct DynamicSection {
  /// Names of defined symbols that others can link to, in the order of the table.
  private(set) var exports: [String] = []
  /// `DT_NEEDED`: the libraries that are loaded with it.
  private(set) var needed: [String] = []
  /// `DT_RUNPATH` or `DT_RPATH`, where those are looked for first.
  private(set) var runPath: String?

  /// Whether Swift's runtime is loaded with it.
  var isSwift: Bool { needed.contains("libswiftCore.so") }

  /// More symbols than any plugin has, and few enough for memory.
  private static let maximumSymbols = 2_000_000
  private static let maximumBytes = 1 << 30

  /// - Throws: `CommandFailure` naming the part of the file that makes no sense; `BootError` when it
  ///   can't be read.
  init(path: String) throws {
    guard let file = try FileReader.open(path, unit: "egg") else {
      throw CommandFailure("expected a library, found no file: \(path)")
    }
    guard file.size <= Self.maximumBytes else {
      throw CommandFailure("\(path): \(file.size) bytes are more than a library should have")
    }
    let bytes = try file.read(at: 0, count: file.size, unit: "egg")
    var image = ELFImage(bytes: bytes, path: path)
    try image.readHeader()
    guard let dynamic = image.segments.first(where: { $0.type == 2 }) else {
      throw CommandFailure("\(path): expected a shared library, found no dynamic section")
    }
    try read(image, dynamic)
  }

  private mutating func read(_ image: ELFImage, _ dynamic: ELFImage.Segment) throws {
    var entries: [UInt64: UInt64] = [:]
    var neededOffsets: [UInt64] = []
    var at = try image.place(dynamic.offset, dynamic.fileSize, "the dynamic section")
    let end = at + Int(dynamic.fileSize)
    while at + 16 <= end {
      let tag = image.little64(at)
      let value = image.little64(at + 8)
      if tag == 0 { break }
      if tag == 1 { neededOffsets.append(value) } else { entries[tag] = value }
      at += 16
    }
    guard let stringsAddress = entries[5], let stringsSize = entries[10] else {
      throw image.broken("the dynamic section has no string table")
    }
    let strings = try image.place(address: stringsAddress, stringsSize, "the string table")
    let stringsEnd = strings + Int(stringsSize)
    func text(_ offset: UInt64) throws -> String {
      guard offset < stringsSize else { throw image.broken("a name lies outside the string table") }
      let start = strings + Int(offset)
      guard let zero = image.bytes[start..<stringsEnd].firstIndex(of: 0) else {
        throw image.broken("a name has no end")
      }
      return String(decoding: image.bytes[start..<zero], as: UTF8.self)
    }
    needed = try neededOffsets.map(text)
    if let path = entries[29] ?? entries[15] { runPath = try text(path) }
    // The sections give the number of symbols; without them there is nobody to ask simply.
    guard let symbols = image.sections.first(where: { $0.type == 11 }) else { return }
    let start = try image.place(symbols.offset, symbols.size, "the symbols")
    let count = Int(symbols.size) / 24
    guard count <= Self.maximumSymbols else { throw image.broken("\(count) symbols") }
    for index in 0..<count {
      let entry = start + index * 24
      let info = image.bytes[entry + 4]
      let visibility = image.bytes[entry + 5] & 3
      let section = image.little16(entry + 6)
      // Defined, global or weak, seen from outside.
      guard section != 0, info >> 4 == 1 || info >> 4 == 2 || info >> 4 == 10,
        visibility == 0 || visibility == 3
      else { continue }
      exports.append(try text(UInt64(image.little32(entry))))
    }
  }
}

/// The headers of an ELF file in memory.
private struct ELFImage {
  struct Segment {
    let type: UInt32
    let offset: UInt64
    let address: UInt64
    let fileSize: UInt64
  }

  struct Section {
    let type: UInt32
    let offset: UInt64
    let size: UInt64
  }

  let bytes: [UInt8]
  let path: String
  private(set) var segments: [Segment] = []
  private(set) var sections: [Section] = []

  init(bytes: [UInt8], path: String) {
    self.bytes = bytes
    self.path = path
  }

  mutating func readHeader() throws {
    guard bytes.count >= 64, bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1]) else {
      throw broken("expected a 64-bit little-endian ELF file")
    }
    let segmentCount = UInt64(little16(56))
    let sectionCount = UInt64(little16(60))
    guard segmentCount == 0 || little16(54) == 56, sectionCount == 0 || little16(58) == 64 else {
      throw broken("its headers have an unknown size")
    }
    var at = try place(little64(32), segmentCount * 56, "the program headers")
    for _ in 0..<segmentCount {
      segments.append(
        Segment(
          type: little32(at), offset: little64(at + 8), address: little64(at + 16),
          fileSize: little64(at + 32)))
      at += 56
    }
    at = try place(little64(40), sectionCount * 64, "the section headers")
    for _ in 0..<sectionCount {
      sections.append(
        Section(type: little32(at + 4), offset: little64(at + 24), size: little64(at + 32)))
      at += 64
    }
  }

  /// - Returns: `offset` as an index, when so many bytes are there.
  func place(_ offset: UInt64, _ count: UInt64, _ what: String) throws -> Int {
    if count == 0 { return 0 }
    let (end, overflow) = offset.addingReportingOverflow(count)
    guard !overflow, end <= UInt64(bytes.count) else {
      throw broken("the file ends before \(what)")
    }
    return Int(offset)
  }

  /// The same for an address in memory, through the loaded segment that holds it.
  func place(address: UInt64, _ count: UInt64, _ what: String) throws -> Int {
    for segment in segments
    where segment.type == 1 && address >= segment.address
      && address - segment.address < segment.fileSize
    {
      return try place(
        segment.offset &+ (address - segment.address), count, what)
    }
    throw broken("no segment holds \(what)")
  }

  func broken(_ what: String) -> CommandFailure { CommandFailure("\(path): \(what)") }

  func little16(_ at: Int) -> UInt16 { UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8 }

  func little32(_ at: Int) -> UInt32 {
    UInt32(little16(at)) | UInt32(little16(at + 2)) << 16
  }

  func little64(_ at: Int) -> UInt64 {
    UInt64(little32(at)) | UInt64(little32(at + 4)) << 32
  }
}
