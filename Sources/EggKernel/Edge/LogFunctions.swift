import PluginABI

/// `egg.log/1`.
enum LogFunctions {
  static var table: egg_log {
    egg_log(
      size: UInt32(MemoryLayout<egg_log>.size), flags: 0, find: find, at: at, write: write,
      set_level: setLevel, reload: reload)
  }

  private static let find: @convention(c) (HostTable, egg_str) -> UnsafePointer<egg_logger>? = {
    host, name in
    let worker = HostFunctions.unit(host).worker
    guard worker.isOnLoop, name.isPlausible, name.len > 0 else { return nil }
    return worker.log.find(name).map { UnsafePointer($0.face) }
  }

  private static let at: @convention(c) (HostTable, UInt32) -> UnsafePointer<egg_logger>? = {
    host, index in
    let worker = HostFunctions.unit(host).worker
    guard worker.isOnLoop, worker.log.all.indices.contains(Int(index)) else { return nil }
    return UnsafePointer(worker.log.all[Int(index)].face)
  }

  /// The logger behind a face; nil for memory that is none of ours.
  private static func logger(_ log: Log, _ face: UnsafePointer<egg_logger>) -> KernelLogger? {
    let place = Int(clamping: face.pointee.id)
    guard log.all.indices.contains(place), UnsafePointer(log.all[place].face) == face else {
      return nil
    }
    return log.all[place]
  }

  private static let write:
    @convention(c) (
      HostTable, UnsafePointer<egg_logger>, egg_call, egg_level, egg_str, UnsafePointer<egg_value>?
    ) -> Void = { host, face, token, level, message, fields in
      let unit = HostFunctions.unit(host)
      guard message.isPlausible, level >= face.pointee.level else { return }
      let worker = unit.worker
      guard worker.isOnLoop else {
        OffThreadLine.post(unit, face, level, message, fields)
        return
      }
      guard let logger = logger(worker.log, face) else {
        return worker.log.misuse(unit, "log", "the logger is not one of the kernel's")
      }
      worker.log.write(
        logger, level, message.bytes, context: worker.calls.find(token)?.context,
        fields: fields?.pointee)
    }

  private static let setLevel:
    @convention(c) (HostTable, UnsafePointer<egg_logger>, egg_level) -> egg_status = {
      host, face, level in
      let unit = HostFunctions.unit(host)
      guard unit.worker.isOnLoop else {
        return HostFunctions.missing(unit, egg_call(), "set_level")
      }
      guard (egg_level(EGG_LOG_DEBUG)...egg_level(EGG_LOG_NONE)).contains(level),
        let logger = logger(unit.worker.log, face)
      else { return Status.argument }
      logger.fileLevel = level
      if logger.usesConsole { logger.consoleLevel = level }
      return Status.ok
    }

  private static let reload: @convention(c) (HostTable) -> egg_status = { host in
    let unit = HostFunctions.unit(host)
    guard unit.worker.isOnLoop else { return HostFunctions.missing(unit, egg_call(), "reload") }
    unit.worker.log.reload()
    return Status.ok
  }
}

/// A line from another thread, on its way to the loop. Its fields are part of the text already.
final class OffThreadLine {
  private let unit: Unit
  private let face: UnsafePointer<egg_logger>
  private let level: egg_level
  private let text: ByteBuffer

  private init(
    _ unit: Unit, _ face: UnsafePointer<egg_logger>, _ level: egg_level, _ text: ByteBuffer
  ) {
    self.unit = unit
    self.face = face
    self.level = level
    self.text = text
  }

  static func post(
    _ unit: Unit, _ face: UnsafePointer<egg_logger>, _ level: egg_level, _ message: egg_str,
    _ fields: UnsafePointer<egg_value>?
  ) {
    let text = ByteBuffer(capacity: message.len + 1)
    text.append(message.bytes)
    if let fields, fields.pointee.kind == Kind.map, let pairs = fields.pointee.as.pairs {
      for index in 0..<Int(fields.pointee.count) {
        text.append(" ")
        text.append(pairs[index].key.bytes)
        text.append("=")
        LogText.append(pairs[index].value, to: text)
      }
    }
    let line = OffThreadLine(unit, face, level, text)
    unit.worker.loop.mailbox.post(
      { state in
        let line = Unmanaged<OffThreadLine>.fromOpaque(state!).takeRetainedValue()
        let log = line.unit.worker.log
        let place = Int(clamping: line.face.pointee.id)
        guard log.all.indices.contains(place) else { return }
        log.write(log.all[place], line.level, line.text.bytes)
      }, Unmanaged.passRetained(line).toOpaque())
  }
}
