import CEggSocketIO
import Egg
import PluginABI
import SocketIO

/// A unit that listens, behind its table.
final class Listener {
  private let table: egg_io_listener

  init(_ table: egg_io_listener) { self.table = table }

  func event(
    _ kind: Int, _ socket: Socket, _ name: String = "", ack: Int = -1
  ) {
    var args = egg_io_args()
    withText(socket.namespace.name) { nsp in
      withText(name) { name in
        table.event(
          table.`self`, egg_io_event(kind), nsp, socket.number, name, &args, Int64(ack))
      }
    }
  }

  func message(_ socket: Socket, _ event: Event) {
    withText(socket.namespace.name) { nsp in
      withArgs(event.json, event.attachments) {
        table.event(
          table.`self`, egg_io_event(EGG_IO_MESSAGE), nsp, socket.number, text(event.name), $0,
          Int64(event.ack))
      }
    }
  }

  func emptied(_ namespace: String) {
    var args = egg_io_args()
    withText(namespace) {
      table.event(table.`self`, egg_io_event(EGG_IO_EMPTIED), $0, 0, egg_str(), &args, -1)
    }
  }

  /// An event on its way to the client.
  func outgoing(_ socket: Socket, _ json: UnsafeRawBufferPointer, _ attachments: [[UInt8]]) {
    let name = (try? Value.elements(json: json).first?.string) ?? ""
    withText(socket.namespace.name) { nsp in
      withText(name) { name in
        withArgs(json, attachments) {
          table.event(
            table.`self`, egg_io_event(EGG_IO_OUTGOING), nsp, socket.number, name, $0, -1)
        }
      }
    }
  }

  /// About a request of the engine.
  func request(_ kind: Int, _ name: String, _ facts: EventArguments, ack: Int) {
    withText(name) { name in
      facts.json.withUnsafeBytes { json in
        withArgs(json, []) {
          table.event(table.`self`, egg_io_event(kind), egg_str(), 0, name, $0, Int64(ack))
        }
      }
    }
  }

  func server(_ namespace: String, _ name: String, _ arguments: EventArguments, ack: Int) {
    withText(namespace) { nsp in
      withText(name) { name in
        arguments.json.withUnsafeBytes { json in
          withArgs(json, arguments.attachments) {
            table.event(
              table.`self`, egg_io_event(EGG_IO_SERVER), nsp, 0, name, $0, Int64(ack))
          }
        }
      }
    }
  }

  func answered(_ request: UInt64, _ failure: String, _ arguments: EventArguments) {
    withText(failure) { failure in
      arguments.json.withUnsafeBytes { json in
        withArgs(json, arguments.attachments) { table.answered(table.`self`, request, failure, $0) }
      }
    }
  }

  func matches(_ parent: UInt64, _ namespace: String, _ auth: [UInt8]) -> Bool {
    guard let matches = table.matches else { return false }
    return withText(namespace) { name in
      auth.withUnsafeBytes { matches(table.`self`, parent, name, text($0)) }
    }
  }
}

// MARK: texts and arguments across the edge

func text(_ bytes: UnsafeRawBufferPointer) -> egg_str {
  egg_str(ptr: bytes.baseAddress?.assumingMemoryBound(to: CChar.self), len: bytes.count)
}

func withText<R>(_ string: String, _ body: (egg_str) -> R) -> R {
  var string = string
  return string.withUTF8 { body(text(UnsafeRawBufferPointer($0))) }
}

func withArgs<R>(
  _ json: UnsafeRawBufferPointer, _ attachments: [[UInt8]],
  _ body: (UnsafePointer<egg_io_args>) -> R
) -> R {
  var args = egg_io_args()
  args.json = text(json)
  guard !attachments.isEmpty else { return body(&args) }
  // One block for all, as arrays lend their memory one at a time only.
  let joined = attachments.flatMap { $0 }
  return joined.withUnsafeBytes { bytes in
    var start = 0
    let parts = attachments.map { part in
      defer { start += part.count }
      return text(UnsafeRawBufferPointer(rebasing: bytes[start..<start + part.count]))
    }
    return parts.withUnsafeBufferPointer {
      args.attachments = $0.baseAddress
      args.attachment_count = UInt32($0.count)
      return body(&args)
    }
  }
}

extension egg_str {
  var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: len > 0 ? ptr : nil, count: len)
  }
  var string: String { String(decoding: bytes, as: UTF8.self) }
  var array: [UInt8] { Array(bytes) }
}

extension egg_io_args {
  var arguments: EventArguments {
    let parts = UnsafeBufferPointer(start: attachments, count: Int(attachment_count))
    return EventArguments(json: json.array, attachments: parts.map(\.array))
  }
}
