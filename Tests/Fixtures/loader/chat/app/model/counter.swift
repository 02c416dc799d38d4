import Egg

final class Counter: ExportedObject {
  let objectType = "chat.counter/1"
}
