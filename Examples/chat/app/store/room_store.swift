import Egg
import EggRedis

/// Which rooms there are. Who is in them is known to `app.io`.
protocol RoomStore {
  func has(_ name: String) async throws -> Bool
  /// In the order of the alphabet.
  func names() async throws -> [String]
  /// Makes a room; one that is there stays as it is.
  ///
  /// - Returns: false when the name is none.
  func open(_ name: String) async throws -> Bool
}

let roomNameLimit = 24

/// Letters, digits, `-` and `_`, as the name is part of a key and of an address.
func isRoomName(_ name: String) -> Bool {
  !name.isEmpty && name.utf8.count <= roomNameLimit
    && name.utf8.allSatisfy {
      switch $0 {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
        true
      default: false
      }
    }
}

/// The room's name in the store, and for `socket.join`. No client's id has a colon, so nobody can open a
/// room that gets the messages of somebody else.
func roomKey(_ name: String) -> String { "room:\(name)" }

/// In the memory of this process: they are gone with it, and another process has others.
final class MemoryRoomStore: RoomStore {
  private var rooms: Set<String> = []

  func has(_ name: String) async throws -> Bool { rooms.contains(name) }
  func names() async throws -> [String] { rooms.sorted() }
  func open(_ name: String) async throws -> Bool {
    guard isRoomName(name) else { return false }
    rooms.insert(name)
    return true
  }
}

/// In Redis: a key `room:demo` for each, as other programs may make and delete them, and the set `rooms`.
struct RedisRoomStore: RoomStore {
  let app: Application

  func has(_ name: String) async throws -> Bool {
    guard isRoomName(name) else { return false }
    return try await app.redis.exists(roomKey(name)) == 1
  }
  func names() async throws -> [String] {
    var names: [String] = []
    for name in try await app.redis.smembers("rooms").sorted() where try await has(name) {
      names.append(name)
    }
    return names
  }
  func open(_ name: String) async throws -> Bool {
    guard isRoomName(name) else { return false }
    try await app.redis.set(roomKey(name), Timestamp.now.milliseconds)
    _ = try await app.redis.sadd("rooms", name)
    return true
  }
}

extension Application {
  private enum RoomStoreKey: StorageKey { typealias Value = any RoomStore }

  /// The one that `config.chat.store` names.
  var roomStore: any RoomStore {
    if let store = self[RoomStoreKey.self] { return store }
    let store: any RoomStore =
      config.chat.store.string == "redis" ? RedisRoomStore(app: self) : MemoryRoomStore()
    self[RoomStoreKey.self] = store
    return store
  }
}
