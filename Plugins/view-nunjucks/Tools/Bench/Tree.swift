import Nunjucks

/// Builds a C tree out of owned values; never freed, as the benchmark needs it to the end.
func tree(_ value: TemplateValue) -> TreeNode {
  switch value {
  case .undefined: return TreeNode(kind: TreeNode.undefined)
  case .null: return TreeNode(kind: TreeNode.null)
  case .bool(let bool): return TreeNode(kind: TreeNode.boolean, bits: bool ? 1 : 0)
  case .number(let number):
    if let integer = Int64(exactly: number) {
      return TreeNode(kind: TreeNode.integer, bits: UInt64(bitPattern: integer))
    }
    return TreeNode(kind: TreeNode.double, bits: number.bitPattern)
  case .list(let list):
    let items = UnsafeMutablePointer<TreeNode>.allocate(capacity: max(1, list.items.count))
    for (index, item) in list.items.enumerated() { (items + index).initialize(to: tree(item)) }
    return TreeNode(
      kind: TreeNode.list, count: UInt32(list.items.count), bits: UInt64(UInt(bitPattern: items)))
  case .map(let map):
    let pairs = UnsafeMutablePointer<TreeEntry>.allocate(capacity: max(1, map.count))
    for (index, entry) in map.entries.enumerated() {
      let (key, count) = copy(entry.0)
      (pairs + index).initialize(
        to: TreeEntry(key: key, keyCount: count, value: tree(entry.1)))
    }
    return TreeNode(
      kind: TreeNode.map, count: UInt32(map.count), bits: UInt64(UInt(bitPattern: pairs)))
  default:
    let (bytes, count) = copy(value.textView?.string ?? "")
    return TreeNode(
      kind: TreeNode.string, count: UInt32(count), bits: UInt64(UInt(bitPattern: bytes)))
  }
}

func copy(_ string: String) -> (UnsafePointer<UInt8>, Int) {
  let bytes = Array(string.utf8)
  let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, bytes.count))
  memory.initialize(from: bytes, count: bytes.count)
  return (UnsafePointer(memory), bytes.count)
}
