/// What a value that goes leaves behind, let go level by level.
///
/// A template can put a list into a list as often as it may loop. Releasing the outermost would
/// release the next from inside of that, and so on, until the stack ends. So whoever holds values
/// hands them over here when it goes.
struct Remains {
  // By kind, because only a variable of the class itself can be asked whether it is the last one.
  private var lists: [TemplateList] = []
  private var maps: [TemplateMap] = []
  private var objects: [TemplateObject] = []

  /// Lets go of what a holder surrenders, and of all that nobody else holds below it.
  @inline(never)
  static func release(_ surrender: (inout Remains) -> Void) {
    var remains = Remains()
    surrender(&remains)
    while true {
      if var list = remains.lists.popLast() {
        if isKnownUniquelyReferenced(&list) { list.surrender(to: &remains) }
      } else if var map = remains.maps.popLast() {
        if isKnownUniquelyReferenced(&map) { map.surrender(to: &remains) }
      } else if var object = remains.objects.popLast() {
        if isKnownUniquelyReferenced(&object) { object.surrender(to: &remains) }
      } else {
        return
      }
    }
  }

  mutating func take(_ value: inout Value) {
    switch value {
    case .list(let list): lists.append(list)
    case .map(let map): maps.append(map)
    case .object(let object): objects.append(object)
    default: return
    }
    value = .undefined
  }

  mutating func take(_ values: inout [Value]) {
    for value in values {
      var value = value
      take(&value)
    }
    values = []
  }

  mutating func take(_ object: inout TemplateObject?) {
    if let object { objects.append(object) }
    object = nil
  }
}

extension TemplateValue {
  /// Whether other values may hang on this one.
  @inline(__always)
  var holdsOthers: Bool {
    switch self {
    case .list, .map, .object: true
    default: false
    }
  }
}
