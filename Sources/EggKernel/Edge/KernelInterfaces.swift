import Glibc
import PluginABI

/// The optional interfaces of the kernel, by id. The tables are the same for every unit.
package enum KernelInterfaces {
  /// `egg.crypto/1`, for the test kit, which has none of its own.
  package static var cryptography: UnsafeRawPointer { crypto }

  static let ids: Set<String> = [
    EGG_HTTP_ID, EGG_ROUTER_ID, EGG_LOOP_ID, EGG_UPGRADE_ID, EGG_APP_ID, EGG_CRYPTO_ID,
    EGG_ERRORS_ID,
    EGG_LOG_ID,
    EGG_MESSENGER_ID,
    EGG_MESSENGER_ID, EGG_PROCESS_ID,
    EGG_LOG_ID, EGG_MESSENGER_ID, EGG_PROCESS_ID,
  ]

  static func find(_ id: UnsafePointer<CChar>) -> UnsafeRawPointer? {
    if strcmp(id, EGG_HTTP_ID) == 0 { return http }
    if strcmp(id, EGG_ROUTER_ID) == 0 { return router }
    if strcmp(id, EGG_LOOP_ID) == 0 { return loop }
    if strcmp(id, EGG_UPGRADE_ID) == 0 { return upgrade }
    if strcmp(id, EGG_APP_ID) == 0 { return app }
    if strcmp(id, EGG_CRYPTO_ID) == 0 { return crypto }
    if strcmp(id, EGG_ERRORS_ID) == 0 { return errors }
    if strcmp(id, EGG_LOG_ID) == 0 { return log }
    if strcmp(id, EGG_MESSENGER_ID) == 0 { return messenger }
    if strcmp(id, EGG_PROCESS_ID) == 0 { return process }
    return nil
  }

  private nonisolated(unsafe) static let http = permanent(HTTPFunctions.table)
  private nonisolated(unsafe) static let router = permanent(RouterFunctions.table)
  private nonisolated(unsafe) static let loop = permanent(LoopFunctions.table)
  private nonisolated(unsafe) static let upgrade = permanent(UpgradeFunctions.table)
  private nonisolated(unsafe) static let app = permanent(AppFunctions.table)
  private nonisolated(unsafe) static let crypto = permanent(CryptoFunctions.table)
  private nonisolated(unsafe) static let errors = permanent(ErrorFunctions.table)
  private nonisolated(unsafe) static let log = permanent(LogFunctions.table)
  private nonisolated(unsafe) static let messenger = permanent(MessengerFunctions.table)
  private nonisolated(unsafe) static let process = permanent(ProcessFunctions.table)

  private static func permanent<T>(_ table: T) -> UnsafeRawPointer {
    let place = UnsafeMutablePointer<T>.allocate(capacity: 1)
    place.initialize(to: table)
    return UnsafeRawPointer(place)
  }
}
