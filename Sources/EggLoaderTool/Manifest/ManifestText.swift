/// The manifest of a unit: its description and what was found in its folders, as compact JSON.
func manifestText(_ unit: UnitDescription, _ model: UnitModel) -> String {
  var text = "{\"egg\":1,\"id\":\(jsonString(unit.name)),\"kind\":\"\(unit.kind.rawValue)\""
  text += ",\"version\":\(jsonString(unit.version)),\"abi\":{\"major\":1,\"min\":0}"
  text += ",\"needs\":\(jsonList(sdkNeeds + unit.needs.filter { !sdkNeeds.contains($0) }))"
  for member in unit.others {
    text += ",\(jsonString(member.key)):"
    member.value.write(into: &text)
  }
  var lists: [String] = []
  var targets = UnitDescription.targets
  for (target, _) in unit.provides where !targets.contains(target) { targets.append(target) }
  for target in targets {
    var names = unit.provides.filter { $0.target == target }.flatMap(\.names)
    if target == "middleware" {
      names += model.middleware.map { $0.path.joined(separator: ".") }
    } else {
      names += model.members.filter { $0.target.lowercased() == target }.map(\.name)
    }
    var unique: [String] = []
    for name in names where !unique.contains(name) { unique.append(name) }
    if !unique.isEmpty { lists.append("\"\(target)\":\(jsonList(unique))") }
  }
  text += ",\"provides\":{\(lists.joined(separator: ","))}"
  text += ",\"directories\":\(jsonList(unit.directories))}"
  return text
}

/// The interfaces without which the SDK does not start a unit.
private let sdkNeeds = ["egg.http/1", "egg.router/1", "egg.loop/1", "egg.app/1"]

private func jsonList(_ texts: [String]) -> String {
  "[\(texts.map(jsonString).joined(separator: ","))]"
}
