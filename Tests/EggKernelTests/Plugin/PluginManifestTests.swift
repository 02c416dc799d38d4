import Glibc
import Testing

@testable import EggKernel

/// Builds small ELF files by hand, right ones and wrong ones.
struct ELFImage {
  #if arch(arm64)
    var machine: UInt16 = 183
  #else
    var machine: UInt16 = 62
  #endif
  var type: UInt16 = 3
  var notes: [[UInt8]] = []
  /// Puts the notes behind a section header instead of a program header.
  var asSection = false
  var alignment: UInt64 = 4

  static func note(
    _ text: String, owner: String = "EGG\0", type: UInt32 = 0x4547_4731, padding: Int = 4
  ) -> [UInt8] {
    var note = little(UInt32(owner.utf8.count)) + little(UInt32(text.utf8.count)) + little(type)
    note += owner.utf8
    while note.count % padding != 0 { note.append(0) }
    note += text.utf8
    while note.count % padding != 0 { note.append(0) }
    return note
  }

  var bytes: [UInt8] {
    let content = notes.flatMap { $0 }
    let entrySize = asSection ? 64 : 56
    let dataAt = UInt64(64 + entrySize)
    var file: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    file += Self.little(type) + Self.little(machine) + Self.little(UInt32(1))
    file += Self.little(UInt64(0)) + Self.little(UInt64(asSection ? 0 : 64))
    file += Self.little(UInt64(asSection ? 64 : 0)) + Self.little(UInt32(0))
    file += Self.little(UInt16(64)) + Self.little(UInt16(56))
    file += Self.little(UInt16(asSection ? 0 : 1)) + Self.little(UInt16(64))
    file += Self.little(UInt16(asSection ? 1 : 0)) + Self.little(UInt16(0))
    if asSection {
      file += Self.little(UInt32(0)) + Self.little(UInt32(7)) + Self.little(UInt64(2))
      file += Self.little(UInt64(0)) + Self.little(dataAt) + Self.little(UInt64(content.count))
      file += Self.little(UInt32(0)) + Self.little(UInt32(0)) + Self.little(alignment)
      file += Self.little(UInt64(0))
    } else {
      file += Self.little(UInt32(4)) + Self.little(UInt32(4)) + Self.little(dataAt)
      file += Self.little(UInt64(0)) + Self.little(UInt64(0))
      file += Self.little(UInt64(content.count)) + Self.little(UInt64(content.count))
      file += Self.little(alignment)
    }
    return file + content
  }

  static func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    (0..<(Number.bitWidth / 8)).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
  }
}

@Suite("Plugin manifest") struct PluginManifestTests {
  let folder = TemporaryFolder()

  static let mysql = """
    {"egg": 1, "id": "mysql", "package": "com.example.egg-mysql", "version": "1.4.0",
     "abi": {"major": 1, "min": 0, "built": 2}, "needs": ["egg.loop/1"],
     "wants": ["egg.metrics/1"], "dependencies": [], "optionalDependencies": ["tracer"],
     "process": ["worker"], "routes": {"prefix": "/-/mysql"},
     "provides": {"application": ["mysql"], "interfaces": ["com.example.mysql.client/1"]},
     "config": {"app": true, "default": {"mysql": {"port": 3306}}}}
    """

  func read(_ image: ELFImage) throws -> [PluginManifest] { try read(image.bytes) }

  func read(_ bytes: [UInt8]) throws -> [PluginManifest] {
    try PluginManifest.read(path: folder.write("lib.so", bytes), unit: "x")
  }

  func error(_ bytes: [UInt8]) throws -> BootError {
    try #require(throws: BootError.self) { try read(bytes) }
  }

  @Test(arguments: [false, true], [4, 8])
  func `a manifest is read from a segment or a section, whatever the padding`(
    asSection: Bool, padding: Int
  ) throws {
    let image = ELFImage(
      notes: [
        ELFImage.note("GNU build id", owner: "GNU\0", type: 3, padding: padding),
        ELFImage.note(Self.mysql + "\0\0\0", padding: padding),
      ], asSection: asSection, alignment: UInt64(padding))
    let manifest = try #require(try read(image).first)
    #expect(manifest.id == "mysql")
    #expect(manifest.package == "com.example.egg-mysql")
    #expect(manifest.version == "1.4.0")
    #expect(manifest.abi == .init(major: 1, min: 0, built: 2))
    #expect(manifest.kind == .plugin)
    #expect(manifest.needs == ["egg.loop/1"])
    #expect(manifest.wants == ["egg.metrics/1"])
    #expect(manifest.optionalDependencies == ["tracer"])
    #expect(manifest.process == ["worker"])
    #expect(manifest.provides["application"] == ["mysql"])
    #expect(manifest.provides["interfaces"] == ["com.example.mysql.client/1"])
    #expect(manifest.routePrefix == "/-/mysql")
    #expect(manifest.config["default"]?["mysql"]?["port"] == 3306)
  }

