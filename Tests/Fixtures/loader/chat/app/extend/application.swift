import Egg

extension Application {
  func warm(_ key: String) async throws -> Packet { Packet(action: key) }
}
