import Egg

final class ChatBoot: Boot {
  /// The rooms of the configuration are open before the first guest comes.
  override func willReady() async throws {
    for name in app.config.chat.rooms.array ?? [] {
      guard let name = name.string, try await app.roomStore.open(name) else {
        throw EggError(
          "config.chat.rooms: expected 1 to \(roomNameLimit) letters, digits, - or _, found \(name)"
        )
      }
    }
  }
}
