import PluginABI

/// `app.on` and `app.emit`: listeners by event name, called in the order in which they were added.
final class Events {
  struct Listener {
    unowned(unsafe) let unit: Unit
    let heard: @convention(c) (UnsafeMutableRawPointer?, egg_call, UnsafePointer<egg_value>) -> Void
    let state: UnsafeMutableRawPointer?
  }

  private var listeners: [String: [Listener]] = [:]
  /// The two events of every request are asked for before anything is made for them.
  private(set) var hasRequestListeners = false
  private(set) var hasResponseListeners = false

  func add(_ event: String, _ listener: Listener) {
    listeners[event, default: []].append(listener)
    if event == "request" { hasRequestListeners = true }
    if event == "response" { hasResponseListeners = true }
  }

  func has(_ event: String) -> Bool { listeners[event] != nil }

  /// Calls the listeners with a call to look at: it can read and set, but not be settled.
  func emit(_ event: String, on context: Context?, _ value: egg_value = egg_value()) {
    guard let list = listeners[event] else { return }
    guard let context else {
      emit(list, egg_call(), value)
      return
    }
    context.lending { emit(list, $0, value) }
  }

  func emit(_ event: String, call: egg_call, _ value: egg_value) {
    guard let list = listeners[event] else { return }
    emit(list, call, value)
  }

  private func emit(_ list: [Listener], _ call: egg_call, _ value: egg_value) {
    var value = value
    for listener in list { listener.heard(listener.state, call, &value) }
  }
}