  @Test func `one library may hold several plugins, but not one twice`() throws {
    func note(_ id: String) -> [UInt8] {
      ELFImage.note(#"{"egg":1,"id":"\#(id)","abi":{"major":1}}"#)
    }
    #expect(try read(ELFImage(notes: [note("a"), note("b")])).map(\.id) == ["a", "b"])
    let error = try error(ELFImage(notes: [note("a"), note("a")]).bytes)
    #expect(error.message.contains("two manifests for \"a\""))
  }

  @Test func `what is no plugin is called so`() throws {
    #expect(try error(Array("#!/bin/sh\n".utf8)).message.hasPrefix("not a plugin"))
    #expect(try error([]).message.hasPrefix("not a plugin"))
    #expect(try error(ELFImage().bytes).message.hasPrefix("not a plugin"))
    let other = ELFImage(notes: [ELFImage.note("{}", owner: "FDO\0")])
    #expect(try error(other.bytes).message.hasPrefix("not a plugin"))
    #expect(try error(ELFImage(type: 2).bytes).message.contains("a program"))
    #expect(try error(ELFImage(type: 1).bytes).message.contains("an object file"))
    #expect(throws: BootError.self) { try PluginManifest.read(path: "/none.so", unit: "x") }
    let folderError = try #require(throws: BootError.self) {
      try PluginManifest.read(path: folder.path, unit: "x")
    }
    #expect(folderError.code == .permission)
  }

  @Test func `a library for another machine is called so`() throws {
    let error = try error(ELFImage(machine: 40).bytes)
    #expect(error.code == .abi)
    #expect(error.message.contains("arm (32 bits)"))
    var small = ELFImage().bytes
    small[4] = 1
    #expect(try self.error(small).message.contains("32-bit"))
    var big = ELFImage().bytes
    big[5] = 2
    #expect(try self.error(big).message.contains("big-endian"))
  }

  @Test func `a file that ends early is called so`() throws {
    let bytes = ELFImage(notes: [ELFImage.note(Self.mysql)]).bytes
    for length in [10, 63, 70, 119, 130, bytes.count - 1] {
      #expect(try error(Array(bytes[..<length])).message.contains("ends before"))
    }
  }

  @Test func `lying sizes neither trap nor read too much`() throws {
    let bytes = ELFImage(notes: [ELFImage.note(Self.mysql)]).bytes
    // Every number of both headers and of the note, set to its largest value.
    let fields = [
      (32, 8), (40, 8), (54, 2), (56, 2), (60, 2), (72, 8), (96, 8), (120, 4), (124, 4),
    ]
    for (place, size) in fields {
      for byte: UInt8 in [0xFF, 0x7F, 0x80] {
        var changed = bytes
        for offset in 0..<size { changed[place + offset] = byte }
        _ = try? read(changed)
      }
    }
    for place in 0..<140 {
      for byte: UInt8 in [1, 0xFF] {
        var changed = bytes
        changed[place] = byte
        _ = try? read(changed)
      }
    }
    var large = bytes
    large.replaceSubrange(96..<104, with: ELFImage.little(UInt64(2 << 20)))
    #expect(try error(large).message.contains("bytes of notes"))
  }

