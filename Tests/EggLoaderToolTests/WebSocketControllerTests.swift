import Testing

@testable import EggLoaderTool

@Suite("WebSocket controllers") struct WebSocketControllerTests {
  @Test func `a WebSocket controller has the action connect, whatever its methods are`() throws {
    let reader = read([
      "app/controller/chat/room.swift": """
      class Base: WebSocketController { func helper(_ x: Int) {} }
      final class RoomSocket: Base {
        override func message(_ text: String) async throws {}
        func other(_ x: Int) {}
      }
      """
    ])
    // Both derive from WebSocketController, and one file has one controller.
    #expect(reader.mistakes.count == 1)
    let one = read([
      "app/core/base.swift": "class Base: WebSocketController { func helper(_ x: Int) {} }",
      "app/controller/chat/room.swift": """

      final class RoomSocket: Base {
        override func message(_ text: String) async throws {}
        func other(_ x: Int) {}
      }
      """,
    ])
    #expect(one.mistakes.isEmpty)
    let unit = UnitDescription(kind: .application, name: "chat")
    let text = RegistryWriter.write(one.model, unit)
    #expect(
      text.contains(
        """
        #sourceLocation(file: "/unit/app/controller/chat/room.swift", line: 2)
          var connect: Action { Action("chat.room.connect", socket: RoomSocket.self) }
        """))
  }
}
