import PluginABI
import Testing

@testable import EggKernel

/// Values as bytes between processes.
@Suite("Values on the wire") struct WireTests {
  private func bytes(_ value: ConfigValue) throws -> [UInt8] {
    var arena = Arena()
    let buffer = ByteBuffer()
    try ValueWire.append(value.tree(in: &arena), to: buffer)
    arena.reset()
    return Array(buffer.bytes)
  }

  @Test func `small values take few bytes`() throws {
    #expect(try bytes(.null) == [1])
    #expect(try bytes(.bool(true)) == [2, 1])
    // Zigzag: 0, -1, 1, -2 are 0, 1, 2, 3.
    #expect(try bytes(.int(-2)) == [3, 3])
    #expect(try bytes(.int(300)) == [3, 0xD8, 0x04])
    #expect(try bytes(.string("hi")) == [5, 2, 0x68, 0x69])
    #expect(try bytes(["a": [.int(1)]]) == [8, 1, 1, 0x61, 7, 1, 3, 2])
  }

  @Test func `every cut of a message is refused and none traps`() throws {
    let whole = try bytes(["list": [.int(.min), .double(1.5), "text", .null], "flag": true])
    for end in 0..<whole.count {
      var arena = Arena()
      let value = whole[..<end].withUnsafeBufferPointer { cut -> egg_value? in
        var reader = ValueWireReader(cut)
        return reader.value(in: &arena)
      }
      #expect(value == nil, "cut at \(end)")
    }
  }

  @Test func `counts that no message can hold are refused`() {
    for hostile: [UInt8] in [
      [7, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [8, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [5, 0x80, 0x80],
      [6, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], [42],
    ] {
      var arena = Arena()
      let value = hostile.withUnsafeBufferPointer { bytes -> egg_value? in
        var reader = ValueWireReader(bytes)
        return reader.value(in: &arena)
      }
      #expect(value == nil)
    }
  }

  @Test func `a client keeps its worker when another one goes`() {
    for client in UInt8(0)..<200 {
      let key = [10, 0, 0, client]
      let best = { (workers: [Int]) in
        workers.max { StickyAcceptor.weight(key, $0) < StickyAcceptor.weight(key, $1) }
      }
      let among = best([1, 2, 3, 4])
      if among != 4 { #expect(best([1, 2, 3]) == among) }
    }
  }
}
