import CompressEngine
import Foundation
import Testing

/// What is made is read by programs of others: `gzip` and `brotli`.
@Suite("Compressor") struct CompressorTests {
  private static let text = Array(
    (0..<20_000).map { "line \($0 % 97)\n" }.joined().utf8)

  private func unpack(_ bytes: [UInt8], _ coding: Coding) throws -> [UInt8] {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try Data(bytes).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [coding == .br ? "brotli" : "gzip", "-d", "-c"]
    process.standardInput = try FileHandle(forReadingFrom: file)
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "apt-get install gzip brotli")
    return Array(data)
  }

  private func run(
    _ compressor: Compressor, _ bytes: ArraySlice<UInt8>, _ kind: Compressor.Operation
  )
    throws -> [UInt8]
  {
    try bytes.withUnsafeBufferPointer { Array(try #require(compressor.run($0, kind))) }
  }

  @Test(arguments: Coding.allCases) func `a whole body`(coding: Coding) throws {
    for size in [0, 1, 1000, Self.text.count] {
      let compressor = try #require(Compressor(coding, Levels(), sizeHint: size))
      let packed = try run(compressor, Self.text[..<size], .end)
      #expect(try unpack(packed, coding) == Array(Self.text[..<size]))
      if size == Self.text.count { #expect(packed.count < size / 4) }
    }
  }

  @Test(arguments: Coding.allCases) func `a body in pieces`(coding: Coding) throws {
    let compressor = try #require(Compressor(coding, Levels()))
    var packed: [UInt8] = []
    for start in stride(from: 0, to: Self.text.count, by: 7001) {
      let piece = Self.text[start..<min(start + 7001, Self.text.count)]
      packed += try run(compressor, piece, start % 2 == 0 ? .feed : .flush)
    }
    packed += try run(compressor, [], .end)
    #expect(try unpack(packed, coding) == Self.text)
  }

  @Test(arguments: Coding.allCases) func `a flush lets everything out`(coding: Coding) throws {
    let compressor = try #require(Compressor(coding, Levels()))
    #expect(try run(compressor, Self.text[..<10], .flush).count > 5)
  }

  @Test(arguments: Coding.allCases) func `bytes without pattern do no harm`(coding: Coding) throws {
    var random = SystemRandomNumberGenerator()
    let bytes = (0..<100_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    let compressor = try #require(Compressor(coding, Levels()))
    #expect(try unpack(run(compressor, bytes[...], .end), coding) == bytes)
  }

  @Test func `gzip is used again for another body`() throws {
    let compressor = try #require(Compressor(.gzip, Levels()))
    let first = try run(compressor, Self.text[...], .end)
    #expect(compressor.reset())
    #expect(try run(compressor, Self.text[...], .end) == first)
  }
}
