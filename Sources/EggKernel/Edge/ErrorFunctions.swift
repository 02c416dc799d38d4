import PluginABI

/// `egg.errors/1`.
enum ErrorFunctions {
  static var table: egg_errors {
    egg_errors(size: UInt32(MemoryLayout<egg_errors>.size), flags: 0, answer_with: answerWith)
  }

  private static let answerWith:
    @convention(c) (HostTable, UnsafePointer<egg_error_answerer>) -> egg_status = {
      host, answerer in
      let unit = HostFunctions.unit(host)
      guard unit.worker.isOnLoop else {
        return HostFunctions.missing(unit, egg_call(), "answer_with")
      }
      guard !unit.worker.isBooted else { return Status.phase }
      guard let table = adopt(answerer, as: egg_error_answerer.self) else {
        return Status.unsupported
      }
      guard table.answer != nil else { return Status.argument }
      unit.worker.errorAnswerers.add(ErrorAnswerers.Answerer(unit: unit, table: table))
      return Status.ok
    }
}