  @Test(
    arguments: [
      ("{\"egg\": 1,\n \"id\": }", "expected a value", 2), ("[]", "expected an object", nil),
      ("{}", "\"egg\": 1", nil), (#"{"egg": 2, "id": "a"}"#, "format 1, found 2", nil),
      (#"{"egg": 1}"#, "\"id\"", nil), (#"{"egg": 1, "id": "a"}"#, "\"abi\"", nil),
      (#"{"egg": 1, "id": "a", "abi": {}}"#, "\"major\"", 1),
      (#"{"egg": 1, "id": "a", "abi": {"major": -1}}"#, "between 0 and 65535", 1),
      (#"{"egg": 1, "id": "a", "abi": {"major": 1}, "needs": "x"}"#, "a list of strings", 1),
      (#"{"egg": 1, "id": "a", "abi": {"major": 1}, "kind": "x"}"#, "\"framework\"", 1),
      (
        #"{"egg": 1, "id": "a", "abi": {"major": 1}, "provides": {"agent": 1}}"#, "provides.agent",
        1
      ),
      (#"{"egg": 1, "id": "a", "abi": {"major": 1}, "routes": {"prefix": "x"}}"#, "begins with", 1),
    ] as [(String, String, Int?)])
  func `a wrong manifest is refused with its place`(text: String, part: String, line: Int?) throws {
    let error = try error(ELFImage(notes: [ELFImage.note(text)]).bytes)
    #expect(error.message.contains(part))
    #expect(error.line == line)
    #expect(error.file == folder.path + "/lib.so[manifest]")
  }

  @Test func `a manifest has a limit`() throws {
    let long = "{\"egg\": 1, \"id\": \"" + String(repeating: "a", count: 70_000) + "\"}"
    #expect(try error(ELFImage(notes: [ELFImage.note(long)]).bytes).message.contains("65536"))
  }

  @Test func `the kernel refuses what it cannot offer`() throws {
    let manifest = try #require(try read(ELFImage(notes: [ELFImage.note(Self.mysql)])).first)
    let host = HostABI(minor: 0, interfaces: ["egg.loop/1"])
    try host.check(manifest, unit: "mysql")
    let error = try #require(throws: BootError.self) {
      try HostABI(minor: 0, interfaces: ["egg.http/1"]).check(manifest, unit: "mysql")
    }
    #expect(error.code == .abi)
    #expect(error.message.contains("egg.loop/1"))
    let newer = Self.mysql.replacing("\"min\": 0", with: "\"min\": 3")
    let second = try #require(try read(ELFImage(notes: [ELFImage.note(newer)])).first)
    #expect(throws: BootError.self) { try host.check(second, unit: "mysql") }
    let major = Self.mysql.replacing("\"major\": 1", with: "\"major\": 2")
    let third = try #require(try read(ELFImage(notes: [ELFImage.note(major)])).first)
    #expect(throws: BootError.self) { try host.check(third, unit: "mysql") }
  }
}

@Suite("Library trust") struct LibraryTrustTests {
  let folder = TemporaryFolder()

  // Digests from FIPS 180-4's examples and the NIST test vectors.
  @Test(
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      (String(repeating: "a", count: 1_000_00), nil),
    ] as [(String, String?)])
  func `digests are those of the standard`(text: String, digest: String?) {
    if let digest { #expect(SHA256.hexadecimal(Array(text.utf8)) == digest) }
    // In parts it is the same as in one piece.
    var hash = SHA256()
    var rest = Array(text.utf8)[...]
    for size in [1, 62, 64, 3, 200] {
      hash.update(Array(rest.prefix(size)))
      rest = rest.dropFirst(size)
    }
    hash.update(Array(rest))
    #expect(hash.finish() == SHA256.hexadecimal(Array(text.utf8)))
  }

  @Test func `a pin accepts the very file only`() throws {
    let path = folder.write("a.so", "abc")
    let pin = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"
    try LibraryTrust.check(path, unit: "a", sha256: pin)
    folder.write("a.so", "abd")
    let error = try #require(throws: BootError.self) {
      try LibraryTrust.check(path, unit: "a", sha256: pin, file: "config/plugin.json", line: 4)
    }
    #expect(error.code == .pin)
    #expect(error.description.hasPrefix("EGG_PIN a: config/plugin.json:4: expected"))
  }

  @Test func `a library that everybody may write is refused`() throws {
    let path = folder.write("a.so", "abc")
    #expect(chmod(path, 0o666) == 0)
    let error = try #require(throws: BootError.self) { try LibraryTrust.check(path, unit: "a") }
    #expect(error.code == .permission)
    #expect(chmod(path, 0o775) == 0)
    try LibraryTrust.check(path, unit: "a")
  }

  @Test(.enabled(if: geteuid() == 0, "only root can give a file away"))
  func `a library of another user is refused`() throws {
    let path = folder.write("a.so", "abc")
    #expect(chown(path, 12345, 12345) == 0)
    let error = try #require(throws: BootError.self) { try LibraryTrust.check(path, unit: "a") }
    #expect(error.code == .permission)
    #expect(error.message.contains("12345"))
  }
}
