/// Reads the notes of an ELF file without running or mapping it.
///
/// Every number in the file is taken for a lie until it is checked: sizes and offsets are
/// compared with the size of the file, sums do not overflow, counts and bytes have limits.
/// - Source: System V ABI, "Program Header" and "Note Section"; `elf(5)`.
package struct ELFNotes: ~Copyable {
  /// Why a file is not a library of ours.
  package enum Failure: Error, Equatable, Sendable {
    /// Not an ELF file at all.
    case notELF
    /// An ELF file, but not a 64-bit little-endian shared library.
    case unsupported(String)
    /// Made for another processor; both names.
    case otherMachine(found: String, expected: String)
    /// A header points behind the end of the file.
    case truncated(String)
    case tooLarge(String)
  }

  private let file: FileReader
  private let unit: String

  static let maximumHeaders = 4096
  static let maximumNoteBytes = 1 << 20

  #if arch(x86_64)
    static let machine: UInt16 = 62
  #elseif arch(arm64)
    static let machine: UInt16 = 183
  #endif

  init(file: consuming FileReader, unit: String) {
    self.file = file
    self.unit = unit
  }

  var size: Int { file.size }
  var owner: UInt32 { file.owner }
  var mode: UInt32 { file.mode }

  /// The contents of every note with this owner and type, in the order of the file.
  ///
  /// Looks at the `PT_NOTE` segments, which survive `strip`; a library without such a note there
  /// is searched once more by its `SHT_NOTE` sections.
  func contents(owner: [UInt8], type: UInt32) throws -> [[UInt8]] {
    let header = try file.read(at: 0, count: 64, unit: unit)
    try check(header)
    let segments = try table(
      header, offsetAt: 32, sizeAt: 54, countAt: 56, entrySize: 56, what: "program headers")
    var found: [[UInt8]] = []
    for segment in segments where little32(segment, 0) == 4 {
      found += try notes(
        offset: little64(segment, 8), count: little64(segment, 32),
        alignment: little64(segment, 48), owner: owner, type: type)
    }
    if !found.isEmpty { return found }
    let sections = try table(
      header, offsetAt: 40, sizeAt: 58, countAt: 60, entrySize: 64, what: "section headers")
    for section in sections where little32(section, 4) == 7 {
      found += try notes(
        offset: little64(section, 24), count: little64(section, 32),
        alignment: little64(section, 48), owner: owner, type: type)
    }
    return found
  }

  // MARK: Parts

  private func check(_ header: [UInt8]) throws(Failure) {
    guard header.count >= 4, header.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else {
      throw .notELF
    }
    guard header.count == 64 else { throw .truncated("the ELF header") }
    guard header[4] == 2 else { throw .unsupported("a 32-bit file") }
    guard header[5] == 1 else { throw .unsupported("a big-endian file") }
    guard header[6] == 1 else { throw .unsupported("ELF version \(header[6])") }
    let machine = little16(header, 18)
    guard machine == Self.machine else {
      throw .otherMachine(
        found: Self.machineName(machine), expected: Self.machineName(Self.machine))
    }
    switch little16(header, 16) {
    case 3: return
    case 1: throw .unsupported("an object file (.o); link it with -shared")
    case 2: throw .unsupported("a program; link it with -shared")
    case let type: throw .unsupported("ELF type \(type)")
    }
  }

  /// Reads a table of headers and cuts it into its entries.
  private func table(
    _ header: [UInt8], offsetAt: Int, sizeAt: Int, countAt: Int, entrySize: Int, what: String
  ) throws -> [[UInt8]] {
    let count = Int(little16(header, countAt))
    if count == 0 { return [] }
    guard count <= Self.maximumHeaders else { throw Failure.tooLarge("\(count) \(what)") }
    guard Int(little16(header, sizeAt)) == entrySize else {
      throw Failure.unsupported("\(what) of \(little16(header, sizeAt)) bytes")
    }
    let bytes = try range(
      offset: little64(header, offsetAt), count: UInt64(count * entrySize), what: what)
    return stride(from: 0, to: bytes.count, by: entrySize).map {
      Array(bytes[$0..<($0 + entrySize)])
    }
  }

  /// Reads bytes that must all be there.
  private func range(offset: UInt64, count: UInt64, what: String) throws -> [UInt8] {
    let (end, overflow) = offset.addingReportingOverflow(count)
    guard !overflow, end <= UInt64(file.size) else { throw Failure.truncated(what) }
    let bytes = try file.read(at: Int(offset), count: Int(count), unit: unit)
    // The file may shrink while it is read.
    guard bytes.count == Int(count) else { throw Failure.truncated(what) }
    return bytes
  }

  private func notes(
    offset: UInt64, count: UInt64, alignment: UInt64, owner: [UInt8], type: UInt32
  ) throws -> [[UInt8]] {
    guard count <= UInt64(Self.maximumNoteBytes) else {
      throw Failure.tooLarge("\(count) bytes of notes")
    }
    let bytes = try range(offset: offset, count: count, what: "the notes")
    // Notes are padded to 4 bytes, in segments aligned to 8 (GNU properties) to 8.
    let padding = alignment == 8 ? 8 : 4
    var found: [[UInt8]] = []
    var at = 0
    while bytes.count - at >= 12 {
      let nameSize = Int(little32(bytes, at))
      let textSize = Int(little32(bytes, at + 4))
      let name = at + 12
      // Both sizes are below 2³², so sums stay far from overflow.
      let text = padded(name + nameSize, padding)
      guard name + nameSize <= bytes.count, text + textSize <= bytes.count else {
        throw Failure.truncated("a note")
      }
      if little32(bytes, at + 8) == type,
        bytes[name..<(name + nameSize)].elementsEqual(owner)
      {
        found.append(Array(bytes[text..<(text + textSize)]))
      }
      at = padded(text + textSize, padding)
    }
    return found
  }

  private func padded(_ offset: Int, _ padding: Int) -> Int {
    (offset + padding - 1) / padding * padding
  }

  private func little16(_ bytes: [UInt8], _ at: Int) -> UInt16 {
    UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8
  }

  private func little32(_ bytes: [UInt8], _ at: Int) -> UInt32 {
    UInt32(little16(bytes, at)) | UInt32(little16(bytes, at + 2)) << 16
  }

  private func little64(_ bytes: [UInt8], _ at: Int) -> UInt64 {
    UInt64(little32(bytes, at)) | UInt64(little32(bytes, at + 4)) << 32
  }

  static func machineName(_ machine: UInt16) -> String {
    switch machine {
    case 3: "x86 (32 bits)"
    case 40: "arm (32 bits)"
    case 62: "x86-64"
    case 183: "aarch64"
    case 243: "riscv"
    default: "machine \(machine)"
    }
  }
}
