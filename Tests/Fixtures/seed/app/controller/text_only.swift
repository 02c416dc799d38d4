import Egg

final class TextOnlySocket: WebSocketController {
  override func message(_ text: String) async throws { try await socket.send(text) }
}
