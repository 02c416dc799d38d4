import EggWebSocket

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// "81 02 68 69" as bytes.
func hex(_ text: String) -> [UInt8] {
  text.split(separator: " ").map { UInt8($0, radix: 16)! }
}

/// A client's frame, with the mask of RFC 6455 §5.7.
func masked(_ opcode: Opcode, _ payload: [UInt8], isFinal: Bool = true) -> [UInt8] {
  FrameWriter.frame(opcode, payload, isFinal: isFinal, mask: Mask(0x37, 0xFA, 0x21, 0x3D))
}

struct Outcome: Equatable {
  var events: [MessageParser.Event] = []
  var failure: CloseCode?
}

/// Feeds the pieces one after the other.
func parse(
  _ pieces: [[UInt8]], as role: MessageParser.Role = .server, maxPayload: Int = 1 << 20
) -> Outcome {
  var parser = MessageParser(role, maxPayload: maxPayload)
  var outcome = Outcome()
  for piece in pieces {
    do {
      try parser.feed(piece) { outcome.events.append($0) }
    } catch {
      outcome.failure = error.code
      break
    }
  }
  return outcome
}

func parse(
  _ bytes: [UInt8], as role: MessageParser.Role = .server, maxPayload: Int = 1 << 20
) -> Outcome {
  parse([bytes], as: role, maxPayload: maxPayload)
}
