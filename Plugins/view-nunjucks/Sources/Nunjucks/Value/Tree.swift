/// One node of the C value tree: 16 bytes, read where it lies.
///
/// `count` is bytes, values or pairs, according to `kind`; `bits` holds the boolean, the integer,
/// the double or the pointer. The layout is that of the kernel's `egg_value`, so a pointer to one
/// may be rebound to `TreeNode` and handed to ``TemplateValue/init(tree:adapter:)``.
public struct TreeNode {
  public var kind: UInt8
  public var flags: UInt8
  public var reserved: UInt16
  public var count: UInt32
  public var bits: UInt64

  public init(kind: UInt8, flags: UInt8 = 0, count: UInt32 = 0, bits: UInt64 = 0) {
    self.kind = kind
    self.flags = flags
    reserved = 0
    self.count = count
    self.bits = bits
  }

  public static let undefined: UInt8 = 0
  public static let null: UInt8 = 1
  public static let boolean: UInt8 = 2
  public static let integer: UInt8 = 3
  public static let double: UInt8 = 4
  public static let string: UInt8 = 5
  public static let bytes: UInt8 = 6
  public static let list: UInt8 = 7
  public static let map: UInt8 = 8
  public static let object: UInt8 = 9
  public static let time: UInt8 = 10

  /// In `flags`: the string is markup and is not escaped again.
  public static let safe: UInt8 = 1
}

/// One pair of a C map: a key that need not end in zero, and its value; 32 bytes.
public struct TreeEntry {
  public var key: UnsafePointer<UInt8>?
  public var keyCount: Int
  public var value: TreeNode

  public init(key: UnsafePointer<UInt8>?, keyCount: Int, value: TreeNode) {
    self.key = key
    self.keyCount = keyCount
    self.value = value
  }

  @inline(__always) var name: TextView {
    TextView(key ?? emptyBytes, count: key == nil ? 0 : keyCount)
  }
}

/// Somewhere for an empty view to point to.
@inline(__always)
var emptyBytes: UnsafePointer<UInt8> { ("" as StaticString).utf8Start }

/// Turns the object pointers of a tree (kind 9) into something templates can use.
///
/// A template engine knows no C tables; whoever hands over a tree with objects in it registers one
/// of these with the render. Without one an object prints as `[object Object]` and has no members.
public typealias TreeAdapter = (UnsafeRawPointer) -> TemplateObject

extension TemplateValue {
  /// The value of a tree node, borrowed: nothing is copied but the 16 bytes of the node itself.
  ///
  /// The tree must stay as it is until the render has ended.
  @inline(__always)
  init(_ node: UnsafePointer<TreeNode>, _ adapter: TreeAdapter?) {
    let bits = node.pointee.bits
    switch node.pointee.kind {
    case TreeNode.string, TreeNode.bytes:
      if let base = UnsafePointer<UInt8>(bitPattern: UInt(truncatingIfNeeded: bits)) {
        self = .view(
          TextView(base: base, length: node.pointee.count, flags: node.pointee.flags & 1))
      } else {
        self = .view(TextView(base: emptyBytes, length: 0, flags: node.pointee.flags & 1))
      }
    case TreeNode.integer:
      let integer = Int64(bitPattern: bits)
      if integer.magnitude <= 1 << 53 {
        self = .number(Double(integer))
      } else {
        self = .integer(integer)
      }
    case TreeNode.double: self = .number(Double(bitPattern: bits))
    case TreeNode.map:
      let base = UnsafePointer<TreeEntry>(bitPattern: UInt(truncatingIfNeeded: bits))
      self = base.map { .treeMap($0, node.pointee.count) } ?? .treeMap(emptyEntries, 0)
    case TreeNode.list:
      let base = UnsafePointer<TreeNode>(bitPattern: UInt(truncatingIfNeeded: bits))
      self = base.map { .treeList($0, node.pointee.count) } ?? .treeList(emptyNodes, 0)
    case TreeNode.boolean: self = .bool(bits & 0xFF != 0)
    case TreeNode.null: self = .null
    case TreeNode.object:
      if let pointer = UnsafeRawPointer(bitPattern: UInt(truncatingIfNeeded: bits)) {
        self = .object(adapter?(pointer) ?? TemplateObject())
      } else {
        self = .null
      }
    case TreeNode.time: self = .object(TemplateTime(milliseconds: Int64(bitPattern: bits)))
    default: self = .undefined
    }
  }

  /// A borrowed tree as the value (usually the locals) of a render.
  ///
  /// - Parameters:
  ///   - tree: the root; it and all it points to must outlive the render, unchanged.
  ///   - adapter: makes objects of kind 9 usable; nil if there are none.
  public init(tree: UnsafePointer<TreeNode>, adapter: TreeAdapter? = nil) {
    self.init(tree, adapter)
  }
}

nonisolated(unsafe) let emptyEntries: UnsafePointer<TreeEntry> = {
  let entry = UnsafeMutablePointer<TreeEntry>.allocate(capacity: 1)
  entry.initialize(to: TreeEntry(key: nil, keyCount: 0, value: TreeNode(kind: 0)))
  return UnsafePointer(entry)
}()

nonisolated(unsafe) let emptyNodes: UnsafePointer<TreeNode> = {
  let node = UnsafeMutablePointer<TreeNode>.allocate(capacity: 1)
  node.initialize(to: TreeNode(kind: 0))
  return UnsafePointer(node)
}()
